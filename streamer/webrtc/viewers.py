"""All who watch: sessions are opened, kept within bounds, and ended."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import anyio
from anyio.abc import TaskGroup, TaskStatus

from streamer.errors import StreamerError
from streamer.webrtc.channel import Channel
from streamer.webrtc.h264 import HIGH, Profile, profile_of
from streamer.webrtc.ice import configuration_of
from streamer.webrtc.offer import Fragment, Offer
from streamer.webrtc.session import Session, Watching

if TYPE_CHECKING:
    from streamer.capture.broadcast import PacketBroadcast
    from streamer.capture.streams import CameraStreams
    from streamer.config.tree import WebRtcConfig
    from streamer.webrtc.feed import Kind
    from streamer.webrtc.results import LiveResults

log = logging.getLogger(__name__)

MOST_ANSWERING: Final = 8
"""Offers that are answered at the same time; more are to come again."""
OPENING_S: Final = 3.0
"""So long the larger of two streams may take to open before the smaller one is shown in its place."""
LINGER_S: Final = 5.0
"""An encoder goes on for so long without viewers: a page that is loaded anew finds it warm."""

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
    ) -> None:
        """
        Args:
            cameras: by name.
            heads: what is told of each camera's scene, by name; see ``Overlay``.
            results: what is found.
            config: bounds and addresses.
        """
        self._cameras = cameras
        self._heads = heads
        self._results = results
        self._config = config
        self._sessions: dict[str, Session] = {}
        self._others: Counter[str] = Counter()
        self._channels: dict[tuple[str, Kind], Channel] = {}
        self._answering = 0
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
                await anyio.sleep_forever()
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
        """
        streams = self.streams(camera)
        offer = Offer.parse(sdp)
        with self._room():
            kind = await self._kind(streams, offer.profiles, wish)
            channel = self._channel(streams, kind)
            session = Session(
                Watching(camera, kind, channel.feed, channel.overlay), offer, configuration_of(self._config)
            )
            try:
                answer = await session.answer()
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await session.close()
                self._release(channel)
                raise
            self._sessions[session.id] = session
        assert self._tasks is not None, "it runs"
        self._tasks.start_soon(self._run, session, channel)
        return session, answer

    @asynccontextmanager
    async def watched(self, camera: str, wish: Wish) -> AsyncIterator[Channel]:
        """What a viewer without a session watches, who counts as one for as long as the block lasts.

        Raises:
            UnknownCamera: there is none of this name.
            NothingToShow: the camera has sent no picture yet.
            TooMany: there is no room for another viewer.
        """
        streams = self.streams(camera)
        with self._room():
            kind = await self._kind(streams, PLAYED, wish)
            channel = self._channel(streams, kind)
            self._others[camera] += 1
        try:
            yield channel
        finally:
            self._others[camera] -= 1
            self._release(channel)

    def streams(self, camera: str) -> CameraStreams:
        """UnknownCamera where there is none of this name."""
        try:
            return self._cameras[camera]
        except KeyError:
            raise UnknownCamera(f"expected one of {', '.join(sorted(self._cameras))}") from None

    async def add(self, camera: str, session: str, fragment: str) -> None:
        """More addresses of a viewer.

        Raises:
            UnknownSession: there is none.
            MalformedOffer: it is no fragment of a session description.
            RestartRefused: it asks for ICE to begin anew.
        """
        found, parsed = self._found(camera, session), Fragment.parse(fragment)
        if found.is_restarted_by(parsed):
            raise RestartRefused("ICE cannot begin anew in this session: post an offer for a new one")
        await found.add(parsed)

    def close(self, camera: str, session: str) -> None:
        """The viewer goes; UnknownSession where there is none."""
        self._found(camera, session).leave()

    def _found(self, camera: str, session: str) -> Session:
        found = self._sessions.get(session)
        if found is None or found.watching.camera != camera:
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
            self._release(channel)

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
    if packets.codec != "h264" or packets.reordered:
        return False
    first = packets.latest_keyframe
    profile = profile_of(first.data) if first is not None else None
    return profile is None or any(each.plays(profile) for each in profiles)
