"""What viewers cost, how old what they see is, and whether they hold the service up; beside stock aiortc.

python tests/benchmarks/viewers.py [--viewers 1 4 8] [--seconds 5] [--parts cpu age lag] [--video F]

cpu: CPU seconds per second of the serving process at 720p15, viewers in another process, which do not decode.
age: from the camera's clock to the picture in a real Chromium, and from the click to the first picture.
lag: of the event loop, with four cameras, their detector at work, and eight viewers with boxes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent), str(Path(__file__).parent)]

from asked import Asked  # noqa: E402
from glass import bare_ms, chromium, first_pictures_ms, player_ms  # noqa: E402
from rtsp.clips import Clip, encode  # noqa: E402
from rtsp.fixtures import RtspCamera, launched  # noqa: E402
from system.footage import film  # noqa: E402

CLOCK = TESTS / "rtsp" / "clock_camera.py"
STREET = "sim://street?seed=5&size=1280x720&fps=15&people=6"
SETTLE_S = 2.0
MOST_PER_VIEWER = 0.01
LEAST_CHEAPER = 10
MOST_FIRST_MS = 300
MOST_LAG_MS = 20
CAMERAS = 4
FPS = 15
FULL = 0.95


@dataclass(frozen=True, slots=True)
class Watched:
    """What a number of viewers got and cost.

    Attributes:
        count: viewers.
        cores: CPU seconds per second of the server.
        packets: per second, all viewers.
        pictures: per second, all viewers.
    """

    count: int
    cores: float
    packets: float
    pictures: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a way of serving."""

    name: str
    seen: tuple[Watched, ...]

    @property
    def per_viewer(self) -> float:
        """The slope over viewers who get everything: on a busy machine some are given less."""
        whole = [each.pictures / FPS for each in self.seen]
        return float(np.polyfit(whole, [each.cores for each in self.seen], 1)[0])

    @property
    def starved(self) -> bool:
        """Whether the machine was too busy for the figures to be those of a calm one."""
        return any(each.pictures < FULL * FPS * each.count for each in self.seen)


def footage(options: argparse.Namespace, folder: Path) -> tuple[Path, Clip]:
    """What the cameras show."""
    # Each measurement lasts as long as one round of it: all see the same.
    seconds = options.seconds
    video = options.video or film(folder / "street.mp4", seconds, STREET)
    clip = Clip(width=1280, height=720, fps=FPS, gop=30, seconds=seconds, video=video, preset="veryfast")
    stream = encode(clip, folder)
    print(f"camera: 1280x720, 15 a second, {stream.stat().st_size * 8 / clip.seconds / 1e6:.2f} Mbit/s")
    return stream, clip


@contextmanager
def cameras(count: int, stream: Path, clip: Clip) -> Iterator[list[str]]:
    with ExitStack() as stack:
        made = [RtspCamera([stream], clip, None) for _ in range(count)]
        for camera in made:
            camera.start()
            stack.callback(camera.kill)
        yield [camera.url for camera in made]


@contextmanager
def clock_camera() -> Iterator[str]:
    process, port = launched([str(CLOCK)])
    try:
        yield f"rtsp://127.0.0.1:{port}/cam"
    finally:
        process.kill()
        process.communicate()


@contextmanager
def service(urls: list[str]) -> Iterator[Asked]:
    """The whole service; camera, camera-2, ..."""
    names = ["camera", *(f"camera-{n}" for n in range(2, len(urls) + 1))]
    with tempfile.TemporaryDirectory() as data:
        sources = {name: {"source": url} for name, url in zip(names, urls, strict=True)}
        config = {"cameras": sources, "data": data, "http": {"port": 0}}
        with Asked("viewed_service.py", json.dumps(config)) as served:
            time.sleep(SETTLE_S)
            yield served


def cost(name: str, server: Asked, path: str, options: argparse.Namespace, *extra: str) -> Cost:
    seen = []
    with Asked("many_viewers.py", *extra, server.first + path, tells=False) as viewers:
        for count in options.viewers:
            viewers.ask(str(count))
            time.sleep(SETTLE_S)
            began, before = time.monotonic(), received(viewers, count)
            cores = server.cores(options.seconds)
            rates = (received(viewers, count) - before) / (time.monotonic() - began)
            seen.append(Watched(count, cores, *map(float, rates)))
    return Cost(name, tuple(seen))


def received(viewers: Asked, count: int) -> NDArray[np.int64]:
    """Packets and pictures so far."""
    return np.array(viewers.ask(str(count)).split(), np.int64)


def compare_costs(options: argparse.Namespace, stream: Path, clip: Clip) -> None:
    with cameras(1, stream, clip) as urls:
        with service(urls) as ours:
            costs = [
                cost("passthrough", ours, "/whep/camera", options),
                cost("passthrough + boxes", ours, "/whep/camera", options, "--boxes"),
                cost("burnt-in", ours, "/whep/camera?annotate=1", options),
            ]
        with Asked("stock_viewing.py", *urls) as server:
            stock = cost("stock aiortc", server, "/whep/camera", options)
    print("\nCPU of the server: times cheaper than stock, cores per added viewer (of all pictures)")
    for each in [*costs, stock]:
        cheaper = stock.per_viewer / each.per_viewer if each.per_viewer > 0 else float("inf")
        held = each is stock or (cheaper >= LEAST_CHEAPER and each.per_viewer <= MOST_PER_VIEWER)
        judged = "not judged: the machine was too busy" if each.starved else verdict(held)
        print(f"{each.name:20} {cheaper:5.1f}x  {each.per_viewer:7.4f}  {judged}")
        for seen in each.seen:
            print(
                f"{'':20} {seen.count} viewers: {seen.cores:.3f} cores; each of them"
                f" {seen.pictures / seen.count:.1f} pictures/s, {seen.packets / seen.count:.0f} packets/s"
            )


def compare_ages(options: argparse.Namespace) -> None:
    with clock_camera() as url, chromium() as browser:
        with service([url]) as ours:
            server = ours.first
            found = {
                "passthrough": bare_ms(browser, server, "/whep/camera", options.seconds),
                "passthrough, player": player_ms(browser, server, "/watch/camera", options.seconds),
                "burnt-in": bare_ms(browser, server, "/whep/camera?annotate=true", options.seconds),
                "burnt-in, player": player_ms(
                    browser, server, "/watch/camera?annotate=true", options.seconds
                ),
            }
            clicked, played = first_pictures_ms(browser, server, "/watch/camera", options.clicks)
        with Asked("stock_viewing.py", url) as other:
            stock = bare_ms(browser, other.first, "/whep/camera", options.seconds)
    print("\nage of what Chromium shows, median: share of stock, ms")
    for name, age in [*found.items(), ("stock aiortc", stock)]:
        print(f"{name:20} {age / stock:5.2f}  {age:6.0f} ms")
    print(
        f"first picture, median of {options.clicks}: {clicked:.0f} ms after the click,"
        f" {played:.0f} ms after the player began  {verdict(clicked <= MOST_FIRST_MS)}"
    )


def measure_lag(options: argparse.Namespace, stream: Path, clip: Clip) -> None:
    count = max(options.viewers)
    with cameras(CAMERAS, stream, clip) as urls, service(urls) as ours:
        paths = ["/whep/camera", *(f"/whep/camera-{n}" for n in range(2, CAMERAS + 1))]
        ours.ask("")
        time.sleep(options.seconds)
        alone, _ = map(float, ours.ask("").split())
        with Asked("many_viewers.py", "--boxes", *(ours.first + path for path in paths), tells=False) as many:
            many.ask(str(count))
            time.sleep(SETTLE_S)
            ours.ask("")
            cores = ours.cores(options.seconds)
            watched, own = map(float, ours.ask("").split())
    print(
        f"\nevent loop, {CAMERAS} cameras: p99 {watched:.1f} ms late with {count} viewers, {alone:.1f} ms"
        f" without ({watched / alone:.2f}), {own:.1f} ms by its own work; {cores:.2f} cores"
        f"  {verdict(watched <= MOST_LAG_MS)}"
    )


def verdict(held: bool) -> str:
    return "" if held else "OVER ITS LIMIT"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clicks", type=int, default=10)
    parser.add_argument("--parts", nargs="+", choices=("cpu", "age", "lag"), default=["cpu", "age", "lag"])
    parser.add_argument("--video", type=Path, help="what the cameras show; else a simulated street")
    options = parser.parse_args()
    print(f"machine: {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} before it begins")
    with tempfile.TemporaryDirectory() as folder:
        stream, clip = footage(options, Path(folder))
        if "cpu" in options.parts:
            compare_costs(options, stream, clip)
        if "age" in options.parts:
            compare_ages(options)
        if "lag" in options.parts:
            measure_lag(options, stream, clip)


if __name__ == "__main__":
    main()
