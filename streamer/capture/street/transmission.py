"""The street's pictures as a camera sends them: H.264 in small packets, some of which get lost."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

import av
import numpy as np
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from streamer.capture.parameters import START_CODE
from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.options import StreetOptions

PACKET_BYTES: Final = 1400
"""What an RTP packet carries where a network takes 1500 bytes (RFC 6184, FU-A for what is larger)."""

SLICES: Final = 4
_KEY_SLICE: Final = 5


@dataclass(frozen=True, slots=True)
class Unit:
    """What arrives of one coded picture.

    Attributes:
        data: Annex B; what is left of a torn unit stands as it came, as libav's own RTP reader leaves it.
        sent: packets that were sent.
        lost: packets of them that were lost.
        keyframe: whether a slice of a key frame is in it.
    """

    data: bytes
    sent: int
    lost: int
    keyframe: bool


class Transmission:
    """An encoder, and a way on which packets get lost: which ones, seed and picture alone decide."""

    def __init__(self, options: StreetOptions) -> None:
        self._options = options
        self._encoder = _encoder(options)
        self._encoder.open()
        self.parameters = bytes(self._encoder.extradata or b"")

    def send(self, image: NDArray[np.uint8], index: int) -> Unit:
        """Encodes picture ``index`` (BGR, the next in order) and loses some of it."""
        frame = av.VideoFrame.from_ndarray(image, format="bgr24")
        frame.pts = index
        data = b"".join(bytes(packet) for packet in self._encoder.encode(frame))
        pieces = [piece for unit in split(data) for piece in _pieces(unit)]
        luck = chance(self._options.seed, Matter.LOSS, index).random(len(pieces))
        arrived = [piece for piece, lot in zip(pieces, luck, strict=True) if lot >= self._options.loss]
        left = b"".join(arrived)
        key = any(unit[len(START_CODE)] & 0x1F == _KEY_SLICE for unit in split(left) if len(unit) > 3)
        return Unit(left, len(pieces), len(pieces) - len(arrived), key)


def split(data: bytes) -> list[bytes]:
    """The units of an Annex B stream, each with its start code."""
    starts = []
    at = data.find(START_CODE)
    while at >= 0:
        starts.append(at)
        at = data.find(START_CODE, at + len(START_CODE))
    return [data[start:end] for start, end in pairwise([*starts, len(data)])]


def decoder(parameters: bytes) -> VideoCodecContext:
    """A decoder that works as those of real cameras do, and knows the parameter sets beforehand (SDP)."""
    context = av.CodecContext.create("h264", "r")
    context.extradata = parameters
    context.thread_type, context.thread_count = "SLICE", 1
    context.options = {"flags": "low_delay"}
    return context


def _encoder(options: StreetOptions) -> VideoCodecContext:
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = options.width, options.height, "yuv420p"
    rate = Fraction(options.fps).limit_denominator(1000)
    context.framerate, context.time_base = rate, 1 / rate
    # Parameter sets go beside the stream, as in a session description.
    context.flags |= Flags.global_header
    gop = max(round(options.gop * options.fps), 1)
    context.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "crf": "27",
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:slices={SLICES}:sliced-threads=0:threads=1",
    }
    return context


def _pieces(unit: bytes) -> list[bytes]:
    return [unit[at : at + PACKET_BYTES] for at in range(0, len(unit), PACKET_BYTES)]
