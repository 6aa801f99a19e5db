"""A real camera with two streams: when the larger one is open, and which of its pictures shows a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import av
import cv2
import numpy as np
import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory, Flaws
from rtsp.sent import as_sent, pictures_of
from rtsp.two_streams import TwoStreamsFactory
from stream_watching import Watcher, two, until, watching

from streamer.capture.pairing import apart_s

pytestmark = pytest.mark.anyio

# Of one rate: FFmpeg's filter shifts what it leaves out.
SUB = Clip(width=320, height=240, fps=20, gop=10)
MAIN = Clip(width=640, height=480, fps=20, gop=10)
MOMENT_S = 1e-3
SAME = 5.0
"""Levels; the test picture and its neighbour differ by 8 and more."""
LONG_S = 60.0


async def test_main_is_open_only_while_it_is_needed(two_streams: TwoStreamsFactory) -> None:
    served = two_streams(MAIN, SUB)
    async with watching(two(**served.source)) as watcher:
        await watcher.more(10)
        assert served.main.openings == 0
        assert watcher.main_state == "closed"
        watcher.main.needed_until(time.monotonic() + LONG_S)
        await until(lambda: watcher.main.pictures.any)
        assert watcher.main_state == "live"
        assert served.main.watched
        watcher.main.needed_until(time.monotonic())
        await until(lambda: not served.main.watched)
        await until(lambda: watcher.main_state == "closed")
        assert not watcher.main.pictures.any
        await watcher.more(10)
    assert (served.main.openings, served.sub.openings) == (1, 1)
    assert {state.state for state in watcher.states} == {"connecting", "live"}


async def test_what_is_needed_again_soon_is_not_opened_twice(two_streams: TwoStreamsFactory) -> None:
    served = two_streams(MAIN, SUB)
    async with watching(two(**served.source), linger_s=2.0) as watcher:
        await watcher.more(1)
        for _ in range(5):
            watcher.main.needed_until(time.monotonic())
            await watcher.more(10)
        assert watcher.main.pictures.any
    assert served.main.openings == 1


async def test_a_picture_of_the_very_moment_is_found(two_streams: TwoStreamsFactory) -> None:
    served = two_streams(MAIN, SUB)
    async with watching(two(**served.source)) as watcher:
        watcher.main.needed_until(time.monotonic() + LONG_S)
        await until(lambda: watcher.main.pictures.any)
        errors_s: list[float] = []
        alike: list[float] = []
        while len(errors_s) < 12:
            await watcher.more(1)
            frame = watcher.frames[-1]
            larger = await watcher.main.pictures.near(frame)
            assert larger is not None
            assert (larger.width, larger.height) == (640, 480)
            # Before both streams' reports came, the time of arrival counts.
            if frame.clock == larger.clock == "camera":
                errors_s.append(apart_s(frame, larger))
                alike.append(difference(frame.image, larger.image))
    # libav gives a picture the time of the next one when a report came during it; a busy machine drops some.
    assert sorted(errors_s)[8] < MOMENT_S
    assert sorted(alike)[8] < SAME


def difference(small: np.ndarray, large: np.ndarray) -> float:
    """Mean difference of two pictures, in levels."""
    shrunk = cv2.resize(large, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    return float(np.abs(small.astype(int) - shrunk).mean())


async def test_two_recordings_are_paired_by_their_place_also_when_one_is_longer(
    clips: Callable[[Clip], Path],
) -> None:
    main, sub = (str(clips(replace(clip, seconds=s))) for clip, s in ((MAIN, 6), (SUB, 3)))
    async with watching(two(main, sub, fps=5)) as watcher:
        await watcher.more(5)
        watcher.main.needed_until(time.monotonic() + LONG_S)
        alike = await paired(watcher, before_s=3.0) + await paired(watcher, before_s=6.0)
    # Where a busy machine was late with a picture, its neighbour stands for it.
    assert len(alike) >= 2
    assert sorted(alike)[len(alike) // 2] < SAME


async def test_of_a_lossy_main_stream_only_whole_pictures_are_shown(
    rtsp_camera: CameraFactory, clips: Callable[[Clip], Path]
) -> None:
    clip = Clip(fps=30, gop=15)
    sent = pictures_of(clips(clip))
    main = rtsp_camera(clip, flaws=Flaws(loss=0.04)).url
    async with watching(two(main, "sim://street?size=64x64&people=0", transport="udp")) as watcher:
        watcher.main.needed_until(time.monotonic() + LONG_S)
        numbers = []
        with watcher.main.shown.subscribed() as pictures:
            while len(numbers) < 30 or numbers[-1] - numbers[0] < 2 * len(numbers):
                picture = await pictures.take()
                assert picture is not None
                assert as_sent(picture.image, sent)
                numbers.append(picture.sequence)
    assert {state.state for state in watcher.main_states} == {"closed", "connecting", "live"}


async def paired(watcher: Watcher, before_s: float) -> list[float]:
    """How far frames until that media time differ from their larger pictures; at least one has one."""
    alike: list[float] = []
    while not alike or watcher.frames[-1].time_s < before_s - 0.5:
        await watcher.more(1)
        frame = watcher.frames[-1]
        if (larger := await watcher.main.pictures.near(frame)) is not None:
            alike.append(difference(frame.image, larger.image))
    return alike


async def test_a_dead_main_stream_is_told_and_touches_nothing_else(
    two_streams: TwoStreamsFactory, caplog: pytest.LogCaptureFixture
) -> None:
    served = two_streams(MAIN, SUB)
    async with watching(two(**served.source, timeout_s=2)) as watcher:
        await watcher.more(5)
        watcher.main.needed_until(time.monotonic() + LONG_S)
        await until(lambda: watcher.main.pictures.any)
        served.main.kill()
        await until(lambda: watcher.main_state == "down")
        await watcher.more(20)
        reasons = {state.reason for state in watcher.main_states if state.state == "down"}
        served.start_main()
        await until(lambda: watcher.main_state == "live")
        watcher.main.needed_until(time.monotonic())
        await until(lambda: watcher.main_state == "closed")
        served.main.kill()
        seen = len(watcher.main_states)
        await watcher.more(15)
        # Nobody needs it, so nobody tries.
        assert len(watcher.main_states) == seen
    assert reasons <= {"the stream ended", "connection refused", "the connection was reset"}
    told = [record for record in caplog.records if record.levelname == "WARNING"]
    assert 1 <= len(told) == len(reasons)
    assert all(record.getMessage().startswith("gate (main): rtsp://") for record in told)
    assert {state.state for state in watcher.states} == {"connecting", "live"}


async def test_viewers_get_the_packets_of_the_larger_stream(two_streams: TwoStreamsFactory) -> None:
    served = two_streams(MAIN, SUB)
    async with watching(two(**served.source)) as watcher:
        packets = watcher.streams.packets
        assert packets is not None
        for _ in range(2):
            async with watcher.streams.viewing(), packets.subscribe() as subscription:
                with anyio.fail_after(60):
                    first = await anext(subscription)
            assert first.keyframe
            (picture,) = decoded(first.data)
            assert (picture.width, picture.height) == (640, 480)
            await until(lambda: watcher.main_state == "closed")


def decoded(data: bytes) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create("h264", "r")
    return [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
