"""What a camera's second stream costs: CPU of capture, against one stream alone, in one run.

python tests/benchmarks/two_streams.py [--video VIDEO] [--seconds 10] [--rounds 3]

The smaller stream (640x360, 15 a second) is detected on 5 times a second; nothing else runs. The larger one
(1920x1080, 30 a second, a key frame every 2 s) is closed; open; open with a picture of it wanted once a
second, or five times; and decoded all the time, as one would by hand. One stream alone is read at the same
time by another process, so that what disturbs the one disturbs the other.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import anyio
from anyio import to_thread

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from rtsp.clips import Clip, encode  # noqa: E402
from rtsp.two_streams import TwoStreams  # noqa: E402

from streamer.capture.source import open_source  # noqa: E402
from streamer.capture.streams import CameraStreams, open_streams  # noqa: E402
from streamer.config.tree import CameraConfig, DetectConfig, StreamsConfig  # noqa: E402
from streamer.frame import Frame  # noqa: E402
from streamer.tally import Tally  # noqa: E402

WARM_UP_S = 5.0
FPS = 5.0
LOOKS_A_SECOND = {"closed": None, "open": 0.0, "one look a second": 1.0, "five looks a second": 5.0}
ONE, ALL = "one stream", "all decoded"
LONG_S = 3600.0


async def cost(
    camera: CameraConfig, looks: float | None, seconds: float, extra: CameraConfig | None
) -> float:
    """CPU seconds per second of a camera whose frames are taken.

    Args:
        camera: its streams.
        looks: how often a larger picture is wanted, a second; None while nobody needs the larger stream.
        seconds: measured, after the warm-up.
        extra: a second camera that runs beside it, every picture of it decoded.
    """
    streams = open_streams("camera", camera, Tally())
    async with anyio.create_task_group() as tasks:
        await tasks.start(streams.run)
        if extra is not None:
            other = open_source("other", extra, Tally())
            await tasks.start(other.run)
            tasks.start_soon(_drain, other)
        if streams.main is not None and looks is not None:
            streams.main.needed_until(time.monotonic() + LONG_S)
        begun_at, cpu_s, looked_at = time.monotonic(), 0.0, 0.0
        async for frame in streams.frames():
            now = time.monotonic()
            if looks and now - looked_at > 0.9 / looks:
                looked_at = now
                await _look(streams, frame)
            if not cpu_s and now - begun_at > WARM_UP_S:
                begun_at, cpu_s = now, time.process_time()
            if cpu_s and now - begun_at > seconds:
                break
        used = (time.process_time() - cpu_s) / (time.monotonic() - begun_at)
        tasks.cancel_scope.cancel()
    return used


async def _look(streams: CameraStreams, frame: Frame) -> None:
    assert streams.main is not None
    found = await streams.main.pictures.near(frame)
    if found is not None:
        await to_thread.run_sync(found.pixels.bgr)


async def _drain(source: object) -> None:
    async for _ in source.frames():  # type: ignore[attr-defined]
        pass


def measured(what: str, source: StreamsConfig, seconds: float) -> float:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, "--what", what, source.main, source.sub, "--seconds", str(seconds)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def beside(kind: str, source: StreamsConfig, seconds: float, *, swapped: bool) -> tuple[float, float]:
    """The cost of a kind and of one stream alone, at the same time."""
    with ThreadPoolExecutor(2) as processes:
        order = [ONE, kind] if swapped else [kind, ONE]
        both = [processes.submit(measured, what, source, seconds) for what in order]
        first, second = (each.result() for each in both)
    return (second, first) if swapped else (first, second)


def measure(what: str, source: StreamsConfig, seconds: float) -> float:
    detect = DetectConfig(fps=FPS)
    sub = CameraConfig(source=source.sub, detect=detect)
    if what == ONE:
        return anyio.run(cost, sub, None, seconds, None)
    if what == ALL:
        return anyio.run(cost, sub, None, seconds, CameraConfig(source=source.main, detect=detect))
    return anyio.run(cost, CameraConfig(source=source, detect=detect), LOOKS_A_SECOND[what], seconds, None)


def compare(video: Path | None, seconds: float, rounds: int, kinds: list[str]) -> None:
    main = Clip(1920, 1080, fps=30, gop=60, seconds=10, video=video, preset="veryfast")
    sub = Clip(640, 360, fps=15, gop=30, seconds=10, video=video, preset="veryfast")
    with tempfile.TemporaryDirectory() as folder:
        camera = TwoStreams((encode(main, Path(folder)), 30), (encode(sub, Path(folder)), 15))
        camera.start()
        source = StreamsConfig(**camera.source)
        for kind in kinds:
            # Each in turn begins first.
            pairs = [beside(kind, source, seconds, swapped=bool(number % 2)) for number in range(rounds)]
            ratios = [found / one for found, one in pairs]
            spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
            print(f"{kind}: {median(found for found, _ in pairs):.4f} CPU s/s, ", end="")
            print(f"{median(ratios):.3f} of one stream alone ({spread})", flush=True)
        camera.kill()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("urls", nargs="*")
    parser.add_argument("--what", choices=[ONE, *LOOKS_A_SECOND, ALL])
    parser.add_argument("--calm", action="store_true", help="only what costs nothing while nothing happens")
    parser.add_argument("--video", type=Path, help="what the camera shows; else FFmpeg's test picture")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.what:
        larger, smaller = options.urls
        print(measure(options.what, StreamsConfig(main=larger, sub=smaller), options.seconds))
    else:
        kinds = ["closed"] if options.calm else [*LOOKS_A_SECOND, ALL]
        compare(options.video, options.seconds, options.rounds, kinds)


if __name__ == "__main__":
    main()
