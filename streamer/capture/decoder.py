"""Which decoder a stream gets: the processor's, or that of a graphics card, and never silently the other."""

from __future__ import annotations

from contextlib import closing
from typing import Final, Literal

import av
import av.error
from av import Codec, CodecContext, VideoCodecContext
from av.codec.hwaccel import HWAccel
from av.video.stream import VideoStream

from streamer.capture.libav_log import LibavLog
from streamer.capture.parameters import SYNTAX
from streamer.errors import SourceUnavailable

Decode = Literal["auto", "cpu", "cuda", "qsv"]
Hardware = Literal["cuda", "qsv"]

HARDWARE: Final[tuple[Hardware, ...]] = ("cuda", "qsv")
"""What libav can decode with, the best first."""
NAMES: Final[dict[Hardware, str]] = {"cuda": "{}", "qsv": "{}_qsv"}
"""libav's name of the decoder: NVIDIA's is a part of its own, Intel's is one beside it."""
PROBED: Final = "h264"


def missing(hardware: Hardware) -> str | None:
    """Why this machine, or this build of libav, cannot decode with it; None when it can."""
    with closing(LibavLog()) as log:
        try:
            HWAccel(hardware).create(Codec(NAMES[hardware].format(PROBED), "r"))
        except (av.error.FFmpegError, NotImplementedError) as error:
            return log.reason() or getattr(error, "strerror", None) or str(error)
        except ValueError:
            return "this build of libav has no such decoder"
    return None


def decoder_for(stream: VideoStream, decode: Decode, *, live: bool) -> Decoder:
    """The decoder of a stream, not yet proved.

    With ``auto`` it is the first hardware that answers, for live H.264 and H.265: recordings carry a display
    matrix, which only libav's own decoder passes on, and they need no hurry.

    Raises:
        SourceUnavailable: the hardware that was asked for is not there, or does not know this codec.
    """
    if decode == "cpu" or (decode == "auto" and not (live and stream.codec_context.name in SYNTAX)):
        return Decoder(stream.codec_context, None, required=False)
    if decode != "auto":
        if reason := missing(decode):
            raise SourceUnavailable(f"no {decode} decoder: {reason}")
        context = _hardware_context(stream, decode, required=True)
        if context is None:
            raise SourceUnavailable(f"no {decode} decoder for {stream.codec_context.name}")
        return Decoder(context, decode, required=True)
    for hardware in HARDWARE:
        if missing(hardware) is None:
            context = _hardware_context(stream, hardware, required=False)
            if context is not None:
                return Decoder(context, hardware, required=False)
    return Decoder(stream.codec_context, None, required=False)


def _hardware_context(stream: VideoStream, hardware: Hardware, *, required: bool) -> VideoCodecContext | None:
    name = NAMES[hardware].format(stream.codec_context.name)
    try:
        accelerator = HWAccel(hardware, allow_software_fallback=not required)
        context = CodecContext.create(name, "r", hwaccel=accelerator)
    except ValueError:
        return None
    assert isinstance(context, VideoCodecContext)
    context.extradata = stream.codec_context.extradata
    return context if context.is_hwaccel else None


class Decoder:
    """A decoder context, and the device that its pictures turned out to come from."""

    def __init__(self, context: VideoCodecContext, hardware: Hardware | None, *, required: bool) -> None:
        """
        Args:
            context: decodes; not open yet.
            hardware: what it was made for; None for the processor.
            required: pictures from elsewhere are an error.
        """
        self.context = context
        self._hardware = hardware
        self._required = required
        # One thread, no frame threading: each of those holds back one more picture.
        context.thread_type = "SLICE"
        context.thread_count = 1

    def decode(self, packet: av.Packet[VideoStream] | None) -> list[av.VideoFrame]:
        """The pictures that became complete.

        Raises:
            InvalidDataError: this packet cannot be decoded; libav's own error.
            SourceUnavailable: the hardware failed, is gone, or was never used.
        """
        if self._hardware is None:
            return self.context.decode(packet)
        try:
            frames = self.context.decode(packet)
        except av.error.InvalidDataError:
            raise
        except av.error.FFmpegError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise SourceUnavailable(f"the {self._hardware} decoder failed: {reason}") from None
        if frames and self._required and not self._on_device():
            raise SourceUnavailable(f"no {self._hardware} decoder for this stream: it was decoded by the CPU")
        return frames

    @property
    def device(self) -> str:
        """Where pictures are decoded, once there was one: ``cpu``, ``cuda`` or ``qsv``."""
        if self._hardware is not None and (self._required or self._on_device()):
            return self._hardware
        return "cpu"

    def _on_device(self) -> bool:
        # libav names the format of pictures that are on a device after the device.
        return self.context.pix_fmt == self._hardware
