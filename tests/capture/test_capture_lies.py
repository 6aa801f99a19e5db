"""Real cameras whose frames lie: a clock that is off, packets that are lost; and what needs no decoding."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory, Flaws
from rtsp.sent import as_sent, pictures_of
from viewing import camera, rises, viewing

from streamer.capture.libav import LibavReader
from streamer.config.tree import ClockConfig

pytestmark = pytest.mark.anyio
HOUR_S = 3600.0


async def test_a_clock_an_hour_off_is_not_believed(rtsp_camera: CameraFactory) -> None:
    async with viewing(camera(rtsp_camera(flaws=Flaws(ahead_s=HOUR_S)).url)) as viewer:
        await viewer.until(lambda: viewer.offset_s is not None)
        await viewer.more(10)
    assert viewer.offset_s == pytest.approx(HOUR_S, abs=5)
    for frame in viewer.frames:
        assert frame.clock == "host"
    first, last = viewer.frames[0], viewer.frames[-1]
    taken_s = (last.captured_at - first.captured_at).total_seconds()
    assert taken_s == pytest.approx(last.decoded_at - first.decoded_at, abs=0.2)


async def test_a_clock_an_hour_off_is_believed_where_that_is_tolerated(rtsp_camera: CameraFactory) -> None:
    tolerant = ClockConfig(tolerance=2 * HOUR_S)
    async with viewing(camera(rtsp_camera(flaws=Flaws(ahead_s=HOUR_S)).url, clock=tolerant)) as viewer:
        await viewer.until(lambda: bool(viewer.frames) and viewer.frames[-1].clock == "camera")
    ahead = viewer.frames[-1].captured_at - viewer.frames[0].captured_at
    assert ahead.total_seconds() == pytest.approx(HOUR_S, abs=30)


@pytest.mark.parametrize(("codec", "transport"), [("h264", "udp"), ("h264", "tcp"), ("hevc", "udp")])
async def test_nothing_is_seen_from_a_loss_to_the_next_key_frame(
    rtsp_camera: CameraFactory, clips: Callable[[Clip], Path], codec: str, transport: str
) -> None:
    clip = Clip(fps=30, gop=15, codec=codec)
    sent = pictures_of(clips(clip))
    served = rtsp_camera(clip, flaws=Flaws(loss=0.04))
    async with viewing(camera(served.url, transport=transport)) as viewer:
        await viewer.until(lambda: viewer.count["damaged"] >= 40)
        await viewer.more(10)
    assert [state.state for state in viewer.states] == ["connecting", "live"]
    assert rises(viewer.frames)
    assert all(as_sent(frame.image, sent) for frame in viewer.frames)


async def test_only_key_frames_are_decoded_where_they_suffice(
    rtsp_camera: CameraFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    decode, decoded = LibavReader.decode, 0

    def counting(reader: LibavReader, pts: int) -> Sequence[av.VideoFrame]:
        nonlocal decoded
        decoded += 1
        return decode(reader, pts)

    monkeypatch.setattr(LibavReader, "decode", counting)
    often, seldom = Clip(gop=4, seconds=3), Clip(gop=40, seconds=2)
    async with viewing(camera(rtsp_camera(often, seldom).url, fps=5)) as viewer:
        await viewer.until(lambda: viewer.count["received"] >= 110)
    received = viewer.count["received"]
    assert 0.5 * received < decoded < 0.85 * received, "all of the one clip, a quarter of the other"
    assert rises(viewer.frames)
    assert viewer.count["damaged"] == 0
    seen = [frame.sequence for frame in viewer.frames]
    assert seen[-1] - seen[0] == pytest.approx(4 * (len(seen) - 1), abs=8)
    assert max(b - a for a, b in itertools.pairwise(seen)) < 8, "no hole where the interval grows"
    assert received - viewer.count["rate"] - viewer.count["busy"] == pytest.approx(len(seen), abs=1)
