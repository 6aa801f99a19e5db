"""Short recordings of the simulated street, made once a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street

STREET: Final = "sim://street?seed=5&size=640x360&fps=10&people=4"


def film(
    path: Path,
    seconds: float,
    url: str = STREET,
    mark: Callable[[NDArray[np.uint8], int], None] = lambda image, index: None,
) -> Path:
    """Writes what a camera at the street sees; H.264 without B-frames.

    ``mark`` may change each picture, uint8 HxWx3 BGR, of which it is told the number.
    """
    options = StreetOptions.from_url(url)
    street = Street(options)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=int(options.fps), options={"preset": "ultrafast", "tune": "zerolatency"}
        )
        stream.width, stream.height, stream.pix_fmt = options.width, options.height, "yuv420p"
        for index in range(round(seconds * options.fps)):
            image = street.frame(index).image.copy()
            mark(image, index)
            picture = av.VideoFrame.from_ndarray(image, format="bgr24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path
