#!/usr/bin/python3
"""One stream of a real RTSP camera that has several, each in a process of its own: see ``camera.py``.

Which picture it shows depends on the time of day alone, as with a camera, so that streams of one footage
show the same moment at the same time. Prints ``ready PORT``, then ``watched`` and ``left`` as clients come
and go. A new client waits for the next key frame.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from camera import DELIMITERS, TICK_MS, access_units, begin, packetized, send, serve  # noqa: E402
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

CODEC = "h264"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="elementary stream, played again and again")
    parser.add_argument("--fps", type=int, required=True)
    parser.add_argument("--since-ns", type=int, required=True, help="monotonic time of its first picture")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--life-s", type=int, default=600)
    return parser.parse_args()


@dataclass
class Feed:
    """Pushes each access unit at its time into one pipeline, until nobody listens."""

    source: Gst.Element
    units: list[bytes]
    fps: int
    since_ns: int
    count: int = -1
    over: bool = False

    def tick(self) -> bool:
        if self.over:
            return False
        if self.source.get_state(0).state != Gst.State.PLAYING:
            return True
        now = self.source.get_clock().get_time() - self.source.get_base_time()
        if self.count < 0:
            self.count = (self.source.get_clock().get_time() - self.since_ns) * self.fps // Gst.SECOND
        while self.due_ns() <= now:
            # A client that plays sets the running time back; what was due before is lost, as with a camera.
            if self.due_ns() >= 0:
                send(self.source, self.units[self.count % len(self.units)], self.due_ns(), self.fps)
            self.count += 1
        return True

    def due_ns(self) -> int:
        """Running time of the next picture."""
        return self.since_ns + self.count * Gst.SECOND // self.fps - self.source.get_base_time()


class Stream(GstRtspServer.RTSPMediaFactory):
    """Serves access units by the time of day."""

    def __init__(self, units: list[bytes], fps: int, since_ns: int) -> None:
        super().__init__()
        self.units, self.fps, self.since_ns = units, fps, since_ns
        self.set_shared(True)
        self.set_latency(0)

    def do_create_element(self, url: object) -> Gst.Element:
        return packetized(CODEC)

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        print("watched", flush=True)
        feed = Feed(media.get_element().get_by_name_recurse_up("src"), self.units, self.fps, self.since_ns)
        media.connect("unprepared", lambda _: left(feed))
        GLib.timeout_add(TICK_MS, feed.tick)


def left(feed: Feed) -> None:
    feed.over = True
    print("left", flush=True)


def main() -> None:
    options = arguments()
    begin()
    units = access_units(options.file.read_bytes(), DELIMITERS[CODEC])
    server = GstRtspServer.RTSPServer.new()
    server.get_mount_points().add_factory("/cam", Stream(units, options.fps, options.since_ns))
    serve(server, options.port, options.life_s)


main()
