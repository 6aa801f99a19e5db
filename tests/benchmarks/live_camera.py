"""What a live camera costs: CPU of capture at 5 frames a second against decoding alone, in one run.

python tests/benchmarks/live_camera.py VIDEO [--seconds 10] [--rounds 3] [--gop 30]

With a key frame at least as often as a frame is wanted (--gop 5), only those are decoded.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import anyio
import av

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]
WARM_UP_S = 2.0

from rtsp.clips import Clip, encode  # noqa: E402
from rtsp.fixtures import RtspCamera  # noqa: E402

from streamer.capture.source import open_source  # noqa: E402
from streamer.capture.state import SourceState  # noqa: E402
from streamer.config.tree import CameraConfig, DetectConfig  # noqa: E402


class Silent:
    """Hears nothing."""

    def received(self, camera: str) -> None: ...

    def dropped(self, camera: str, reason: str) -> None: ...

    def clocked(self, camera: str, offset_s: float) -> None: ...

    def changed(self, camera: str, state: SourceState) -> None: ...


def decoding(url: str, seconds: float) -> float:
    """CPU seconds per second of a bare decode loop."""
    options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "probesize": "32768", "analyzeduration": "0"}
    with av.open(url, options=options) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_type = "SLICE"
        stream.codec_context.thread_count = 1
        begun_at, cpu_s = time.monotonic(), 0.0
        for packet in container.demux(stream):
            packet.decode()
            if not cpu_s and time.monotonic() - begun_at > WARM_UP_S:
                begun_at, cpu_s = time.monotonic(), time.process_time()
            if cpu_s and time.monotonic() - begun_at > seconds:
                return (time.process_time() - cpu_s) / (time.monotonic() - begun_at)
    raise SystemExit("the camera ended")


async def capturing(url: str, seconds: float, fps: float) -> float:
    """CPU seconds per second of a source whose frames are taken."""
    source = open_source("camera", CameraConfig(source=url, detect=DetectConfig(fps=fps)), Silent())
    async with anyio.create_task_group() as tasks:
        await tasks.start(source.run)
        begun_at, cpu_s = time.monotonic(), 0.0
        async for _ in source.frames():
            if not cpu_s and time.monotonic() - begun_at > WARM_UP_S:
                begun_at, cpu_s = time.monotonic(), time.process_time()
            if cpu_s and time.monotonic() - begun_at > seconds:
                break
        used = (time.process_time() - cpu_s) / (time.monotonic() - begun_at)
        tasks.cancel_scope.cancel()
    return used


def measured(kind: str, url: str, seconds: float) -> float:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, kind, url, "--seconds", str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", help="a video, or a measurement: decoding, capturing")
    parser.add_argument("url", nargs="?")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--gop", type=int, default=30)
    parser.add_argument("--fps", type=float, default=5)
    options = parser.parse_args()
    if options.what == "decoding":
        print(decoding(options.url, options.seconds))
    elif options.what == "capturing":
        print(anyio.run(capturing, options.url, options.seconds, options.fps))
    else:
        compare(Path(options.what), options.seconds, options.rounds, options.gop)


def compare(video: Path, seconds: float, rounds: int, gop: int) -> None:
    clip = Clip(width=1280, height=720, fps=30, gop=gop, seconds=10, video=video, preset="veryfast")
    with tempfile.TemporaryDirectory() as folder:
        camera = RtspCamera([encode(clip, Path(folder))], clip, None)
        camera.start()
        alone = captured = 0.0
        for number in range(rounds):
            alone += (one := measured("decoding", camera.url, seconds))
            captured += (other := measured("capturing", camera.url, seconds))
            print(
                f"round {number}: decoding {one:.4f}, capturing {other:.4f} CPU s/s, ratio {other / one:.3f}"
            )
        print(f"ratio {captured / alone:.3f}")
        camera.kill()


if __name__ == "__main__":
    main()
