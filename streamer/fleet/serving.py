"""Lets that version of a model run that serves: once another is promoted, it takes its place."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic

import anyio
from anyio import to_thread

from detectors.errors import DetectorError, InferenceError, ModelLoadError
from detectors.store import ModelStore, catalogue
from streamer.batching.runner import AnyEngine, Runner

if TYPE_CHECKING:
    from pathlib import Path

    from streamer.status import Status

log = logging.getLogger(__name__)

POLL_S: Final = 0.5
"""How often is looked which version serves."""
PATIENCE_S: Final = 120.0
"""A model that has not loaded and warmed up by then never will."""


@dataclass(slots=True, eq=False)
class Watched(Generic[AnyEngine]):
    """A model of the store that runs.

    Attributes:
        runner: where.
        name: of the model.
        running: the version that runs.
        load: loads ``NAME@VERSION``.
        failed: the version that was tried last, and did not start; None once that is of no concern.
    """

    runner: Runner[AnyEngine, Any]
    name: str
    running: str
    load: Callable[[str], AnyEngine]
    failed: str | None = None


class Serving:
    """Follows the pointers of the store. A version that does not start leaves the one in place that runs."""

    def __init__(self, models: Path, status: Status) -> None:
        """
        Args:
            models: folder of the store.
            status: is told of versions that do not start.
        """
        self._store = ModelStore(models)
        self._status = status
        self._watched: list[Watched[Any]] = []

    def watch(
        self, runner: Runner[AnyEngine, Any], model: str, exact: str, load: Callable[[str], AnyEngine]
    ) -> None:
        """Follow a model that runs.

        Args:
            runner: where it runs.
            model: as the configuration calls it; a file, a built-in model or a fixed version never changes.
            exact: what was loaded for it, see `pinned`.
            load: loads another version of it.
        """
        if exact != model:
            self._watched.append(Watched(runner, model, exact.partition("@")[2], load))

    async def run(self) -> None:
        """Follow them until cancelled."""
        while True:
            await anyio.sleep(POLL_S)
            for each in [*self._watched]:
                await self._follow(each)

    async def _follow(self, each: Watched[Any]) -> None:
        try:
            version = await to_thread.run_sync(self._store.serving, each.name)
        except ModelLoadError as error:
            self._stays(each, "?", error)
            return
        if version in (None, each.running):
            self._well(each)
        elif version != each.failed:
            await self._swap(each, str(version))

    async def _swap(self, each: Watched[Any], version: str) -> None:
        try:
            with anyio.fail_after(PATIENCE_S):
                model = await to_thread.run_sync(
                    partial(_warm, each.load, f"{each.name}@{version}"), abandon_on_cancel=True
                )
        except TimeoutError:
            self._stays(each, version, InferenceError(f"it did not start within {PATIENCE_S:.0f} s"))
        except DetectorError as error:
            self._stays(each, version, error)
        except Exception as error:  # whatever a new model does, the old one runs on
            log.exception("%s@%s", each.name, version)
            self._stays(each, version, error)
        else:
            each.runner.swap(model)
            log.info("%s %s: version %s runs now", each.runner.what, each.name, version)
            each.running = version
            self._well(each)

    def _stays(self, each: Watched[Any], version: str, error: Exception) -> None:
        reason = f"version {version} does not start, {each.running} runs on: {error}"
        if each.failed != version:
            log.error("%s %s: %s", each.runner.what, each.name, reason)
        each.failed = version
        self._status.degraded(_part(each), reason)

    def _well(self, each: Watched[Any]) -> None:
        if each.failed is not None:
            each.failed = None
            self._status.degraded(_part(each), None)


def pinned(model: str, models: Path) -> str:
    """A model of the store by the version that serves now, ``NAME@VERSION``; whatever else as it is."""
    store = ModelStore(models)
    if "@" in model or model in catalogue() or not store.versions(model):
        return model
    version = store.serving(model)
    return model if version is None else f"{model}@{version}"


def _warm(load: Callable[[str], AnyEngine], exact: str) -> AnyEngine:
    model = load(exact)
    model.warm_up()
    return model


def _part(each: Watched[Any]) -> str:
    return f"{each.runner.what} {each.name}"
