"""A TensorFlow model that was read: one function from a picture to named outputs, and its way to ONNX."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray

from trainer.errors import ConversionError

OPSET: Final = 17
Outputs = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """A model that was read.

    Attributes:
        shape: of its picture; None for a dimension that is left open.
        dtype: of its picture.
        run: what TensorFlow answers to a picture, by name.
        to_onnx: converts it.
        prepared: what the file says of how pixels become the numbers it takes, as in a manifest's input.
        family: of detectors, where the file tells it.
    """

    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]
    run: Callable[[NDArray[Any]], Outputs]
    to_onnx: Callable[[], onnx.ModelProto]
    prepared: Mapping[str, Any] = field(default_factory=dict)
    family: str | None = None


def one_picture(inputs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The inputs, which are one.

    Raises:
        ConversionError: they are more or none.
    """
    found = list(inputs)
    if len(found) != 1:
        names = ", ".join(f"{name!r:.60}" for name, _ in found) or "none"
        raise ConversionError(f"expected one input, a picture; received {names}")
    return found
