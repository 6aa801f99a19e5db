"""All who watch: sessions are opened, kept within bounds, and ended."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol

import anyio
from anyio.abc import TaskGroup, TaskStatus

from streamer.errors import UnknownCamera
from streamer.webrtc.channels import Channels
from streamer.webrtc.choice import PLAYED, Wish, kind_for
from streamer.webrtc.ice import Peer, Ports, configuration_of
from streamer.webrtc.offer import Offer
from streamer.webrtc.places import Place, Places
from streamer.webrtc.refusals import REASONS, UnknownSession
from streamer.webrtc.session import Session, Watching

if TYPE_CHECKING:
    from streamer.capture.streams import CameraStreams
    from streamer.config.tree import WebRtcConfig
    from streamer.webrtc.channel import Channel
    from streamer.webrtc.guest import Guest
    from streamer.webrtc.h264 import Profile
    from streamer.webrtc.link import Link
    from streamer.webrtc.results import LiveResults

log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 4
"""Answers that are made at the same time; each holds up the others for some milliseconds."""
COUNT_S: Final = 1.0
"""How often it is told what viewers were too slow for."""
ROUTE: Final = "webrtc"


class ViewersObserver(Protocol):
    """Hears of viewers; ``route`` is how they are sent to, ``kind`` which of a camera's streams they get."""

    def viewer_came(self, camera: str, route: str, kind: str) -> None: ...

    def viewer_went(self, camera: str, route: str, kind: str) -> None: ...

    def viewer_refused(self, reason: str) -> None: ...

    def viewer_missed(self, camera: str, units: int) -> None: ...


class Viewers:
    """The sessions of all cameras."""

    def __init__(
        self,
        cameras: Mapping[str, CameraStreams],
        scenes: Mapping[str, Mapping[str, Any]],
        results: LiveResults,
        config: WebRtcConfig,
        observer: ViewersObserver,
    ) -> None:
        """
        Args:
            cameras: by name.
            scenes: zones and lines of each camera, by name; see ``Overlay``.
            results: what is found.
            config: bounds and addresses.
            observer: hears of viewers.
        """
        self._cameras = cameras
        self._config = config
        self._observer = observer
        self._ports = Ports(config)
        self._sessions: dict[str, Session] = {}
        self._places = Places(config.max_viewers)
        self._channels = Channels(scenes, results, config.bitrate)
        self._turns = anyio.Semaphore(MOST_AT_ONCE)
        self._tasks: TaskGroup | None = None

    @property
    def config(self) -> WebRtcConfig:
        return self._config

    @property
    def count(self) -> int:
        """Sessions that are open, and those who watch without one."""
        return self._places.count

    def watching(self, camera: str) -> int:
        """Viewers of one camera."""
        return self._places.watching(camera)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Owns the sessions until cancelled; each is then closed."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            task_status.started()
            try:
                while True:
                    await anyio.sleep(COUNT_S)
                    for session in self._sessions.values():
                        self._count_missed(session)
            finally:
                self._tasks = None

    async def open(self, camera: str, sdp: str, wish: Wish, guest: Guest) -> tuple[Session, str]:
        """A session for an offer, with the answer to it.

        Raises:
            UnknownCamera: there is none of this name.
            MalformedOffer: it is no session description.
            UnfitOffer: it cannot be answered.
            NothingToShow: the camera has sent no picture yet.
            TooMany: there is no room for another viewer.
            PortsTaken: there is no port for another viewer.
        """
        with self._refusals_told():
            streams = self.streams(camera)
            async with AsyncExitStack() as held:
                # Reading takes its time, too: nobody who would be sent away gets this far.
                place = held.enter_context(self._places.taken(camera, guest.network))
                offer = Offer.parse(sdp)
                watching, channel = await self._watched(streams, offer.profiles, wish)
                held.callback(self._release, channel)
                async with self._turns:
                    session = Session(
                        watching, guest, offer, Peer(configuration_of(self._config), self._ports)
                    )
                    held.push_async_callback(session.close)
                    answer = await session.answer()
                place.answered()
                self._observer.viewer_came(camera, ROUTE, watching.kind)
                lasting = held.pop_all()
        self._sessions[session.id] = session
        self._running.start_soon(self._run, session, place, lasting)
        return session, answer

    async def _watched(
        self, streams: CameraStreams, profiles: Sequence[Profile], wish: Wish
    ) -> tuple[Watching, Channel]:
        """What a viewer gets, and the channel it comes from, which has to be released."""
        kind = await kind_for(wish, streams, profiles)
        channel = self._channels.take(streams, kind, self._running)
        return Watching(streams.name, kind, channel.feed, channel.overlay), channel

    @asynccontextmanager
    async def watched(self, camera: str, wish: Wish) -> AsyncIterator[Channel]:
        """What a viewer without a session watches, who counts as one for as long as the block lasts.

        Raises:
            UnknownCamera: there is none of this name.
            NothingToShow: the camera has sent no picture yet.
            TooMany: there is no room for another viewer.
        """
        route = "pictures" if wish.pictures else "websocket"
        with ExitStack() as held:
            with self._refusals_told():
                streams = self.streams(camera)
                place = held.enter_context(self._places.taken(camera))
                watching, channel = await self._watched(streams, PLAYED, wish)
                held.callback(self._release, channel)
            place.arrived()
            self._observer.viewer_came(camera, route, watching.kind)
            try:
                yield channel
            finally:
                held.close()
                self._observer.viewer_went(camera, route, watching.kind)

    @contextmanager
    def _refusals_told(self) -> Iterator[None]:
        try:
            yield
        except tuple(REASONS) as error:
            self._observer.viewer_refused(REASONS[type(error)])
            raise

    def streams(self, camera: str) -> CameraStreams:
        """UnknownCamera where there is none of this name."""
        try:
            return self._cameras[camera]
        except KeyError:
            raise UnknownCamera(f"expected one of {', '.join(sorted(self._cameras))}") from None

    def link(self, camera: str, session: str) -> Link:
        """A viewer's connection; UnknownSession where there is none."""
        found = self._sessions.get(session)
        if found is None or found.link.ended or found.watching.camera != camera:
            raise UnknownSession("expected a session that is open")
        return found.link

    def close(self, camera: str, session: str) -> None:
        """The viewer goes; UnknownSession where there is none."""
        self.link(camera, session).leave()

    async def _run(self, session: Session, place: Place, held: AsyncExitStack) -> None:
        camera, kind = session.watching.camera, session.watching.kind
        try:
            try:
                # What it holds goes first: whatever is told of it afterwards, nothing is kept.
                async with held:
                    await session.run(place.arrived)
            finally:
                del self._sessions[session.id]
                self._count_missed(session)
                self._observer.viewer_went(camera, ROUTE, kind)
        except Exception:
            log.exception("%s: a viewer's session failed", camera)

    def _count_missed(self, session: Session) -> None:
        if units := session.newly_skipped():
            self._observer.viewer_missed(session.watching.camera, units)

    def dismiss(self, camera: str) -> None:
        """The camera goes, or begins anew: what is watched of it has ended."""
        self._channels.end(camera)

    def rearrange(self, camera: str) -> None:
        """The camera's zones and lines have changed."""
        self._channels.rearrange(camera)

    @property
    def _running(self) -> TaskGroup:
        assert self._tasks is not None, "it runs"
        return self._tasks

    def _release(self, channel: Channel) -> None:
        if self._tasks is not None:
            self._channels.release(channel, self._tasks)
