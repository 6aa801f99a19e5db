"""What a classifier's file shows of how its pictures are prepared; its graph alone says nothing of that."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from onnx import TensorProto, numpy_helper

from detectors.manifest import LetterboxSpec
from detectors.recognising.normalising import Affine, affine_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx

    from detectors.manifest import Triple

Channels = Literal["bgr", "rgb"]

WHITE: Final = 255.0
UNIT: Final = 1.5
"""Means up to this one are of pixels from 0 to 1."""
STRETCHED: Final = LetterboxSpec(mode="stretch")
ZERO: Final[Triple] = (0.0, 0.0, 0.0)
ONE: Final[Triple] = (1.0, 1.0, 1.0)
RGB_ASSUMED: Final = "RGB is assumed, as most exporters have it: nothing in the file tells the order"


@dataclass(frozen=True, slots=True)
class Preparation:
    """How pixels from 0 to 255 become what a model takes, as ``InputSpec`` has it.

    Attributes:
        said: what showed it, and what was assumed, for people.
        letterbox: how pictures are fitted in.
    """

    channels: Channels
    mean: Triple
    std: Triple
    said: str
    letterbox: LetterboxSpec = STRETCHED


CAFFE: Final = ("bgr", (103.939, 116.779, 123.68), ONE)
KNOWN: Final[Mapping[str, tuple[Channels, Triple, Triple, str]]] = {
    # DeepCognition/keras-squeezenet (a73d4339aa4d), squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5
    "90e4b9d94ef5875878d9b147a6afdc926ab132b9f81a39ebe0cbb9c649542b62": (*CAFFE, "SqueezeNet 1.1 of Keras"),
    # dotnet/machinelearning-samples (427ccb68ab1d), DeepLearning_ImageClassification_TF
    "2f12fdca2c64c0c7a7b92992b54a9ba7c26bdb508bffc857dd6ad732677858b6": (
        "bgr",
        (117.0, 117.0, 117.0),
        ONE,
        "Azure Custom Vision's compact network",
    ),
}
"""By the SHA-256 of the weights of the first convolution, float32 [out,in,h,w]: these stay as they are when a
network is trained further on its top, and are made for one preparation."""


def shown_by(model: onnx.ModelProto) -> Preparation | None:
    """How the pictures of this model are prepared, by its metadata, its weights or its first nodes.

    Args:
        model: as it was read, before its input was given another form.
    """
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    return told_by(metadata) or _by_weights(model) or _in_graph(model)


def told_by(metadata: Mapping[str, str]) -> Preparation | None:
    """How a file's metadata says that pictures are prepared, if they do."""
    return _stated(metadata) or _standard_metadata(metadata)


def written_by_ultralytics(metadata: Mapping[str, str]) -> bool:
    """Whether Ultralytics exported a model: its pictures are RGB from 0 to 1."""
    return "Ultralytics" in metadata.get("description", "") or metadata.get("author") == "Ultralytics"


def _stated(metadata: Mapping[str, str]) -> Preparation | None:
    """From keys such as ``mean`` and ``std`` that exporters write, or Ultralytics' task."""
    if metadata.get("task") == "classify" and written_by_ultralytics(metadata):
        said = "its metadata: a classifier of Ultralytics"
        # ultralytics/data/augment.py ``classify_transforms``: the shorter side fits, the middle is taken.
        return Preparation("rgb", ZERO, (WHITE,) * 3, said, LetterboxSpec(mode="crop"))
    mean, std = _triple(metadata.get("mean", "")), _triple(metadata.get("std", ""))
    if mean is None or std is None:
        return None
    scale = WHITE if max(mean) <= UNIT and max(std) <= UNIT else 1.0
    order = next((metadata[key].lower() for key in ("channels", "channel_order") if key in metadata), "")
    channels: Channels = "bgr" if order == "bgr" else "rgb"
    said = "mean and std of its metadata" + ("" if order in ("bgr", "rgb") else f"; {RGB_ASSUMED}")
    return Preparation(channels, _scaled(mean, scale), _scaled(std, scale), said)


def _standard_metadata(metadata: Mapping[str, str]) -> Preparation | None:
    """From ONNX's own keys for pictures (onnx/docs/MetadataProps.md)."""
    order = metadata.get("Image.BitmapPixelFormat", "").lower()
    ranges: Mapping[str, tuple[float, float]] = {
        "NominalRange_0_255": (0.0, 1.0),
        "Normalized_0_1": (0.0, WHITE),
        "Normalized_1_1": (WHITE / 2, WHITE / 2),
    }
    given = ranges.get(metadata.get("Image.NominalPixelRange", ""))
    if order[:3] not in ("rgb", "bgr") or given is None:
        return None
    mean, std = given
    channels: Channels = "bgr" if order.startswith("bgr") else "rgb"
    return Preparation(channels, (mean,) * 3, (std,) * 3, "the Image.* keys of its metadata")


def _by_weights(model: onnx.ModelProto) -> Preparation | None:
    """From the first convolution, where it is that of a network that is known."""
    first = next((node for node in model.graph.node if node.op_type == "Conv"), None)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    tensor = weights.get(first.input[1]) if first is not None else None
    if tensor is None or tensor.data_type != TensorProto.FLOAT:
        return None
    digest = hashlib.sha256(numpy_helper.to_array(tensor).tobytes()).hexdigest()
    if digest not in KNOWN:
        return None
    channels, mean, std, network = KNOWN[digest]
    return Preparation(channels, mean, std, f"the weights of its first layer are those of {network}")


def _in_graph(model: onnx.ModelProto) -> Preparation | None:
    """From a normalisation that the graph begins with: what it does to pixels tells their range."""
    affine = affine_of(model)
    scale = None if affine is None else _pixel_scale(affine)
    if affine is None or scale is None:
        return None
    said = f"its graph normalises pixels of 0 to {1 if scale == WHITE else 255} itself"
    order = _order(affine)
    return Preparation(
        order or "rgb", ZERO, (scale,) * 3, said + ("" if order is not None else f"; {RGB_ASSUMED}")
    )


def _pixel_scale(affine: Affine) -> float | None:
    """255 where the model takes pixels from 0 to 1, 1 where from 0 to 255, None where that cannot be told."""
    slope, centre = float(np.abs(affine.slope).mean()), affine.centre()
    if affine.integer:
        return 1.0
    if float(centre.max()) > UNIT and float(centre.max()) < WHITE:
        return 1.0
    if float(centre.min()) > 0:
        return WHITE
    # A mere factor: 1/255 and its like bring bytes to about 1, 255 brings shares to bytes.
    if not centre.any() and 1 / 300 <= slope <= 1 / 50:
        return 1.0
    return WHITE if not centre.any() and slope > WHITE / 2 else None


def _order(affine: Affine) -> Channels | None:
    """Photographs are reddest on the mean: ImageNet's means are 123.7, 116.3, 103.5 in RGB."""
    red, _, blue = affine.centre() if len(affine.slope) == 3 else (0, 0, 0)
    if red == blue:
        return None
    return "rgb" if red > blue else "bgr"


def _triple(text: str) -> Triple | None:
    try:
        found = ast.literal_eval(text[:200])
    except (ValueError, SyntaxError):
        return None
    values = [found] * 3 if isinstance(found, int | float) else found
    if not isinstance(values, list | tuple) or len(values) != 3:
        return None
    if not all(isinstance(value, int | float) for value in values):
        return None
    return float(values[0]), float(values[1]), float(values[2])


def _scaled(values: Triple, scale: float) -> Triple:
    first, second, third = (round(value * scale, 6) for value in values)
    return first, second, third
