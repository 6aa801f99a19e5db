"""What looking after a camera's pictures costs, and how often it is right.

python -m tests.benchmarks.health [--pictures FOLDER --count 100]
"""

import argparse
import random
import time
from collections import Counter
from pathlib import Path

import numpy as np
from av import VideoFrame

from detectors.pixels import BgrPixels, Pixels
from streamer.capture.pixels import BgrConverter, VideoPixels
from streamer.frame import Frame
from streamer.health.look import look
from streamer.health.picture import PictureJudge
from tests.health.pictures_of_trouble import HARMLESS, NOON, TROUBLES, scene, verdicts

SIZES = ((640, 360), (1280, 720), (1920, 1080), (3840, 2160))
LOOKS = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="folder of pictures to take for scenes")
    parser.add_argument("--count", type=int, default=100)
    options = parser.parse_args()
    if options.pictures is None:
        costs()
    else:
        confusion(options.pictures, options.count)


def costs() -> None:
    for width, height in SIZES:
        noise = np.random.default_rng(0).integers(0, 255, (height + 8, width, 3), np.uint8)
        pictures = [np.ascontiguousarray(noise[top : top + height]) for top in range(8)]
        converter = BgrConverter()
        decoded = [VideoFrame.from_ndarray(each, "bgr24").reformat(format="yuv420p") for each in pictures]
        for kind, pixels in (
            ("decoded", [VideoPixels(each, converter) for each in decoded]),
            ("BGR", [BgrPixels(each) for each in pictures]),
        ):
            looked_ms, judged_ms = cost_ms(pixels)
            print(
                f"{width}x{height} {kind}: look {looked_ms:.2f} ms, verdict {judged_ms:.2f} ms; "
                f"{(looked_ms + judged_ms) / 10:.3f}% of a core at one a second"
            )


def cost_ms(pixels: list[Pixels]) -> tuple[float, float]:
    """CPU time of a look and of its verdict."""
    judge, looked_s, judged_s = PictureJudge(), 0.0, 0.0
    for n in range(LOOKS):
        frame = Frame("yard", n, n, NOON, 0.0, pixels[n % len(pixels)])
        began = time.thread_time()
        picture = look(frame)
        seen = time.thread_time()
        judge.judge(picture, float(n), NOON)
        looked_s, judged_s = looked_s + seen - began, judged_s + time.thread_time() - seen
    return 1e3 * looked_s / LOOKS, 1e3 * judged_s / LOOKS


def confusion(folder: Path, count: int) -> None:
    paths = sorted(path for path in folder.iterdir() if path.suffix == ".jpg")
    chosen = random.Random(0).sample(paths, min(count, len(paths)))
    told: Counter[tuple[str, str]] = Counter()
    happenings = {name: happening for name, (_, happening) in TROUBLES.items()} | HARMLESS
    for path in chosen:
        for name, states in verdicts(scene(path), happenings).items():
            told.update((name, state) for state in states - {"fine"} or {"fine"})
    states = ("fine", "covered", "frozen", "unfocused")
    print(f"{len(chosen)} scenes; of each, how often this was said\n")
    print("| what happens | " + " | ".join(states) + " |\n|---|" + "---|" * len(states))
    for name in happenings:
        print(f"| {name} | " + " | ".join(str(told[name, state]) for state in states) + " |")


if __name__ == "__main__":
    main()
