"""Networks of Keras Applications, with the features of their last depths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import keras

from detectors.manifest import InputSpec, LetterboxSpec
from trainer.backbones.kept import weights_of
from trainer.backbones.networks import Network, pooled
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from detectors.manifest import Triple

TAPPED: Final = (16, 32)
"""Parts of the picture's size at which features are taken."""
SYMMETRIC: Final[tuple[Triple, Triple]] = ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5))
IMAGENET: Final[tuple[Triple, Triple]] = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))


@dataclass(frozen=True, slots=True)
class Application:
    """How Keras makes a network, how large its pictures usually are, and their mean and deviation (RGB)."""

    make: Callable[..., Any]
    size: int
    scaling: tuple[Triple, Triple] = SYMMETRIC
    extra: tuple[tuple[str, Any], ...] = ()


_APPS: Final = keras.applications
# Their own first layers would do what the manifest says: then it is done in the graph, as for all others.
_BARE: Final = (("include_preprocessing", False),)
APPLICATIONS: Final[dict[str, Application]] = {
    "mobilenetv2": Application(_APPS.MobileNetV2, 224),
    "mobilenetv3small": Application(_APPS.MobileNetV3Small, 224, extra=_BARE),
    "mobilenetv3large": Application(_APPS.MobileNetV3Large, 224, extra=_BARE),
    "efficientnetv2b0": Application(_APPS.EfficientNetV2B0, 224, IMAGENET, _BARE),
    "resnet50v2": Application(_APPS.ResNet50V2, 224),
    "resnet101v2": Application(_APPS.ResNet101V2, 224),
    "inceptionv3": Application(_APPS.InceptionV3, 299),
}


def application(name: str, weights: str | None, size: int | None = None) -> Network:
    """A network by its key in ``APPLICATIONS``.

    Args:
        name: key.
        weights: ``imagenet``, ``none`` or a file; None is ImageNet.
        size: side of the input.

    Raises:
        TrainerError: the weights cannot be had, or do not fit.
    """
    app = APPLICATIONS[name]
    side = size or app.size
    given = {None: "imagenet", "imagenet": "imagenet", "none": None}.get(weights, weights)
    base = _made(app, name, given, side)
    entry, taps = base.input, _taps(base, side)
    spec = InputSpec(
        width=side, height=side, channels="rgb",
        mean=app.scaling[0], std=app.scaling[1], letterbox=LetterboxSpec(mode="stretch"),
    )  # fmt: skip
    about = "random weights" if given is None else f"{given} weights of Keras Applications"
    model = pooled(entry, taps)
    return Network(name, spec, about, model, _blocks(model))


def kept_weights(name: str) -> bool:
    """Whether the ImageNet weights were downloaded before."""
    return weights_of({"mobilenetv3small": "weights_mobilenet_v3_small"}.get(name, name)) is not None


def _made(app: Application, name: str, weights: str | None, side: int) -> Any:
    if weights not in ("imagenet", None) and not Path(weights).is_file():
        raise TrainerError(f"backbone {name}: {weights}: no such file of weights (or imagenet, or none)")
    try:
        return app.make(include_top=False, weights=weights, input_shape=(side, side, 3), **dict(app.extra))
    # Keras raises a bare Exception for a failed download.
    except Exception as error:
        told = " ".join(str(error).split())[:200]
        if weights == "imagenet":
            raise TrainerError(
                f"backbone {name}: its ImageNet weights cannot be downloaded here: "
                f"name a file with --weights, or take --backbone auto ({told})"
            ) from error
        raise TrainerError(f"backbone {name}: {weights}: {told}") from error


def _taps(base: Any, side: int) -> list[Any]:
    """The last tensor of each depth."""
    last: dict[int, Any] = {}
    for layer in base.layers:
        tensor = getattr(layer, "output", None)
        if tensor is None or isinstance(tensor, list) or len(tensor.shape) != 4 or tensor.shape[1] is None:
            continue
        if tensor.shape[1] <= 1 or type(layer).__name__ in ("Conv2D", "DepthwiseConv2D", "ZeroPadding2D"):
            continue
        for stride in TAPPED:
            if abs(tensor.shape[1] - side / stride) < 2.5 and tensor.shape[1] * stride > side / 2:
                last[stride] = tensor
                break
    last[TAPPED[-1]] = base.output
    return [last[stride] for stride in sorted(last)]


def _blocks(model: Any) -> tuple[tuple[str, ...], ...]:
    """Layers with weights, but for normalisations, which stay; a block ends where maps are joined."""
    blocks: list[list[str]] = [[]]
    for layer in model.layers:
        if type(layer).__name__ in ("Add", "Concatenate") and blocks[-1]:
            blocks.append([])
        if layer.weights and type(layer).__name__ != "BatchNormalization":
            blocks[-1].append(layer.name)
    return tuple(tuple(block) for block in blocks if block)
