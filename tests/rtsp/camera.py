#!/usr/bin/python3
"""A real RTSP camera on loopback: GStreamer serves looped H.264 or H.265 files.

Runs under the system's Python, which has the GStreamer bindings, and imports nothing of ours. Prints
``ready PORT``; ends when its standard input closes, or after its life time.
"""

import argparse
import ctypes
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PARSERS = {"h264": ("h264parse", "rtph264pay"), "hevc": ("h265parse", "rtph265pay")}
CAPS = {"h264": "video/x-h264", "hevc": "video/x-h265"}
# Access unit delimiters, which FFmpeg was told to write before each picture.
DELIMITERS = {"h264": b"\0\0\0\1\x09", "hevc": b"\0\0\0\1\x46\x01"}
TICK_MS = 5
PR_SET_PDEATHSIG = 1
NTP_EPOCH_S = -2_208_988_800
"""1900, in seconds since 1970 (RFC 5905)."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="+", type=Path, help="elementary streams, played one after the other")
    parser.add_argument("--codec", choices=sorted(PARSERS), default="h264")
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--auth", choices=("basic", "digest"))
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--loss", type=float, default=0.0, help="share of RTP packets that never leave")
    parser.add_argument("--seed", type=int, default=0, help="of which packets those are")
    parser.add_argument("--ahead-s", type=float, default=0.0, help="how far its clock is ahead")
    parser.add_argument(
        "--sets-beforehand", action="store_true", help="parameter sets are in the session description only"
    )
    parser.add_argument("--life-s", type=int, default=600)
    return parser.parse_args()


def access_units(data: bytes, delimiter: bytes) -> list[bytes]:
    """The pictures of an elementary stream, split at its delimiters."""
    starts = []
    at = data.find(delimiter)
    while at >= 0:
        starts.append(at)
        at = data.find(delimiter, at + len(delimiter))
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def packetized(codec: str, *, sets_beforehand: bool = False) -> Gst.Element:
    """A pipeline that takes access units as they are: no encoder runs in the camera."""
    parse, pay = PARSERS[codec]
    caps = f"{CAPS[codec]},stream-format=byte-stream,alignment=au"
    # In this form there is no place for parameter sets among the pictures.
    parsed = (
        f"{parse} ! {CAPS[codec]},stream-format=avc" if sets_beforehand else f"{parse} config-interval=-1"
    )
    interval = 0 if sets_beforehand else -1
    return Gst.parse_launch(
        f"( appsrc name=src is-live=true format=time max-bytes=4000000 caps={caps}"
        f" ! {parsed} ! {pay} name=pay0 pt=96 config-interval={interval} )"
    )


def send(source: Gst.Element, unit: bytes, due_ns: int, fps: int) -> None:
    """An access unit into the pipeline, due at that running time."""
    buffer = Gst.Buffer.new_wrapped(unit)
    buffer.pts = due_ns
    buffer.duration = Gst.SECOND // fps
    # Not OK while the server seeks; the picture is lost, like with a camera.
    source.emit("push-buffer", buffer)


@dataclass
class Feed:
    """Pushes access units into one pipeline at their times, until nobody listens."""

    source: Gst.Element
    units: list[bytes]
    fps: int
    count: int = 0
    begun_ns: int | None = None
    over: bool = False

    def tick(self) -> bool:
        if self.over:
            return False
        # Before it plays, the pipeline has a clock but no base time.
        if self.source.get_state(0).state != Gst.State.PLAYING:
            return True
        now = self.source.get_clock().get_time() - self.source.get_base_time()
        # A client that plays makes the server seek, which sets the running time back.
        if self.begun_ns is None or self._due_ns() > now + Gst.SECOND:
            self.begun_ns = now - self.count * Gst.SECOND // self.fps
        while self._due_ns() <= now:
            send(self.source, self.units[self.count % len(self.units)], self._due_ns(), self.fps)
            self.count += 1
        return True

    def _due_ns(self) -> int:
        return (self.begun_ns or 0) + self.count * Gst.SECOND // self.fps


class Loss:
    """Loses RTP packets on their way out of the packetizer: always the same ones of a seed."""

    def __init__(self, share: float, seed: int) -> None:
        self.share, self.random = share, Random(seed)
        self.passing = False

    def probe(self, pad: Gst.Pad, info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        if self.passing:
            return Gst.PadProbeReturn.OK
        if not info.type & Gst.PadProbeType.BUFFER_LIST:
            return Gst.PadProbeReturn.DROP if self.lost() else Gst.PadProbeReturn.OK
        packets = info.get_buffer_list()
        kept = [packets.get(n) for n in range(packets.length()) if not self.lost()]
        self.passing = True
        for packet in kept:
            pad.push(packet)
        self.passing = False
        return Gst.PadProbeReturn.DROP

    def lost(self) -> bool:
        return self.random.random() < self.share


def clock_ahead(seconds: float) -> Gst.Clock:
    """A clock that shows the wall time of NTP, but ahead by some seconds."""
    clock = Gst.SystemClock(clock_type=Gst.ClockType.REALTIME)
    internal, ahead_ns = clock.get_internal_time(), int((seconds - NTP_EPOCH_S) * Gst.SECOND)
    clock.set_calibration(internal, internal + ahead_ns, 1, 1)
    return clock


def report_its_clock(media: GstRtspServer.RTSPMedia) -> None:
    """RTCP sender reports tell the time of the pipeline's clock, not that of the machine."""
    pipeline = media.get_element().get_parent()
    for number in range(pipeline.get_children_count()):
        child = pipeline.get_child_by_index(number)
        if child.get_factory() and child.get_factory().get_name() == "rtpbin":
            child.set_property("ntp-time-source", "clock-time")


class LoopedFile(GstRtspServer.RTSPMediaFactory):
    """Serves access units again and again."""

    def __init__(self, units: list[bytes], options: argparse.Namespace) -> None:
        super().__init__()
        self.units, self.codec, self.fps = units, options.codec, options.fps
        self.loss = Loss(options.loss, options.seed)
        self.ahead_s = options.ahead_s
        self.sets_beforehand = options.sets_beforehand
        self.set_shared(True)
        self.set_latency(0)

    def do_create_element(self, url: object) -> Gst.Element:
        return packetized(self.codec, sets_beforehand=self.sets_beforehand)

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        element = media.get_element()
        feed = Feed(element.get_by_name_recurse_up("src"), self.units, self.fps)
        media.connect("unprepared", lambda _: setattr(feed, "over", True))
        if self.loss.share:
            kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
            packetizer = element.get_by_name_recurse_up("pay0")
            packetizer.get_static_pad("src").add_probe(kinds, self.loss.probe)
        if self.ahead_s:
            media.set_clock(clock_ahead(self.ahead_s))
            media.connect("prepared", report_its_clock)
        GLib.timeout_add(TICK_MS, feed.tick)


def protect(server: GstRtspServer.RTSPServer, factory: LoopedFile, options: argparse.Namespace) -> None:
    """Asks for a user name and a password."""
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    if options.auth == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(options.user, options.password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(options.user, options.password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)


def begin() -> None:
    # A stopped process doesn't see its pipe close: the kernel ends it with its parent.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    Gst.init(None)


def serve(server: GstRtspServer.RTSPServer, port: int, life_s: int) -> None:
    """Serves at a port, a free one where it is 0, until standard input closes."""
    server.set_address("127.0.0.1")
    server.set_service(str(port))
    loop = GLib.MainLoop()
    server.attach(None)
    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP | GLib.IO_IN, lambda *_: loop.quit())
    GLib.timeout_add_seconds(life_s, loop.quit)
    print("ready", server.get_bound_port(), flush=True)
    loop.run()


def main() -> None:
    options = arguments()
    begin()
    units = [
        unit for path in options.file for unit in access_units(path.read_bytes(), DELIMITERS[options.codec])
    ]
    server = GstRtspServer.RTSPServer.new()
    factory = LoopedFile(units, options)
    if options.auth:
        protect(server, factory, options)
    server.get_mount_points().add_factory("/cam", factory)
    serve(server, options.port, options.life_s)


if __name__ == "__main__":
    main()
