"""Whoever begins at a key frame gets the parameter sets of that moment, wherever the camera told them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import av
import numpy as np
import pytest
from av.codec.context import Flags
from hypothesis import given
from hypothesis import strategies as st

from streamer.capture.annexb import AnnexB
from streamer.capture.parameters import SYNTAX, Packing, ParameterSets, exp_golomb
from streamer.webrtc.h264 import units

ENCODERS = {"h264": "libx264", "hevc": "libx265"}
GROUP = 4
Size = tuple[int, int]
SMALL, LARGE = (64, 48), (96, 80)


@dataclass(frozen=True, slots=True)
class Told:
    """A stream as far as it matters: what was told of it beforehand."""

    codec_context: av.VideoCodecContext


def encoder(codec: str, size: Size) -> av.VideoCodecContext:
    context = av.CodecContext.create(ENCODERS[codec], "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt, context.framerate = *size, "yuv420p", 25
    context.options = {"g": str(GROUP), "bf": "0", "preset": "ultrafast", "tune": "zerolatency"}
    if codec == "hevc":
        context.options |= {"x265-params": f"log-level=none:keyint={GROUP}:bframes=0:pools=none:aud=1"}
    return context


def pictures(size: Size, count: int) -> Iterator[av.VideoFrame]:
    for number in range(count):
        image = np.full((size[1], size[0], 3), number * 9, np.uint8)
        frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")
        frame.pts = number
        yield frame


def coded(codec: str, size: Size, count: int = 2 * GROUP) -> list[av.Packet]:
    """Packets in Annex B, sets before each key frame."""
    context = encoder(codec, size)
    made = [packet for picture in pictures(size, count) for packet in context.encode(picture)]
    return made + context.encode(None)


def without_sets(codec: str, packet: av.Packet) -> av.Packet:
    syntax = SYNTAX[codec]
    left = [unit for unit in units(bytes(packet)) if syntax.unit_type(unit[0]) not in syntax.sets]
    bare = av.Packet(b"".join(b"\0\0\0\1" + unit for unit in left))
    bare.is_keyframe = packet.is_keyframe
    return bare


def sets_of(codec: str, packet: av.Packet) -> bytes:
    syntax = SYNTAX[codec]
    sets = [unit for unit in units(bytes(packet)) if syntax.unit_type(unit[0]) in syntax.sets]
    return b"".join(b"\0\0\0\1" + unit for unit in sets)


def annex_b(codec: str, extradata: bytes) -> AnnexB:
    context = av.CodecContext.create(codec, "r")
    context.extradata = extradata or None
    return AnnexB(Told(context))  # type: ignore[arg-type]


def shown(codec: str, data: bytes) -> Size:
    """The size of the picture that a decoder makes of it which saw nothing before."""
    decoder = av.CodecContext.create(codec, "r")
    (picture,) = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    return picture.width, picture.height


def beginnings(codec: str, convert: AnnexB, packets: list[av.Packet]) -> list[Size]:
    made = [(packet.is_keyframe, convert(packet)) for packet in packets]
    return [shown(codec, data) for keyframe, data in made if keyframe]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_sets_that_were_only_told_beforehand(codec: str) -> None:
    packets = coded(codec, SMALL)
    bare = [without_sets(codec, packet) for packet in packets]
    assert beginnings(codec, annex_b(codec, sets_of(codec, packets[0])), bare) == [SMALL, SMALL]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_later_key_frames_that_lack_them(codec: str) -> None:
    packets = coded(codec, SMALL)
    bare = [packets[0], *(without_sets(codec, packet) for packet in packets[1:])]
    assert beginnings(codec, annex_b(codec, b""), bare) == [SMALL, SMALL]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_what_comes_among_the_pictures_counts_from_then_on(codec: str) -> None:
    small, large = coded(codec, SMALL), coded(codec, LARGE)
    stream = [without_sets(codec, packet) for packet in small]
    stream += [large[0], *(without_sets(codec, packet) for packet in large[1:])]
    convert = annex_b(codec, sets_of(codec, small[0]))
    assert beginnings(codec, convert, stream) == [SMALL, SMALL, LARGE, LARGE]


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@pytest.mark.parametrize("container", ["mp4", "matroska"])
def test_files_whose_units_have_lengths(codec: str, container: str) -> None:
    written = io.BytesIO()
    with av.open(written, "w", format=container) as file:
        stream = file.add_stream(ENCODERS[codec], rate=25)
        made = encoder(codec, LARGE)
        stream.width, stream.height, stream.pix_fmt = *LARGE, "yuv420p"
        stream.codec_context.options = made.options
        stream.codec_context.flags |= Flags.global_header
        for picture in pictures(LARGE, 2 * GROUP):
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    written.seek(0)
    with av.open(written) as file:
        stream = file.streams.video[0]
        assert bytes(stream.codec_context.extradata or b"")[:1] == b"\1"
        packets = [packet for packet in file.demux(stream) if packet.size]
        convert = AnnexB(stream)
        assert beginnings(codec, convert, packets) == [LARGE, LARGE]
        decoder = av.CodecContext.create(codec, "r")
        decoded = [picture for packet in packets for picture in decoder.decode(av.Packet(convert(packet)))]
        assert len([*decoded, *decoder.decode(None)]) == 2 * GROUP


def test_a_stream_that_tells_other_sets_beside_its_units() -> None:
    written = io.BytesIO(b"FLV\1\1\0\0\0\x09\0\0\0\0")
    written.seek(0, io.SEEK_END)
    for start, packets in ((0, coded("h264", SMALL)), (1000, coded("h264", LARGE))):
        written.write(flv_tag(b"\x17\0\0\0\0" + record_of(packets[0]), start))
        for number, packet in enumerate(packets):
            kind = b"\x17\1\0\0\0" if packet.is_keyframe else b"\x27\1\0\0\0"
            written.write(flv_tag(kind + with_lengths(without_sets("h264", packet)), start + number * 40))
    written.seek(0)
    with av.open(written, format="flv") as file:
        stream = file.streams.video[0]
        packets = [packet for packet in file.demux(stream) if packet.size]
        assert beginnings("h264", AnnexB(stream), packets) == [SMALL, SMALL, LARGE, LARGE]


def flv_tag(data: bytes, at_ms: int) -> bytes:
    head = b"\x09" + len(data).to_bytes(3, "big") + at_ms.to_bytes(3, "big") + bytes(4)
    return head + data + (len(head) + len(data)).to_bytes(4, "big")


def record_of(packet: av.Packet) -> bytes:
    """An AVCDecoderConfigurationRecord (ISO/IEC 14496-15)."""
    sps, pps = units(sets_of("h264", packet))
    head = bytes((1, *sps[1:4], 0xFF, 0xE1))
    return head + len(sps).to_bytes(2, "big") + sps + b"\1" + len(pps).to_bytes(2, "big") + pps


def with_lengths(packet: av.Packet) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units(bytes(packet)))


def test_complete_access_units_stay_as_they_are() -> None:
    for packet in coded("h264", SMALL):
        assert annex_b("h264", b"")(packet) == bytes(packet)


def test_a_delimiter_stays_first() -> None:
    packets = coded("h264", SMALL)
    delimited = av.Packet(b"\0\0\0\1\x09\x10" + bytes(without_sets("h264", packets[0])))
    delimited.is_keyframe = True
    data = annex_b("h264", sets_of("h264", packets[0]))(delimited)
    assert [unit[0] & 0x1F for unit in units(data)][:3] == [9, 7, 8]
    assert shown("h264", data) == SMALL


@given(st.integers(0, 2**15 - 2), st.binary(max_size=3))
def test_numbers_of_sets(number: int, behind: bytes) -> None:
    length = (number + 1).bit_length()
    bits = "0" * (length - 1) + f"{number + 1:b}"
    padded = bits + "1" * (-len(bits) % 8)
    assert exp_golomb(int(padded, 2).to_bytes(len(padded) // 8, "big") + behind) == number


@given(st.sampled_from(["h264", "hevc"]), st.binary(max_size=200), st.binary(max_size=200))
def test_nothing_that_is_sent_breaks_it(codec: str, extradata: bytes, data: bytes) -> None:
    packing = Packing.of(codec, extradata)
    sets = ParameterSets(codec)
    for unit in packing.sets:
        sets.keep(unit)
    converted = packing.annex_b(data)
    sets.told_in(converted)
    assert len(sets.before(converted)) >= len(converted)
