"""All who watch: sessions are opened, kept within bounds, and ended."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import anyio
from anyio.abc import TaskGroup, TaskStatus

from streamer.errors import StreamerError
from streamer.webrtc.channel import Channel
from streamer.webrtc.h264 import HIGH, Profile, profile_of
from streamer.webrtc.ice import Peer, Ports, PortsTaken, configuration_of
from streamer.webrtc.offer import Fragment, MalformedOffer, Offer, UnfitOffer
from streamer.webrtc.session import Session, Watching

if TYPE_CHECKING:
    from streamer.capture.broadcast import PacketBroadcast
    from streamer.capture.streams import CameraStreams
    from streamer.config.tree import WebRtcConfig
    from streamer.webrtc.feed import Kind
    from streamer.webrtc.results import LiveResults

log = logging.getLogger(__name__)

MOST_ANSWERING: Final = 64
"""Offers that may wait to be answered, as of a page with many cameras; more are to come again."""
MOST_AT_ONCE: Final = 4
"""Answers that are made at the same time; each holds up the others for some milliseconds."""
OPENING_S: Final = 3.0
"""So long the larger of two streams may take to open before the smaller one is shown in its place."""
LINGER_S: Final = 5.0
"""An encoder goes on for so long without viewers: a page that is loaded anew finds it warm."""
COUNT_S: Final = 1.0
"""How often it is told what viewers were too slow for."""
ROUTE: Final = "webrtc"

PLAYED: Final = (Profile(HIGH, 0, 52),)
"""What players without an offer decode."""


class UnknownCamera(StreamerError):
    """There is none of this name."""


class UnknownSession(StreamerError):
    """There is none of this name, or it has ended."""


class NothingToShow(StreamerError):
    """The camera has sent no picture yet."""


class TooMany(StreamerError):
    """There is no room for another viewer."""


class RestartRefused(StreamerError):
    """ICE cannot begin anew in a session; a new session can."""


class OtherSession(StreamerError):
    """What is asked for is about something that was agreed on before, or elsewhere."""


REASONS: Final[dict[type[StreamerError], str]] = {
    UnknownCamera: "unknown_camera",
    MalformedOffer: "malformed",
    UnfitOffer: "unfit",
    NothingToShow: "no_picture",
    TooMany: "full",
    PortsTaken: "ports",
}
"""Why viewers are refused, in the metrics."""


class ViewersObserver(Protocol):
    """Hears of viewers; ``route`` is how they are sent to, ``kind`` which of a camera's streams they get."""

    def viewer_came(self, camera: str, route: str, kind: str) -> None: ...

    def viewer_went(self, camera: str, route: str, kind: str) -> None: ...

    def viewer_refused(self, reason: str) -> None: ...

    def viewer_missed(self, camera: str, units: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What a viewer wants to see.

    Attributes:
        stream: which of a camera's two streams, where it has two.
        annotate: boxes are drawn into the pictures.
        own: the camera's own stream may be passed on; else it is coded anew, for decoders that fail on it.
        pictures: JPEG pictures with boxes, instead of video.
    """

    stream: Literal["main", "sub"] = "main"
    annotate: bool = False
    own: bool = True
    pictures: bool = False


class Viewers:
    """The sessions of all cameras."""

    def __init__(
        self,
        cameras: Mapping[str, CameraStreams],
        heads: Mapping[str, dict[str, Any]],
        results: LiveResults,
        config: WebRtcConfig,
        observer: ViewersObserver,
    ) -> None:
        """
        Args:
            cameras: by name.
            heads: what is told of each camera's scene, by name; see ``Overlay``.
            results: what is found.
            config: bounds and addresses.
            observer: hears of viewers.
        """
        self._cameras = cameras
        self._heads = heads
        self._results = results
        self._config = config
        self._observer = observer
        self._ports = Ports(config)
        self._sessions: dict[str, Session] = {}
        self._others: Counter[str] = Counter()
        self._channels: dict[tuple[str, Kind], Channel] = {}
        self._answering = 0
        self._turns = anyio.Semaphore(MOST_AT_ONCE)
        self._tasks: TaskGroup | None = None

    @property
    def config(self) -> WebRtcConfig:
        return self._config

    @property
    def count(self) -> int:
        """Sessions that are open, and those who watch without one."""
        return len(self._sessions) + self._others.total()

    def watching(self, camera: str) -> int:
        """Viewers of one camera."""
        sessions = sum(session.watching.camera == camera for session in self._sessions.values())
        return sessions + self._others[camera]

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

    async def open(self, camera: str, sdp: str, wish: Wish) -> tuple[Session, str]:
        """A session for an offer, with the answer to it.

        Raises:
            UnknownCamera: there is none of this name.
            MalformedOffer: it is no session description.
            UnfitOffer: it cannot be answered.
            NothingToShow: the camera has sent no picture yet.
            TooMany: there is no room for another viewer.
            PortsTaken: there is no port for another viewer.
        """
        try:
            streams = self.streams(camera)
            with self._room():
                # Reading takes its time, too: nobody who would be sent away gets this far.
                session, channel, answer = await self._answered(streams, Offer.parse(sdp), wish)
        except tuple(REASONS) as error:
            self._observer.viewer_refused(REASONS[type(error)])
            raise
        assert self._tasks is not None, "it runs"
        self._tasks.start_soon(self._run, session, channel)
        return session, answer

    async def _answered(
        self, streams: CameraStreams, offer: Offer, wish: Wish
    ) -> tuple[Session, Channel, str]:
        """A session that is counted, and has to be run."""
        kind = await self._kind(streams, offer.profiles, wish)
        channel = self._channel(streams, kind)
        watching = Watching(streams.name, kind, channel.feed, channel.overlay)
        try:
            async with self._turns:
                session = Session(watching, offer, Peer(configuration_of(self._config), self._ports))
                try:
                    answer = await session.answer()
                except BaseException:
                    with anyio.CancelScope(shield=True):
                        await session.close()
                    raise
        except BaseException:
            self._release(channel)
            raise
        self._sessions[session.id] = session
        self._observer.viewer_came(streams.name, ROUTE, kind)
        return session, channel, answer

    @asynccontextmanager
    async def watched(self, camera: str, wish: Wish) -> AsyncIterator[Channel]:
        """What a viewer without a session watches, who counts as one for as long as the block lasts.

        Raises:
            UnknownCamera: there is none of this name.
            NothingToShow: the camera has sent no picture yet.
            TooMany: there is no room for another viewer.
        """
        route = "pictures" if wish.pictures else "websocket"
        try:
            streams = self.streams(camera)
            with self._room():
                kind = await self._kind(streams, PLAYED, wish)
                channel = self._channel(streams, kind)
                self._others[camera] += 1
        except tuple(REASONS) as error:
            self._observer.viewer_refused(REASONS[type(error)])
            raise
        self._observer.viewer_came(camera, route, kind)
        try:
            yield channel
        finally:
            self._others[camera] -= 1
            self._observer.viewer_went(camera, route, kind)
            self._release(channel)

    def streams(self, camera: str) -> CameraStreams:
        """UnknownCamera where there is none of this name."""
        try:
            return self._cameras[camera]
        except KeyError:
            raise UnknownCamera(f"expected one of {', '.join(sorted(self._cameras))}") from None

    def add(self, camera: str, session: str, fragment: str, tag: str | None = None) -> Session:
        """More addresses of a viewer.

        Args:
            camera: which is watched.
            session: by whom.
            fragment: of a session description, with the addresses.
            tag: of the session that they are meant for; any unless said.

        Raises:
            UnknownSession: there is none.
            OtherSession: it has another tag.
            MalformedOffer: it is no fragment of a session description.
            UnfitOffer: these are too many addresses.
            RestartRefused: it asks for ICE to begin anew.
        """
        found = self._found(camera, session)
        if tag is not None and tag != found.link.tag:
            raise OtherSession("expected the tag of this session (If-Match), received another")
        parsed = Fragment.parse(fragment)
        if found.link.is_restarted_by(parsed):
            raise RestartRefused("ICE cannot begin anew in this session: post an offer for a new one")
        found.link.add(parsed)
        return found

    def close(self, camera: str, session: str) -> None:
        """The viewer goes; UnknownSession where there is none."""
        self._found(camera, session).link.leave()

    def _found(self, camera: str, session: str) -> Session:
        found = self._sessions.get(session)
        if found is None or found.link.ended or found.watching.camera != camera:
            raise UnknownSession("expected a session that is open")
        return found

    @contextmanager
    def _room(self) -> Iterator[None]:
        if self.count + self._answering >= self._config.max_viewers:
            raise TooMany(f"{self._config.max_viewers} viewers are watching already")
        if self._answering >= MOST_ANSWERING:
            raise TooMany("too many offers at once")
        self._answering += 1
        try:
            yield
        finally:
            self._answering -= 1

    async def _run(self, session: Session, channel: Channel) -> None:
        try:
            await session.run()
        except Exception:
            log.exception("%s: a viewer's session failed", session.watching.camera)
        finally:
            del self._sessions[session.id]
            self._count_missed(session)
            self._observer.viewer_went(session.watching.camera, ROUTE, session.watching.kind)
            self._release(channel)

    def _count_missed(self, session: Session) -> None:
        if units := session.newly_skipped():
            self._observer.viewer_missed(session.watching.camera, units)

    async def _kind(self, streams: CameraStreams, profiles: Sequence[Profile], wish: Wish) -> Kind:
        """What is sent: a stream of the camera's own where the viewer plays it, else one coded for it."""
        if wish.pictures:
            return "pictures"
        if wish.annotate:
            return "annotated"
        if wish.own and wish.stream == "main" and streams.main is not None and streams.packets is not None:
            async with streams.viewing():
                with anyio.move_on_after(OPENING_S):
                    await _begun(streams.packets)
                if _fits(streams.packets, profiles):
                    return "main"
        if wish.own and streams.detected is not None and _fits(streams.detected, profiles):
            return "sub"
        if streams.detected is not None and streams.detected.codec is None:
            raise NothingToShow(f"{streams.name} has sent no picture yet")
        return "encoded"

    def _channel(self, streams: CameraStreams, kind: Kind) -> Channel:
        assert self._tasks is not None, "it runs"
        key = (streams.name, kind)
        channel = self._channels.get(key)
        if channel is None:
            channel = Channel(streams, kind, self._config.bitrate, self._heads.get(streams.name, {}))
            self._channels[key] = channel
            self._tasks.start_soon(self._fill, streams.name, channel)
        channel.holders += 1
        return channel

    async def _fill(self, camera: str, channel: Channel) -> None:
        try:
            await channel.run(self._results)
        except Exception:
            log.exception("%s: its pictures cannot be shown", camera)
        finally:
            self._forget(channel)

    def _release(self, channel: Channel) -> None:
        channel.holders -= 1
        if channel.holders == 0 and self._tasks is not None:
            self._tasks.start_soon(self._end_unused, channel)

    async def _end_unused(self, channel: Channel) -> None:
        await anyio.sleep(LINGER_S)
        if channel.holders == 0:
            self._forget(channel)
            channel.scope.cancel()

    def _forget(self, channel: Channel) -> None:
        """Nobody is given it any more."""
        self._channels = {key: each for key, each in self._channels.items() if each is not channel}


async def _begun(packets: PacketBroadcast) -> None:
    async with packets.subscribe(from_keyframe=True) as subscription:
        async for _ in subscription:
            return


def _fits(packets: PacketBroadcast, profiles: Sequence[Profile]) -> bool:
    """Whether the viewer decodes this stream as it is."""
    if packets.codec != "h264" or packets.reordered or packets.endless:
        return False
    first = packets.latest_keyframe
    profile = profile_of(first.data) if first is not None else None
    return profile is None or any(each.plays(profile) for each in profiles)
