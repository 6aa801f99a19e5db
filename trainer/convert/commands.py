"""`python -m trainer convert MODEL --out DIR`: a TensorFlow model becomes an ONNX file."""

import argparse
import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.errors import DetectorError
from detectors.examining.convert import Kind, kind_of
from detectors.recognising.trialpictures import probe
from trainer.convert.limits import confine
from trainer.convert.written import Converted, write
from trainer.errors import ConversionError, TrainerError
from trainer.parser import Parser

QUIET: Final = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
"""What TensorFlow is told before it is imported: no chatter, and no GPU for something so small."""


def add_parser(recipes: "argparse._SubParsersAction[Parser]") -> None:
    parser = recipes.add_parser("convert", help="a TensorFlow model becomes an ONNX file")
    parser.add_argument(
        "model", type=Path, metavar="MODEL", help="SavedModel folder, .pb, .keras, .h5, .tflite"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--picture", type=Path, action="append", default=[], help="to compare on, any number")
    parser.add_argument("--memory", type=int, metavar="BYTES", help="that it may take at most")
    parser.add_argument("--seconds", type=int, metavar="S", help="of CPU time that it may take at most")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Convert, compare and write; what a person should know goes to standard output."""
    if (options.memory, options.seconds) != (None, None):
        confine(options.memory, options.seconds)
    os.environ.update(QUIET)
    try:
        kind = kind_of(options.model)
    except (DetectorError, OSError) as error:
        raise ConversionError(str(error)) from error
    if kind is None:
        raise ConversionError(
            "not a TensorFlow model: expected a SavedModel folder, .pb, .keras, .h5 or .tflite"
        )
    pictures = [_read(path) for path in options.picture] or [each.image for each in probe()]
    try:
        made = _converted(options.model, kind, pictures)
    except ModuleNotFoundError as error:
        package = (error.name or "a package").partition(".")[0]
        raise TrainerError(f"{package} is missing: pip install 'sightline[train]'") from error
    write(made, options.model, kind, options.out)
    for line in made.lines:
        print(line)


def _converted(model: Path, kind: Kind, pictures: list[NDArray[np.uint8]]) -> Converted:
    # Here and not at the top: what they import takes seconds, and is installed with [train] only.
    if kind in (Kind.KERAS, Kind.HDF5):
        from trainer.convert import keras_file

        keras_file.inspect(model, kind)
    from trainer.convert.conversion import converted

    return converted(model, kind, pictures)


def _read(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path))
    if image is None:
        raise ConversionError(f"{path}: no picture that can be read")
    return np.asarray(image, np.uint8)
