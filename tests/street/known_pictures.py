"""Pictures and truth of addresses that were in use before the street had options for weather and trouble.

python -m tests.street.known_pictures writes them anew.
"""

import json
from pathlib import Path

import numpy as np

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

PATH = Path(__file__).with_name("known_pictures.json")
ADDRESSES = (
    "sim://street?seed=3&size=480x270&people=5&kinds=4",
    "sim://street?seed=11&size=320x180&people=9&kinds=2&fps=10",
)
INDICES = (0, 40, 451)
STRIDE = 1009
"""Every so many-th value of a picture is kept; a prime, so that no column or colour is left out."""


def known(address: str, index: int) -> dict[str, object]:
    """What is kept of a picture: boxes, identities, kinds, shares seen, and some of its values."""
    frame = Street(StreetOptions.from_url(address)).frame(index)
    truth = frame.truth
    return {
        "boxes": truth.boxes.tolist(),
        "identities": truth.identities.tolist(),
        "kinds": truth.kinds.tolist(),
        "visible": np.round(truth.visible.astype(float), 6).tolist(),
        "values": np.ascontiguousarray(frame.image.reshape(-1)[::STRIDE]).tobytes().hex(),
    }


def main() -> None:
    found = {address: {str(index): known(address, index) for index in INDICES} for address in ADDRESSES}
    PATH.write_text(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
