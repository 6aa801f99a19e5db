"""All browsers that send: one for each camera that waits for one, opened and ended."""

from __future__ import annotations

import logging
import time
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import anyio

from streamer.errors import UnknownCamera
from streamer.webrtc.ice import Peer, Ports, configuration_of
from streamer.webrtc.publish_offer import PublishOffer
from streamer.webrtc.publisher import Publisher
from streamer.webrtc.refusals import NotSentTo, Occupied, UnknownSession

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anyio.abc import TaskGroup, TaskStatus
    from av import VideoFrame

    from streamer.capture.intake import Intake
    from streamer.capture.state import DropReason
    from streamer.config.tree import WebRtcConfig
    from streamer.webrtc.guest import Guest
    from streamer.webrtc.link import Link

log = logging.getLogger(__name__)

SILENT_S: Final = 2.0
"""A browser that sent nothing for so long gives way to another: it may be the same one, loaded anew, or back
in its network."""


class Reached(Protocol):
    """A camera, which may wait for a browser."""

    @property
    def intake(self) -> Intake | None: ...


class PictureObserver(Protocol):
    def received(self, camera: str) -> None: ...

    def dropped(self, camera: str, reason: DropReason) -> None: ...


class Publishers:
    """The browsers of all cameras that wait for one."""

    def __init__(
        self,
        cameras: Mapping[str, Reached],
        observer: PictureObserver,
        config: WebRtcConfig,
    ) -> None:
        """
        Args:
            cameras: by name.
            observer: hears of pictures that nobody came to look at.
            config: addresses.
        """
        self._cameras = cameras
        self._observer = observer
        self._config = config
        self._ports = Ports(config)
        self._publishers: dict[str, Publisher] = {}
        self._tasks: TaskGroup | None = None

    @property
    def config(self) -> WebRtcConfig:
        return self._config

    @property
    def count(self) -> int:
        """Browsers that send, or are about to."""
        return len(self._publishers)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Owns the connections until cancelled; each is then closed."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            task_status.started()
            await anyio.sleep_forever()

    def intake(self, camera: str) -> Intake:
        """Where a browser's pictures go.

        Raises:
            UnknownCamera: there is none of this name.
            NotSentTo: it waits for no browser.
        """
        try:
            intake = self._cameras[camera].intake
        except KeyError:
            raise UnknownCamera(f"expected one of {', '.join(sorted(self._cameras))}") from None
        if intake is None:
            raise NotSentTo(f"expected a camera whose source is whip://, received {camera}")
        return intake

    async def open(self, camera: str, sdp: str, guest: Guest) -> tuple[Publisher, str]:
        """A publisher for an offer, with the answer to it.

        Raises:
            UnknownCamera: there is none of this name.
            NotSentTo: its pictures come from elsewhere.
            MalformedOffer: it is no session description.
            UnfitOffer: it cannot be answered.
            Occupied: another browser sends.
        """
        intake, offer = self.intake(camera), PublishOffer.parse(sdp)
        before = self._publishers.get(camera)
        if before is not None:
            if before.silent_s(time.monotonic()) < SILENT_S:
                raise Occupied(f"another browser sends as {camera}: stop it there first")
            before.link.leave()
        publisher = Publisher(camera, guest, offer, Peer(configuration_of(self._config), self._ports))
        # From here on: what comes while this one is answered finds it.
        self._publishers[camera] = publisher
        async with AsyncExitStack() as held:
            held.callback(self._forget, publisher)
            held.push_async_callback(publisher.link.close)
            answer = await self._answered(publisher)
            held.pop_all()
        assert self._tasks is not None, "it runs"
        self._tasks.start_soon(self._run, publisher, intake)
        return publisher, answer

    async def _answered(self, publisher: Publisher) -> str:
        answer = await publisher.answer(partial(self._left_out, publisher.camera))
        if self._publishers.get(publisher.camera) is not publisher:
            raise Occupied(f"another browser began to send as {publisher.camera}")
        return answer

    def link(self, camera: str, session: str) -> Link:
        """A browser's connection; UnknownSession where there is none."""
        return self._found(camera, session).link

    def close(self, camera: str, session: str) -> None:
        """The browser goes; UnknownSession where there is none."""
        found = self._found(camera, session)
        self._forget(found)
        found.link.leave()

    def _found(self, camera: str, session: str) -> Publisher:
        found = self._publishers.get(camera)
        if found is None or found.link.id != session:
            raise UnknownSession("expected a session that is open")
        return found

    async def _run(self, publisher: Publisher, intake: Intake) -> None:
        camera, delivery = publisher.camera, intake.begin()

        def take(frame: VideoFrame) -> None:
            if intake.put(delivery, frame):
                self._left_out(camera)

        try:
            await publisher.run(take)
        except Exception:
            log.exception("%s: a browser's session failed", camera)
        finally:
            delivery.end()
            self._forget(publisher)

    def _left_out(self, camera: str) -> None:
        """A picture came that nothing could be done with in time."""
        self._observer.received(camera)
        self._observer.dropped(camera, "busy")

    def _forget(self, publisher: Publisher) -> None:
        if self._publishers.get(publisher.camera) is publisher:
            del self._publishers[publisher.camera]
