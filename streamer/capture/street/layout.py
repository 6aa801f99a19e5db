"""How the street is divided across: pavement, kerb, road, kerb, pavement, house fronts."""

from dataclasses import dataclass

import numpy as np

from streamer.capture.street.chance import Matter, chance
from streamer.capture.street.options import StreetOptions


@dataclass(frozen=True, slots=True)
class Layout:
    """Distances across the street from the camera's foot, metres.

    Attributes:
        near_kerb_m: where the near pavement ends and the road begins.
        far_kerb_m: where the road ends and the far pavement begins.
        front_m: where the house fronts stand.
    """

    near_kerb_m: float
    far_kerb_m: float
    front_m: float

    def lane(self, rng: np.random.Generator) -> float:
        """A distance across at which someone may walk; most keep to the pavements."""
        spans = [(4.6, self.near_kerb_m - 0.3), (self.near_kerb_m, self.far_kerb_m)]
        spans.append((self.far_kerb_m + 0.3, self.front_m - 0.7))
        low, high = spans[int(rng.choice(3, p=[0.5, 0.2, 0.3]))]
        return float(rng.uniform(low, high))


def layout_of(options: StreetOptions) -> Layout:
    """The street's widths, which differ by seed."""
    rng = chance(options.seed, Matter.LAYOUT)
    near = float(rng.uniform(7.5, 9.0))
    far = near + float(rng.uniform(4.5, 6.5))
    return Layout(near, far, far + float(rng.uniform(3.0, 4.5)))
