"""What viewers are given: packets of RTP, from a key frame on, in time, and never more than a bound."""

from __future__ import annotations

import itertools

import anyio
import pytest
from aiortc.codecs.h264 import H264PayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from streamer.capture.broadcast import PacketBroadcast
from streamer.frame import PTS_CLOCK_HZ, Packet
from streamer.webrtc.feed import (
    AGAIN_S,
    BACKLOG_TICKS,
    MOST_KEPT_BYTES,
    MOST_WAITING,
    SILENT_S,
    Feed,
    Unit,
    ViewerQueue,
)
from streamer.webrtc.h264 import PASSED_OVER, payloads, unit_type, units
from streamer.webrtc.rate import FLOOR, ReceiverRate, SentRate

pytestmark = pytest.mark.anyio

MOST_BYTES = 1300
STEP = PTS_CLOCK_HZ // 30
BITRATE = 2_000_000
ARRIVED_AT = 5.0

nal_units = st.builds(
    lambda kind, body, end: bytes((0x60 | kind,)) + body.replace(b"\0", b"\1") + bytes((end,)),
    st.sampled_from([1, 5, 6, 7, 8, 9, 12]),
    st.one_of(st.binary(max_size=40), st.binary(min_size=1200, max_size=4000)),
    st.integers(1, 255),
)


def unit(number: int, *, keyframe: bool = False, size: int = 10) -> Unit:
    data = b"\0\0\0\1" + bytes((0x65 if keyframe else 0x61,)) + number.to_bytes(4, "big") + bytes(size)
    return Unit(number * STEP, keyframe, data, (b"x",), arrived_at=ARRIVED_AT)


@given(st.lists(nal_units, min_size=1, max_size=12), st.sampled_from([b"\0\0\1", b"\0\0\0\1"]))
def test_payloads_make_the_units_again(sent: list[bytes], start: bytes) -> None:
    made = payloads(b"".join(start + each for each in sent))
    assert all(0 < len(payload) <= MOST_BYTES for payload in made)
    received = b"".join(H264PayloadDescriptor.parse(payload)[1] for payload in made)
    assert list(units(received)) == [each for each in sent if unit_type(each) not in PASSED_OVER]


@given(
    groups=st.lists(st.integers(1, 120), min_size=1, max_size=8),
    reads=st.lists(st.integers(0, 4), min_size=1, max_size=30),
)
def test_a_viewer_however_slow_gets_groups_from_their_beginning_and_in_time(
    groups: list[int], reads: list[int]
) -> None:
    sent = [unit(n, keyframe=at == 0) for n, at in enumerate(at for size in groups for at in range(size))]

    async def run() -> None:
        feed, seen, waiting = Feed(), [], 0
        asked = itertools.cycle(reads)
        with feed.watched() as queue:
            for each in sent:
                feed.push(each)
                waiting = len(queue)
                assert waiting <= MOST_WAITING
                seen += [await queue.take() for _ in range(min(waiting, next(asked)))]
            feed.end()
            while (each := await queue.take()) is not None:
                seen.append(each)
        assert len(seen) + queue.skipped == len(sent)
        numbers = [sent_as[each.data] for each in seen]
        assert all(b == a + 1 or sent[b].keyframe for a, b in itertools.pairwise([-2, *numbers]))
        assert all(a.pts < b.pts for a, b in itertools.pairwise(seen))

    sent_as = {each.data: number for number, each in enumerate(sent)}
    anyio.run(run)


@given(before=st.integers(1, 90), later=st.lists(st.integers(0, 2), max_size=60))
def test_only_a_backlog_is_hurried(before: int, later: list[int]) -> None:
    """It ends with the newest unit's own time, and from then on every unit has its own."""
    group = [unit(number, keyframe=number == 0) for number in range(before)]

    async def run() -> None:
        queue, number = ViewerQueue(group, BITRATE), before
        behind = (before - 1) * STEP > BACKLOG_TICKS
        for _ in range(before):
            given_out = await queue.take()
            assert given_out is not None
            if not behind:
                assert given_out in group
            assert group[-1].pts - given_out.pts <= BACKLOG_TICKS
        assert given_out is group[-1]
        for come in later:
            fresh = [unit(number + more) for more in range(come)]
            number += come
            for each in fresh:
                queue.offer(each)
            assert [await queue.take() for _ in fresh] == fresh

    anyio.run(run)


@given(sent=st.integers(1, 40), taken=st.integers(0, 40), behind=st.integers(0, 10))
def test_who_lost_its_place_begins_again_with_the_latest_key_frame_and_soon_has_true_times(
    sent: int, taken: int, behind: int
) -> None:
    units_sent = [unit(number, keyframe=number in (0, 25)) for number in range(sent)]

    async def run() -> None:
        feed = Feed()
        with feed.watched() as queue:
            for each in units_sent:
                feed.push(each)
            before = [await queue.take() for _ in range(min(taken, len(queue)))]
            queue.begin_again(feed.group, now=ARRIVED_AT)
            later = [unit(sent + number) for number in range(behind)]
            for each in later:
                feed.push(each)
            queue.begin_again(feed.group, now=ARRIVED_AT + AGAIN_S / 2)
            feed.push(last := unit(sent + behind))
            after = [await queue.take() for _ in range(len(queue))]
        group = [each for each in units_sent if sent <= 25 or each.pts >= 25 * STEP]
        assert [each.data for each in after] == [each.data for each in [*group, *later, last]]
        assert all(a.pts < b.pts for a, b in itertools.pairwise([*before, *after]))
        assert after[-1].pts == last.pts

    anyio.run(run)


async def test_what_was_shown_is_not_shown_again_while_the_camera_is_silent() -> None:
    feed = Feed()
    with feed.watched() as queue:
        feed.push(unit(0, keyframe=True))
        await queue.take()
        queue.begin_again(feed.group, now=ARRIVED_AT + SILENT_S + 0.1)
        assert len(queue) == 0
        queue.begin_again(feed.group, now=ARRIVED_AT + SILENT_S - 0.1)
        assert len(queue) == 1


async def test_a_stalled_viewer_slows_nobody() -> None:
    feed = Feed()
    with feed.watched() as stalled, feed.watched() as quick:
        for number in range(4 * MOST_WAITING):
            each = unit(number, keyframe=number % 60 == 0)
            feed.push(each)
            assert await quick.take() is each
        assert quick.skipped == 0
        first = await stalled.take()
    assert first is not None
    assert first.keyframe
    assert stalled.skipped >= 3 * MOST_WAITING


async def test_a_group_without_end_is_not_kept() -> None:
    feed = Feed()
    size = MOST_KEPT_BYTES // 20
    for number in range(40):
        feed.push(unit(number, keyframe=number == 0, size=size))
        assert sum(len(each.data) for each in feed.group) <= MOST_KEPT_BYTES
    assert not feed.group
    with feed.watched() as late:
        assert feed.keyframe_wanted
        feed.push(unit(40))
        begins = unit(41, keyframe=True)
        feed.push(begins)
        assert await late.take() is begins


async def test_viewers_without_a_beginning_ask_for_one() -> None:
    feed = Feed()
    feed.push(unit(0, keyframe=True))
    with feed.watched():
        assert not feed.keyframe_wanted
        for number in range(1, 2 * MOST_WAITING):
            feed.push(unit(number))
        assert feed.keyframe_wanted


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("loss"), st.floats(0, 1)), st.tuples(st.just("estimate"), st.integers(0, 10**7))
        ),
        max_size=50,
    )
)
def test_a_rate_stays_within_bounds_and_recovers(reports: list[tuple[str, float]]) -> None:
    rate = ReceiverRate(BITRATE)
    for kind, value in reports:
        before = rate.bitrate
        if kind == "loss":
            rate.lost(value)
            assert value <= 0.1 or rate.bitrate <= before
        else:
            rate.estimated(int(value), sent=BITRATE / 2)
            assert value >= BITRATE / 2 or rate.bitrate <= max(FLOOR, value)
        assert FLOOR <= rate.bitrate <= BITRATE
    for _ in range(40):
        rate.lost(0.0)
        rate.estimated(BITRATE // 2, sent=0)
    assert rate.bitrate == BITRATE


def test_a_lossy_connection_is_sent_less() -> None:
    rate = ReceiverRate(BITRATE)
    rate.lost(0.2)
    assert rate.bitrate == 0.9 * BITRATE
    rate.lost(0.05)
    assert rate.bitrate == 0.9 * BITRATE
    # A receiver that was sent little says little, and means nothing by it.
    rate.estimated(400_000, sent=390_000)
    assert rate.bitrate == 0.9 * BITRATE
    rate.estimated(400_000, sent=800_000)
    assert rate.bitrate == 400_000


@given(st.lists(st.tuples(st.floats(0, 0.3), st.integers(0, 10_000)), max_size=40))
def test_what_was_sent_of_late(sent: list[tuple[float, int]]) -> None:
    rate, now, log = SentRate(), 0.0, []
    for pause, size in sent:
        now += pause
        rate.add(now, size)
        log.append((now, size))
    assert rate.bitrate(now) == 8 * sum(size for at, size in log if at > now - 1)
    assert rate.bitrate(now + 2) == 0


async def test_the_slowest_viewer_counts() -> None:
    feed = Feed(BITRATE)
    assert feed.bitrate == BITRATE
    with feed.watched() as one:
        with feed.watched() as other:
            one.rate.estimated(900_000, sent=10**6)
            other.rate.estimated(500_000, sent=10**6)
            assert feed.bitrate == 500_000
        assert feed.bitrate == 900_000
    assert feed.bitrate == BITRATE


def packet(number: int, *, keyframe: bool = False, data: bytes = b"x") -> Packet:
    return Packet("gate", number * STEP, keyframe, data)


async def test_who_waits_for_packets_hears_that_none_can_come() -> None:
    packets = PacketBroadcast()
    packets.restart("h264")
    async with packets.subscribe() as subscription:
        packets.publish(packet(0, keyframe=True))
        packets.restart("hevc")
        packets.publish(packet(1, keyframe=True))
        packets.restart("mjpeg")
        with anyio.fail_after(60):
            assert [each.pts async for each in subscription] == [0, STEP]
    async with packets.subscribe() as late:
        with anyio.fail_after(60):
            assert [each async for each in late] == []
    packets.restart("h264")
    async with packets.subscribe() as again:
        packets.publish(packet(2, keyframe=True))
        with anyio.fail_after(60):
            assert (await anext(again)).pts == 2 * STEP


def test_groups_that_do_not_end_are_told() -> None:
    packets = PacketBroadcast()
    packets.restart("h264")
    large = bytes(MOST_KEPT_BYTES // 4)
    for number in range(6):
        assert packets.endless == (number > 4)
        packets.publish(packet(number, keyframe=number == 0, data=large))
    assert packets.latest_keyframe is None
    packets.publish(packet(6, keyframe=True))
    assert not packets.endless


@pytest.mark.parametrize(
    ("slice_type", "reordered"), [(0, False), (5, False), (1, True), (6, True), (7, False)]
)
def test_b_slices_are_seen_in_the_bits(slice_type: int, reordered: bool) -> None:
    # The first macroblock is 0, then the type (ITU-T H.264 7.3.3), both as Exp-Golomb codes.
    code = f"{slice_type + 1:b}"
    bits = "1" + "0" * (len(code) - 1) + code + "1"
    first = int(bits.ljust(16, "0"), 2).to_bytes(2, "big")
    packets = PacketBroadcast()
    packets.restart("h264")
    packets.publish(packet(0, data=b"\0\0\0\1\x09\xf0\0\0\1\x41" + first + b"\1\1"))
    assert packets.reordered == (slice_type in (1, 6))
