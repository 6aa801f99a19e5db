"""What pages change: cameras, and what is said of events."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import unquote

from streamer.config.secrecy import MASK
from streamer.config.settings import DEFAULT
from streamer.errors import ConfigError
from streamer.fleet.desk import CANDIDATE
from streamer.pages.draft import PATHS, Draft, by_field
from streamer.pages.looking import Look, told

if TYPE_CHECKING:
    from streamer.fleet.desk import Desk

DOTS: Final = "•••"
"""What people see in place of a secret in an address."""
LOGIN: Final = re.compile(r"(?P<scheme>(?:rtsps?|https?)://)(?P<login>[^/?#]*)@(?P<rest>.*)", re.I | re.S)


class Labels(Protocol):
    async def label(self, event_id: str, label: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What can be set of a camera, as it is now.

    Attributes:
        draft: the form of it, without secrets.
        version: another one after each change.
        has_password: whether one is kept.
        origins: where the value of a field comes from, in words; not of what was set on these pages.
        detectors: those that it may have, each with its model.
    """

    draft: Draft
    version: str
    has_password: bool
    origins: Mapping[str, str]
    detectors: Mapping[str, str]


class Changes:
    """Takes what a person wants to be otherwise; see `CameraDesk`, `SettingsDesk` and `EventDesk`."""

    def __init__(self, desk: Desk, labels: Labels) -> None:
        self._desk = desk
        self._labels = labels

    async def add(self, name: str, address: str, username: str, password: str) -> None:
        """A camera that runs from now on; StreamerError says what is wrong."""
        await self._desk.add(name.strip(), _options(address, username, password))

    async def probe(self, address: str, username: str, password: str) -> Look:
        """What an address shows, or why it shows nothing."""
        return await self._look(lambda: _options(address, username, password))

    async def _look(self, options: Callable[[], Mapping[str, Any]]) -> Look:
        try:
            return told(await self._desk.look(options()))
        except ConfigError as error:
            return Look(False, "\n".join(by_field(str(error), CANDIDATE).values()))

    def settings(self, camera: str) -> CameraSettings:
        """What can be set of a camera; UnknownCamera where there is none of this name."""
        found = self._desk.options(camera)
        draft = Draft.of(_for_people(found.values))
        origins = {field: self._origin(camera, path) for field, path in PATHS.items()}
        return CameraSettings(draft, found.version, "password" in found.values, origins, self._desk.detectors)

    def _origin(self, camera: str, path: tuple[str, ...]) -> str:
        origin = self._desk.origin(camera, *path)
        if origin is None:
            return ""
        return "default" if origin == DEFAULT else f"from {origin}"

    def named_in(self, camera: str) -> str | None:
        """The place in the configuration file that names a camera; None of one that was added since."""
        return self._desk.named_in(camera)

    async def change(self, camera: str, before: Draft, now: Draft, version: str) -> None:
        """Make of a camera what was typed.

        Args:
            camera: its name.
            before: what the form began with.
            now: what stands in it.
            version: of what it began with.

        Raises:
            Stale: somebody else changed the camera since.
            StreamerError, DetectorError: something is wrong; see `by_field`.
        """
        patch = now.patch(before)
        if "source" in patch:
            patch["source"] = self._revealed(camera, patch["source"])
        await self._desk.change(camera, patch, version)

    async def look_at(self, camera: str, address: str, draft: Draft) -> Look:
        """What an address of a camera that is being changed shows; what is kept of its login counts."""
        login = self._desk.login(camera)
        if draft.username.strip() != login.get("username", ""):
            login["username"] = draft.username.strip()
        if draft.password:
            login["password"] = draft.password
        if not login.get("username"):
            login = {}
        return await self._look(lambda: {"source": self._revealed(camera, address.strip()), **login})

    def _revealed(self, camera: str, source: Any) -> Any:
        """An address, or several, with the secrets that dots stand for."""
        if isinstance(source, Mapping):
            return {stream: self._revealed(camera, each) for stream, each in source.items()}
        address = self._desk.revealed(camera, source.replace(DOTS, MASK))
        if MASK in address:
            raise ConfigError(
                f"source: the dots {DOTS} stand for what only the old address is told: type the address anew"
            )
        return address

    async def remove(self, camera: str) -> None:
        """A camera goes, its events stay; UnknownCamera where there is none."""
        await self._desk.remove(camera)

    async def label(self, event_id: str, label: str) -> bool:
        """Keeps what an object is; False when there is no such event."""
        return await self._labels.label(event_id, label)


def _options(address: str, username: str, password: str) -> dict[str, Any]:
    """A login within the address is kept beside it, where it can be changed without the address."""
    source = address.strip()
    within = LOGIN.fullmatch(source)
    if within is not None and not username and not password:
        source = within["scheme"] + within["rest"]
        username, _, password = map(unquote, within["login"].partition(":"))
    login = {"username": username, "password": password} if username or password else {}
    return {"source": source, **login}


def _for_people(options: Mapping[str, Any]) -> dict[str, Any]:
    source = options["source"]
    shown: Any = (
        {stream: each.replace(MASK, DOTS) for stream, each in source.items()}
        if isinstance(source, Mapping)
        else source.replace(MASK, DOTS)
    )
    return {**options, "source": shown}
