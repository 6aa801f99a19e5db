"""How far the ONNX form of a model answers otherwise than the model itself, on pictures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.manifest import InputSpec
from trainer.convert.source import Outputs
from trainer.errors import ConversionError

CLOSE: Final = 0.02
"""Of an output's largest value: what a step of 8 bits more or less explains."""
MOST_OFF: Final = 0.05
"""Share of an output's values that may differ by more: a tie of two boxes swaps two rows, no more."""
SCALES: Final = (1.0, 255.0)
"""Whites that a model may expect; both are tried where nothing says which."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one output, over all pictures.

    Attributes:
        largest: absolute difference.
        magnitude: largest absolute value that TensorFlow answered, to compare it with.
        off: share of the values that differ by more than ``CLOSE`` of the magnitude.
    """

    largest: float
    magnitude: float
    off: float

    def told(self) -> dict[str, float]:
        return asdict(self)


def feeds(
    pictures: Iterable[NDArray[np.uint8]],
    size: tuple[int, int],
    dtype: np.dtype[Any],
    stated: InputSpec | None,
) -> list[NDArray[Any]]:
    """Pictures BGR as inputs [1,height,width,3] of a model.

    Args:
        pictures: any number, of any size.
        size: width and height that the model takes.
        dtype: that it takes.
        stated: what a manifest says of it.
    """
    scaled = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
    if np.issubdtype(dtype, np.integer):
        return [np.ascontiguousarray(picture[None, ..., ::-1]).astype(dtype) for picture in scaled]
    if stated is not None:
        order = slice(None, None, -1 if stated.channels == "rgb" else 1)
        return [((each[..., order] - stated.mean) / stated.std)[None].astype(dtype) for each in scaled]
    return [(each[None, ..., ::-1] * (white / 255)).astype(dtype) for white in SCALES for each in scaled]


def compare(
    inputs: Sequence[NDArray[Any]],
    original: Callable[[NDArray[Any]], Outputs],
    converted: Callable[[NDArray[Any]], Outputs],
) -> dict[str, Difference]:
    """The differences by the name of the output.

    Raises:
        ConversionError: outputs are missing, of other shapes, or far apart.
    """
    pairs = [(original(each), converted(each)) for each in inputs]
    differences = {name: _difference(name, pairs) for name in pairs[0][0]}
    for name, difference in differences.items():
        if difference.off > MOST_OFF:
            raise ConversionError(
                f"the converted model answers otherwise: {difference.off:.0%} of output {name!r:.60} is off, "
                f"by up to {difference.largest:.3g} where values reach {difference.magnitude:.3g}"
            )
    return differences


def _difference(name: str, pairs: Sequence[tuple[Outputs, Outputs]]) -> Difference:
    expected, received = ([_output(side, name) for side in sides] for sides in zip(*pairs, strict=True))
    for one, other in zip(expected, received, strict=True):
        if one.shape != other.shape:
            raise ConversionError(f"output {name!r:.60} has shape {other.shape}, expected {one.shape}")
    wanted, had = (np.concatenate([each.ravel() for each in side]) for side in (expected, received))
    apart = np.abs(wanted - had)
    # Where both are infinite, or none is a number, nothing differs.
    apart[(wanted == had) | (np.isnan(wanted) & np.isnan(had))] = 0
    magnitude = float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0))
    off = ~(apart <= CLOSE * magnitude)
    return Difference(float(apart.max(initial=0)), magnitude, float(off.mean()) if off.size else 0.0)


def _output(outputs: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float64]:
    if name not in outputs:
        raise ConversionError(f"output {name!r:.60} got lost")
    return np.asarray(outputs[name], np.float64)
