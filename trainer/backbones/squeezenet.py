"""SqueezeNet 1.1 (Iandola et al. 2016; github.com/forresti/SqueezeNet); its ImageNet weights are a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import h5py
import keras
from keras import layers

from detectors.manifest import InputSpec, LetterboxSpec
from trainer.backbones.networks import Network, pooled
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

FIRES: Final = {
    2: (16, 64), 3: (16, 64), 4: (32, 128), 5: (32, 128),
    6: (48, 192), 7: (48, 192), 8: (64, 256), 9: (64, 256),
}  # fmt: skip
"""Widths of each fire module: squeezed, and of each of its two expansions."""
AFTER_POOL: Final = (4, 6)
TAPS: Final = (3, 4, 5, 6, 7, 8, 9)
"""Modules whose output is a feature: textures are seen in the early ones, things in the late ones."""
SIZE: Final = 224
MEAN: Final = (103.939, 116.779, 123.68)
"""Of ImageNet, in BGR, as Caffe has it."""

Arrays = dict[str, dict[int, "NDArray[np.float32]"]]


def squeezenet(weights: Path | None, size: int = SIZE) -> Network:
    """The network with the weights of a file, or with random ones.

    Raises:
        TrainerError: the file holds no weights of SqueezeNet 1.1.
    """
    entry = keras.Input((size, size, 3), name="image")
    modules = _modules(entry)
    model = pooled(entry, [modules[number] for number in TAPS])
    about = "random weights"
    if weights is not None:
        _set(model, _arrays(weights), weights)
        about = f"ImageNet weights of {weights.name}"
    blocks = (
        ("conv1",),
        *(tuple(f"fire{n}_{part}" for part in ("squeeze1x1", "expand1x1", "expand3x3")) for n in FIRES),
    )
    spec = InputSpec(width=size, height=size, mean=MEAN, letterbox=LetterboxSpec(mode="stretch"))
    return Network("squeezenet", spec, about, model, blocks)


def _modules(entry: Any) -> dict[int, Any]:
    x = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(entry)
    x = layers.MaxPooling2D(3, 2)(x)
    modules = {}
    for number, (squeezed, expanded) in FIRES.items():
        if number in AFTER_POOL:
            x = layers.MaxPooling2D(3, 2)(x)
        x = layers.Conv2D(squeezed, 1, activation="relu", name=f"fire{number}_squeeze1x1")(x)
        left = layers.Conv2D(expanded, 1, activation="relu", name=f"fire{number}_expand1x1")(x)
        right = layers.Conv2D(expanded, 3, padding="same", activation="relu", name=f"fire{number}_expand3x3")(
            x
        )
        modules[number] = x = layers.Concatenate(name=f"fire{number}")([left, right])
    return modules


def _arrays(path: Path) -> Arrays:
    """Kernel (4 axes) and bias (1) of each layer; a Keras 1 file has its name in the path."""
    found: Arrays = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            parts = name.split("/")
            layer = "_".join(parts[:2]) if parts[0].startswith("fire") else parts[0]
            found.setdefault(layer, {})[item.ndim] = item[()]

    try:
        with h5py.File(path) as file:
            file.visititems(visit)
    except OSError as error:
        raise TrainerError(f"{path}: expected an HDF5 file of weights: {error}") from error
    return found


def _set(model: keras.Model, arrays: Arrays, path: Path) -> None:
    for layer in model.layers:
        if not layer.weights:
            continue
        given = arrays.get(layer.name, {})
        shapes = [tuple(weight.shape) for weight in layer.weights]
        if [getattr(given.get(axes), "shape", None) for axes in (4, 1)] != shapes:
            raise TrainerError(
                f"{path}: expected the weights of SqueezeNet 1.1: none that fit layer {layer.name}"
            )
        layer.set_weights([given[4], given[1]])
