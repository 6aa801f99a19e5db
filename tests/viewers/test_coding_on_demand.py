"""Pictures are coded while somebody watches, once for all, as receivers say."""

from __future__ import annotations

import itertools
from typing import Any

import anyio
import pytest
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    pack_remb_fci,
)
from live_viewing import Client, camera, client, on_air, until

import streamer.webrtc.channels
from streamer.frame import PTS_CLOCK_HZ
from streamer.metrics.metrics import Metrics
from streamer.webrtc.choice import Wish
from streamer.webrtc.feed import Feed, Unit
from streamer.webrtc.rate import FLOOR

pytestmark = pytest.mark.anyio

STREET = "sim://street?size=320x240&fps=30"
CODED, DRAWN = Wish(own=False), Wish(annotate=True)
LINGER_S = 0.2


@pytest.fixture(autouse=True)
def _short_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamer.webrtc.channels, "LINGER_S", LINGER_S)


class Keys:
    """Notes when groups of pictures begin."""

    def __init__(self, times: list[int]) -> None:
        self.times = times

    def offer(self, unit: Unit) -> None:
        self.times += [unit.pts] if unit.keyframe else []

    def end(self) -> None: ...


def feed_of(viewer: Client) -> Feed:
    assert viewer.session is not None
    return viewer.session.watching.feed


async def test_viewers_of_one_kind_share_one_encoder_which_ends_after_the_last() -> None:
    async with on_air(camera(STREET)) as running:
        assert not running.streams.pictures.wanted
        async with client() as one, client() as other, client() as drawn:
            await one.join(running)
            await other.join(running, CODED)
            await drawn.join(running, DRAWN)
            assert feed_of(one) is feed_of(other)
            assert feed_of(one) is not feed_of(drawn)
            for each in (one, other, drawn):
                await each.watch(5)
            assert running.streams.pictures.wanted
        await until(lambda: running.viewers.count == 0)
        await until(lambda: not running.streams.pictures.wanted)
        async with client() as later:
            await later.join(running)
            await later.watch(2)


async def test_whoever_comes_again_soon_finds_it_warm() -> None:
    async with on_air(camera(STREET)) as running, client() as one, client() as again:
        await one.join(running)
        await one.watch(3)
        feed = feed_of(one)
        running.viewers.close("gate", one.session.id)
        await until(lambda: running.viewers.count == 0)
        await again.join(running)
        assert feed_of(again) is feed
        await anyio.sleep(2 * LINGER_S)
        await again.watch(3)
        assert running.streams.pictures.wanted


async def test_a_viewer_lets_go_of_everything_even_if_that_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no more of these metrics")

    async with on_air(camera(STREET)) as running, client() as one, client() as later:
        await one.join(running)
        await one.watch(3)
        with monkeypatch.context() as broken:
            broken.setattr(Metrics, "viewer_went", fails)
            running.viewers.close("gate", one.session.id)
            await until(lambda: "a viewer's session failed" in caplog.text)
        assert running.viewers.count == 0
        await until(lambda: not running.streams.pictures.wanted)
        await later.join(running)
        await later.watch(3)
        with monkeypatch.context() as broken:
            broken.setattr(Metrics, "viewer_came", fails)
            async with client() as another:
                with pytest.raises(RuntimeError):
                    await another.join(running, DRAWN)
        assert running.viewers.count == 1


async def test_a_simulated_street_draws_only_what_is_looked_at_or_watched() -> None:
    async with on_air(camera(STREET, fps=2)) as running, client() as viewer:
        pictures = running.streams.pictures
        drawn: list[int] = []
        publish = pictures.publish

        def counted(frame: Any) -> None:
            drawn.append(frame.sequence)
            publish(frame)

        pictures.publish = counted  # type: ignore[method-assign]
        await running.more(4)
        assert all(b - a >= 10 for a, b in itertools.pairwise(drawn))
        await viewer.join(running)
        await viewer.watch(30)
        assert drawn[-1] - drawn[-20] < 60


async def test_a_key_frame_at_most_once_a_second_however_many_ask() -> None:
    async with on_air(camera(STREET)) as running, client() as viewer:
        await viewer.join(running)
        keys: list[int] = []
        feed = feed_of(viewer)
        with feed.heard_by(Keys(keys)):
            (shown,) = await viewer.watch(1)
            while shown.pts < 3 * PTS_CLOCK_HZ:
                (shown,) = await viewer.watch(1)
                await tell(viewer, RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=0, media_ssrc=sender_of(viewer)))
        assert len(keys) >= 3
        assert all(b - a >= PTS_CLOCK_HZ for a, b in itertools.pairwise(keys))


async def test_what_receivers_report_lowers_what_they_are_sent() -> None:
    async with on_air(camera(STREET)) as running, client() as lossy, client() as slow:
        for each in (lossy, slow):
            await each.join(running)
            await each.watch(5)
        feed = feed_of(lossy)
        assert feed.bitrate == running.viewers.config.bitrate
        report = RtcpReceiverInfo(sender_of(lossy), 128, 10, 0, 0, 0, 0)
        await tell(lossy, RtcpRrPacket(ssrc=1, reports=[report]))
        await until(lambda: feed.bitrate < 0.8 * running.viewers.config.bitrate)
        estimate = pack_remb_fci(1000, [sender_of(slow)])
        await tell(slow, RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=estimate))
        await until(lambda: feed.bitrate == FLOOR)
        for odd in (b"another kind", b"REMB\x05cut"):
            await tell(slow, RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=1, media_ssrc=0, fci=odd))
        await lossy.watch(20)
        await slow.watch(20)


def sender_of(viewer: Client) -> int:
    """The SSRC of what it is sent."""
    (ssrc,) = {source.source for source in viewer.peer.getReceivers()[0].getSynchronizationSources()}
    return ssrc


async def tell(viewer: Client, packet: Any) -> None:
    """Sends a message of RTCP to the service."""
    await viewer.peer.getReceivers()[0].transport._send_rtp(bytes(packet))
