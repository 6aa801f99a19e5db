"""Models that take pictures of any size bring them to one of their own: which, and how, a trial shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import onnx
from numpy.typing import NDArray

TRIALS: Final = ((480, 640), (600, 400))
"""Heights and widths that are tried; a size of the model's own is the same for both."""
Mode = Literal["top-left", "centre", "stretch"]
EVEN: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Inner:
    """What a model does to a picture first.

    Attributes:
        width: of what its first convolution looks at, in pixels.
        height: likewise.
        mode: how the picture is fitted in, as in ``manifest.LetterboxSpec``.
    """

    width: int
    height: int
    mode: Mode


def inner_of(
    model: onnx.ModelProto,
    dtype: np.dtype[Any],
    run: Callable[[onnx.ModelProto, NDArray[Any]], dict[str, NDArray[Any]]],
) -> Inner | None:
    """The size that a model of any size works at; None where it has none of its own.

    Args:
        model: with one input [n,height,width,3].
        dtype: of its input.
        run: a model on pictures.
    """
    name = _looked_at(model)
    if name is None:
        return None
    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    del shown.graph.output[:]
    shown.graph.output.append(onnx.ValueInfoProto(name=name))
    seen = [run(shown, np.full((1, *size, 3), 255, dtype))[name] for size in TRIALS]
    if seen[0].shape != seen[1].shape or seen[0].ndim != 4:
        return None
    _, channels, height, width = seen[0].shape
    # A stem may have folded blocks of pixels into channels (space to depth).
    block = round((channels / 3) ** 0.5)
    if channels != 3 * block * block:
        return None
    # A picture of the same proportions shows nothing.
    modes = [mode for each in seen if (mode := _mode(each)) != "stretch"]
    return Inner(width * block, height * block, modes[0] if modes else "stretch")


def _looked_at(model: onnx.ModelProto) -> str | None:
    """What the first convolution looks at, without the fixed padding that belongs to it."""
    first = next((node for node in model.graph.node if node.op_type == "Conv"), None)
    if first is None:
        return None
    constants = {tensor.name for tensor in model.graph.initializer}
    makers = {output: node for node in model.graph.node for output in node.output}
    name: str = first.input[0]
    while name in makers and makers[name].op_type == "Pad" and makers[name].input[1] in constants:
        name = makers[name].input[0]
    return name


def _mode(seen: NDArray[Any]) -> Mode:
    """How a white picture lies in what is seen of it."""
    middle = seen[:, :, seen.shape[2] // 2, seen.shape[3] // 2]
    white = (np.abs(seen - middle[..., None, None]) <= EVEN * (1 + np.abs(middle).max())).all(axis=(0, 1))
    if white.all():
        return "stretch"
    return "top-left" if white[0, 0] else "centre"
