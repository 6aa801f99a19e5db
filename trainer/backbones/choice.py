"""From what a person says to a backbone; ``auto`` is the best that this machine has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from trainer.errors import TrainerError

if TYPE_CHECKING:
    from trainer.backbones.backbone import Backbone
    from trainer.options import BackboneChoice

AUTO: Final = "auto"
SQUEEZENET: Final = "squeezenet"
EMBEDDED: Final = "sightline-nano"
BEST_FIRST: Final = (
    "efficientnetv2b0",
    "mobilenetv3large",
    "resnet50v2",
    "inceptionv3",
    "mobilenetv2",
    "mobilenetv3small",
)
NAMES: Final = (
    SQUEEZENET, "mobilenetv2", "mobilenetv3small", "mobilenetv3large", "efficientnetv2b0",
    "resnet50v2", "resnet101v2", "inceptionv3",
)  # fmt: skip
OTHER_NAMES: Final = {
    "mobilenetv3": "mobilenetv3large",
    "efficientnetv2": "efficientnetv2b0",
    "squeezenet11": SQUEEZENET,
}


def choose(choice: BackboneChoice, models: Path) -> Backbone:
    """The backbone that was asked for.

    Args:
        choice: what was said.
        models: folder of the store.

    Raises:
        TrainerError: there is none of this name, or its weights are missing.
    """
    from detectors.store import catalogue

    plain = "".join(letter for letter in choice.name.lower() if letter.isalnum())
    plain = OTHER_NAMES.get(plain, plain)
    if plain == AUTO:
        return _best(choice, models)
    if plain == SQUEEZENET:
        return _squeezenet(choice)
    if plain in NAMES:
        from trainer.backbones.applications import application

        return application(plain, choice.weights, choice.size)
    if (
        not Path(choice.name).suffix
        and choice.name not in catalogue()
        and not (models / choice.name.partition("@")[0]).is_dir()
    ):
        raise TrainerError(
            f"backbone {choice.name!r}: "
            f"expected one of auto, {', '.join(NAMES)}, or an ONNX model by its path or name"
        )
    return _frozen(choice.name, choice, models)


def _best(choice: BackboneChoice, models: Path) -> Backbone:
    """What the weights of a file fit; else what was downloaded before; else the embedded detector's own."""
    from trainer.backbones.applications import application, kept_weights
    from trainer.backbones.kept import weights_of

    if choice.weights not in (None, "imagenet", "none"):
        return _by_weights(choice, models)
    name = next((each for each in BEST_FIRST if kept_weights(each)), None)
    if name is not None:
        return application(name, "imagenet", choice.size)
    return _squeezenet(choice) if weights_of(SQUEEZENET) else _frozen(EMBEDDED, choice, models)


def _by_weights(choice: BackboneChoice, models: Path) -> Backbone:
    from trainer.backbones.applications import application

    path = Path(str(choice.weights))
    if path.suffix == ".onnx":
        return _frozen(str(path), choice, models)
    reasons = []
    for name in (SQUEEZENET, *BEST_FIRST):
        try:
            return (
                _squeezenet(choice) if name == SQUEEZENET else application(name, choice.weights, choice.size)
            )
        except TrainerError as error:
            reasons.append(str(error))
    raise TrainerError(f"{path}: no backbone known here fits these weights: {reasons[0]}")


def _squeezenet(choice: BackboneChoice) -> Backbone:
    from trainer.backbones.kept import folder, weights_of
    from trainer.backbones.squeezenet import SIZE, squeezenet

    if choice.weights == "none":
        return squeezenet(None, choice.size or SIZE)
    named = choice.weights not in (None, "imagenet")
    path = Path(str(choice.weights)) if named else weights_of(SQUEEZENET)
    if path is None:
        raise TrainerError(
            f"backbone squeezenet: its weights are not downloaded: name their file with --weights, "
            f"or put it into {folder()} as squeezenet_notop.h5"
        )
    if not path.is_file():
        raise TrainerError(f"{path}: no such file of weights")
    return squeezenet(path, choice.size or SIZE)


def _frozen(model: str, choice: BackboneChoice, models: Path) -> Backbone:
    from trainer.backbones.frozen import frozen

    return frozen(model, models, choice.size, choice.taps)
