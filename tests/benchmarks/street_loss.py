"""What lost packets do to the simulated street: pictures visibly wrong, and those that can be believed.

python -m tests.benchmarks.street_loss [--pictures 300] [--size 640x360]
"""

import argparse

from streamer.capture.street.options import StreetOptions
from tests.street.damage import Arrived, arrivals

LOSSES = (0.001, 0.01, 0.05)


def believed(arrived: list[Arrived]) -> list[Arrived]:
    """The pictures that are left when none is taken from a loss until a key frame that came whole."""
    found, spoilt = [], False
    for one in arrived:
        spoilt = one.noticed or (spoilt and not one.keyframe)
        if not spoilt:
            found.append(one)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=300)
    parser.add_argument("--size", default="640x360")
    asked = parser.parse_args()
    for loss in LOSSES:
        options = StreetOptions.from_url(f"sim://street?seed=1&size={asked.size}&loss={loss}")
        arrived = list(arrivals(options, asked.pictures))
        left = believed(arrived)
        print(
            f"loss {loss:g}: {len(arrived)} pictures, {sum(one.noticed for one in arrived)} torn, "
            f"{sum(one.visibly_damaged for one in arrived)} visibly wrong; "
            f"{len(left)} believed, {sum(one.wrong > 0 for one in left)} of them wrong"
        )


if __name__ == "__main__":
    main()
