"""What the simulated street costs: CPU of a picture, its share of a core, and how many a core could draw.

    python tests/benchmarks/street.py [URL] [--frames 150]

The limit is what no camera of moving pictures can do without: one copy of the picture and one pass of noise.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

import cv2
import numpy as np

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street


def cpu_ms(work: Callable[[int], object], count: int) -> float:
    """CPU milliseconds of all threads for one call."""
    begun_s = time.process_time()
    for number in range(count):
        work(number)
    return (time.process_time() - begun_s) * 1000 / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?", default="sim://street")
    parser.add_argument("--frames", type=int, default=150)
    arguments = parser.parse_args()
    options = StreetOptions.from_url(arguments.url)
    street = Street(options)
    first_ms = cpu_ms(street.frame, 1)
    picture = street.frame(0).image
    noise = np.full_like(picture, 128)
    limit_ms = cpu_ms(lambda _: cv2.addWeighted(picture.copy(), 1.01, noise, 1.0, -128), arguments.frames)
    frame_ms = cpu_ms(lambda number: street.frame(number + 1), arguments.frames)
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"first picture {first_ms:.0f} ms, then {frame_ms:.1f} ms a picture of CPU "
        f"({frame_ms / limit_ms:.1f} times the limit of {limit_ms:.1f} ms); "
        f"{options.fps:g} pictures a second take {frame_ms * options.fps / 10:.0f} % of a core, "
        f"a core draws {1000 / frame_ms:.0f}; at most {memory_mb:.0f} MB"
    )


if __name__ == "__main__":
    main()
