"""Several real RTSP cameras through the whole pipeline, and how late their results are.

python -m tests.benchmarks.rtsp_cameras [--video F] [--model M] [--count 4] [--seconds 10] [--rounds 3]
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter

import anyio

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from rtsp.clips import Clip, encode  # noqa: E402
from rtsp.fixtures import RtspCamera  # noqa: E402

from streamer.bench.bare import BareModel  # noqa: E402
from streamer.bench.cameras import Cameras  # noqa: E402
from streamer.bench.rig import served  # noqa: E402
from streamer.bench.video import decoded  # noqa: E402
from streamer.config.tree import CameraConfig, DetectConfig  # noqa: E402
from streamer.metrics.metrics import Metrics  # noqa: E402
from streamer.metrics.window import quantile  # noqa: E402
from streamer.status import Status  # noqa: E402

RUNS = 100


def run_s(model: str, video: Path) -> float:
    """Median seconds of one run of the bare model, one thread, alone."""
    bare, pictures = BareModel(model), decoded(video)
    inputs = [bare.pixels(bare.fitted(next(pictures).to_ndarray(format="bgr24"))) for _ in range(16)]
    times = []
    for _, pixels in zip(range(RUNS), cycle(inputs), strict=False):
        began = perf_counter()
        bare.run(pixels)
        times.append(perf_counter() - began)
    return median(times)


def totals(metrics: Metrics) -> tuple[int, int]:
    """Pictures received and dropped, of all cameras, lead-in included."""
    seen = metrics.cameras()
    return sum(each.received for each in seen), sum(sum(each.dropped.values()) for each in seen)


async def watch(model: str, urls: list[str], options: argparse.Namespace, alone_s: float) -> None:
    metrics = Metrics(Status([]))
    configs = [CameraConfig(source=url, detect=DetectConfig(fps=0)) for url in urls]
    async with served(model, metrics) as batcher:
        cameras = Cameras(batcher, metrics, configs)
        # The first frames bring imports and allocations with them.
        await cameras.measure(0.5)
        for number in range(options.rounds):
            before = totals(metrics)
            seen = await cameras.measure(options.seconds)
            received, dropped = (now - then for now, then in zip(totals(metrics), before, strict=True))
            ages = sorted(seen.latencies_s)
            p50, p95 = (1e3 * (quantile(ages, share) or 0) for share in (0.50, 0.95))
            cores = seen.cpu_s / seen.wall_s
            rates = ", ".join(f"{count / seen.wall_s:.1f}" for count in seen.results)
            print(
                f"round {number}: {rates} results/s; decoded to result p50 {p50:.1f} ms, p95 {p95:.1f} ms,"
                f" {p95 / 1e3 / alone_s:.2f} runs of {1e3 * alone_s:.1f} ms; {cores:.2f} cores;"
                f" {received} received, {dropped} dropped"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--video", type=Path, help="what the cameras show; else FFmpeg's test picture")
    parser.add_argument("--model", default="sightline-nano")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    clip = Clip(width=1280, height=720, fps=30, gop=30, seconds=10, video=options.video)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stream = encode(clip, Path(folder))
        cameras = [RtspCamera([stream], clip, None) for _ in range(options.count)]
        for camera in cameras:
            camera.start()
            stack.callback(camera.kill)
        alone_s = run_s(options.model, stream)
        anyio.run(watch, options.model, [camera.url for camera in cameras], options, alone_s)


if __name__ == "__main__":
    main()
