"""What the actions on models share: how a model is named, where the store is, and what is told of a model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamer.commands.parsers import add_place, kept_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from detectors.examining.examination import Bounds, Order
    from detectors.store import ModelFiles, ModelStore

MODEL: Final = "built-in name, NAME[@VERSION] of the store, or path"


def add_model(parser: argparse.ArgumentParser) -> None:
    """Which model, and where the store is."""
    parser.add_argument("model", metavar="MODEL", help=MODEL)
    add_place(parser)


def add_statements(parser: argparse.ArgumentParser) -> None:
    """What a user says of a model that its file does not."""
    parser.add_argument("--family", metavar="F", help="how its outputs are read, where a trial cannot tell")
    parser.add_argument(
        "--labels", type=Path, metavar="FILE", help="names of its classes, one a line or as JSON"
    )
    parser.add_argument(
        "--size",
        type=sides_of,
        metavar="WxH",
        help="of the pictures it gets, where it takes any (default: as its family usually does)",
    )


def sides_of(text: str) -> tuple[int, int]:
    """Width and height of ``640x480``, or of a square.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and int(side) for side in sides):
        raise argparse.ArgumentTypeError(
            f"expected WIDTHxHEIGHT in pixels, such as 640x480, received {text!r}"
        )
    return int(sides[0]), int(sides[-1])


def store_of(options: argparse.Namespace) -> ModelStore:
    """The store of the data folder."""
    from detectors.store import ModelStore

    return ModelStore(models_of(options))


def models_of(options: argparse.Namespace) -> Path:
    """Folder of the store."""
    from detectors.store import models_in

    return models_in(kept_in(options))


def order_of(name: str, files: ModelFiles, stated: Mapping[str, Any], bounds: Bounds) -> Order:
    """To examine a model."""
    from detectors.examining.examination import Order

    return Order(
        name=name,
        weights=files.weights.absolute(),
        manifest=files.manifest and files.manifest.absolute(),
        labels=files.labels and files.labels.absolute(),
        stated=dict(stated),
        bounds=bounds,
    )


def size_of(count: float) -> str:
    """Bytes, as people read them."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def stated_by(options: argparse.Namespace) -> dict[str, Any]:
    """Fields of the manifest that the command line says.

    Raises:
        ModelLoadError: the file with names cannot be read.
    """
    from detectors.labels import read_labels

    said: dict[str, Any] = {"family": options.family} if options.family else {}
    if options.labels:
        said["labels"] = read_labels(options.labels).labels
    if options.size:
        said["input"] = dict(zip(("width", "height"), options.size, strict=True))
    return said
