"""Where cameras are added, changed and removed: each change is checked whole, kept, and then made."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio import to_thread

from streamer.capture.probe import probe
from streamer.config.secrecy import MASK, revealed, without_secrets
from streamer.config.show import settled
from streamer.config.tree import CameraConfig
from streamer.errors import ConfigError, StreamerError, UnknownCamera

if TYPE_CHECKING:
    from streamer.capture.probe import Probed
    from streamer.config.settings import Settings
    from streamer.config.show import Shown
    from streamer.fleet.fleet import Fleet

log = logging.getLogger(__name__)

PROBE_S: Final = 0.5
CANDIDATE: Final = "candidate"
"""The name of a camera that is only looked at."""
MOST_LEVELS: Final = 20
"""Of sections within sections; a camera has five."""
SURROGATE: Final = re.compile("[\ud800-\udfff]")
"""JSON can say one alone, and no file and no page can show it."""
HIDDEN_PASSWORD: Final = "**********"
"""As pydantic shows it."""


class AlreadyThere(StreamerError):
    """A camera of this name is configured."""


class Stale(StreamerError):
    """Somebody else changed the camera in between."""


@dataclass(frozen=True, slots=True)
class Options:
    """A camera's options, as they may be shown.

    Attributes:
        values: plain values, without secrets.
        version: another one after each change.
    """

    values: Mapping[str, Any]
    version: str


class Desk:
    """Changes what is configured while the service runs."""

    def __init__(self, settings: Settings, fleet: Fleet) -> None:
        self._settings = settings
        self._fleet = fleet
        self._one_at_a_time = anyio.Lock()

    def options(self, camera: str) -> Options:
        """What is configured of a camera; UnknownCamera where there is none of this name."""
        config = self._known(camera)
        values = config.model_dump(mode="json", by_alias=True, exclude_none=True)
        return Options(without_secrets(values), self._settings.version(camera))

    async def configured(self, *, defaults: bool) -> tuple[Shown, ...]:
        """Every value that is configured, without secrets; ``defaults``: also what nobody has said."""
        async with self._one_at_a_time:
            return tuple(settled(self._settings, defaults=defaults))

    async def add(self, camera: str, options: Mapping[str, Any]) -> None:
        """A new camera.

        Raises:
            AlreadyThere: there is one of this name.
            ConfigError: something is wrong with its options; one line per error.
        """
        async with self._one_at_a_time:
            if camera in self._settings.config.cameras:
                raise AlreadyThere(f"there is a camera {camera} already")
            await self._make({camera: dict(options)})

    async def change(self, camera: str, patch: Mapping[str, Any], version: str | None = None) -> None:
        """Other options of a camera.

        Args:
            camera: its name.
            patch: what changes; null takes an option away (RFC 7396).
            version: that was looked at; whichever unless said.

        Raises:
            UnknownCamera: there is none of this name.
            Stale: it has another version by now.
            ConfigError: something is wrong with the options; one line per error.
        """
        async with self._one_at_a_time:
            self._require(camera, version)
            await self._make({camera: dict(patch)})

    async def remove(self, camera: str, version: str | None = None) -> None:
        """A camera goes, and what is parked there ends; its events stay. Errors as for ``change``."""
        async with self._one_at_a_time:
            self._require(camera, version)
            await self._make({camera: None})

    def origin(self, camera: str, *path: str) -> str | None:
        """Where a value of a camera is said, see `Settings.origin`; None of one that was changed."""
        whole = ("cameras", camera, *path)
        return None if self._settings.is_changed(whole) else self._settings.origin(whole)

    def named_in(self, camera: str) -> str | None:
        """Where a camera is said, see `Settings.named_in`."""
        return self._settings.named_in(camera)

    @property
    def detectors(self) -> Mapping[str, str]:
        """The detectors that a camera may have, each with its model."""
        return {name: detector.model for name, detector in self._settings.config.detectors.items()}

    def revealed(self, camera: str, address: str) -> str:
        """An address with what its masks stand for, where the camera has it of the same machine."""
        source = self._known(camera).source
        for known in [source] if isinstance(source, str) else [source.main, source.sub]:
            address = revealed(address, known)
        return address

    def login(self, camera: str) -> dict[str, str]:
        """The username and the password of a camera, as far as it has them: secret, to be passed on only."""
        config = self._known(camera)
        password = None if config.password is None else config.password.get_secret_value()
        said = {"username": config.username, "password": password}
        return {name: value for name, value in said.items() if value is not None}

    async def look(self, options: Mapping[str, Any]) -> Probed:
        """What a camera with such options sends now, or why it does not; ConfigError as for ``add``."""
        _require_fit(options)
        plan = await to_thread.run_sync(self._settings.plan, {"cameras": {CANDIDATE: dict(options)}})
        return await probe(CANDIDATE, plan.config.cameras[CANDIDATE], PROBE_S)

    async def _make(self, cameras: Mapping[str, Any]) -> None:
        for options in cameras.values():
            _require_fit(options or {})
        plan = await to_thread.run_sync(self._settings.plan, {"cameras": cameras})
        await self._fleet.require(plan.config)
        await to_thread.run_sync(self._settings.keep, plan)
        with anyio.CancelScope(shield=True):
            # Whoever asked for it may be gone by now.
            await self._fleet.apply(plan.config)

    def _known(self, camera: str) -> CameraConfig:
        cameras = self._settings.config.cameras
        if camera not in cameras:
            raise UnknownCamera(f"expected one of {', '.join(sorted(cameras)) or 'none: there is no camera'}")
        return cameras[camera]

    def _require(self, camera: str, version: str | None) -> None:
        self._known(camera)
        if version is not None and version != self._settings.version(camera):
            raise Stale(f"{camera} was changed in between: look at it again")


def _require_fit(options: Mapping[str, Any]) -> None:
    """What can be kept, and is no secret's stand-in; ConfigError for anything else."""
    level: list[Any] = [options]
    for _ in range(MOST_LEVELS):
        if any(isinstance(each, str) and SURROGATE.search(each) for each in level):
            raise ConfigError("expected text, received half of a character in it")
        level = [below for each in level for below in _within(each)]
    if level:
        raise ConfigError(f"expected at most {MOST_LEVELS} values within each other, received more")
    _require_no_mask(options)


def _within(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return (*value.keys(), *value.values())
    return value if isinstance(value, list | tuple) else ()


def _require_no_mask(options: Mapping[str, Any]) -> None:
    """What is shown in place of a secret is not taken for one."""
    source = options.get("source")
    addresses = source.values() if isinstance(source, Mapping) else [source]
    if any(isinstance(each, str) and MASK in each for each in addresses):
        raise ConfigError("source: expected an address as it is, received one with hidden parts")
    if options.get("password") == HIDDEN_PASSWORD:
        raise ConfigError("password: expected the password itself, received a hidden one")
