"""What a picture of the simulated street costs, by its size and the number of people.

python -m tests.benchmarks.street [--frames 100]
"""

import argparse
from time import thread_time

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

STREETS = (
    "size=640x360&people=6",
    "size=1280x720&people=0",
    "size=1280x720&people=6",
    "size=1280x720&people=20",
    "size=1280x720&people=6&parked=4",
    "size=1280x720&people=6&night=1",
    "size=1280x720&people=6&rain=1",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=100)
    frames = parser.parse_args().frames
    for options in STREETS:
        began = thread_time()
        street = Street(StreetOptions.from_url(f"sim://street?{options}"))
        street.frame(0)
        built = thread_time()
        for index in range(frames):
            street.frame(index)
        drawn_ms = 1e3 * (thread_time() - built) / frames
        print(f"{options}: first picture in {built - began:.2f} s, {drawn_ms:.1f} ms a picture")


if __name__ == "__main__":
    main()
