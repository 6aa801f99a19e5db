#!/usr/bin/python3
"""A real RTSP camera whose every picture carries the time at which it was taken: see ``camera.py``.

The time is in its barcode: milliseconds since 1970, the lowest 32 bits. It encodes as it goes.
"""

import argparse
import time
from collections.abc import Sequence

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from barcode import CELL, row  # noqa: E402
from camera import TICK_MS, Feed, begin, serve  # noqa: E402
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

BITS = 32
SCROLLED = 256
GREY = 128


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--fps", type=int, default=15)
    parser.add_argument("--gop", type=int, default=30)
    parser.add_argument("--kbps", type=int, default=2000)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--life-s", type=int, default=600)
    return parser.parse_args()


class Pictures(Sequence[bytes]):
    """I420 pictures of waves that scroll, each made when it is asked for."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        wave = bytes(64 + abs(n % 256 - 128) // 2 for n in range(width + 256))
        self.waves = b"".join(wave[y * 3 % 256 :][:width] for y in range(height + SCROLLED))
        self.chroma = bytes([GREY]) * (width * height // 2)

    def __len__(self) -> int:
        return SCROLLED

    def __getitem__(self, number: int) -> bytes:
        begin = number * self.width
        picture = bytearray(self.waves[begin : begin + self.width * self.height])
        cells = row(int(time.time() * 1000) % (1 << BITS), BITS)
        for y in range(CELL):
            picture[y * self.width : y * self.width + len(cells)] = cells
        return bytes(picture + self.chroma)


class Clock(GstRtspServer.RTSPMediaFactory):
    """Serves the pictures as they come."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__()
        self.options = options
        self.set_shared(True)
        self.set_latency(0)

    def do_create_element(self, url: object) -> Gst.Element:
        asked = self.options
        caps = f"video/x-raw,format=I420,width={asked.width},height={asked.height},framerate={asked.fps}/1"
        return Gst.parse_launch(
            f"( appsrc name=src is-live=true format=time caps={caps}"
            f" ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max={asked.gop} bitrate={asked.kbps}"
            " sliced-threads=false threads=1 ! video/x-h264,profile=constrained-baseline"
            " ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
        )

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        pictures = Pictures(self.options.width, self.options.height)
        feed = Feed(media.get_element().get_by_name_recurse_up("src"), pictures, self.options.fps)
        media.connect("unprepared", lambda _: setattr(feed, "over", True))
        GLib.timeout_add(TICK_MS, feed.tick)


def main() -> None:
    options = arguments()
    begin()
    server = GstRtspServer.RTSPServer.new()
    server.get_mount_points().add_factory("/cam", Clock(options))
    serve(server, options.port, options.life_s)


main()
