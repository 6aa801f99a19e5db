"""A converted model, and how it is written down."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnx

from detectors.examining.convert import REPORT, Kind
from trainer.convert.parity import Difference


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A model as ONNX.

    Attributes:
        model: itself.
        manifest: the fields that are known of it.
        differences: between its outputs and those of the model it was made from, by name.
        lines: what a person should know.
    """

    model: onnx.ModelProto
    manifest: Mapping[str, Any]
    differences: Mapping[str, Difference]
    lines: tuple[str, ...]


def write(made: Converted, path: Path, kind: Kind, out: Path) -> None:
    """Write ``<stem>.onnx``, its manifest ``<stem>.json`` and ``conversion.json`` into the folder ``out``."""
    content = made.model.SerializeToString()
    manifest = {**made.manifest, "sha256": hashlib.sha256(content).hexdigest()}
    report = {
        "from": path.name,
        "kind": kind.value,
        "tensorflow": version("tensorflow"),
        "tf2onnx": version("tf2onnx"),
        "outputs": {name: asdict(difference) for name, difference in made.differences.items()},
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{path.stem}.onnx").write_bytes(content)
    for name, record in ((f"{path.stem}.json", manifest), (REPORT, report)):
        (out / name).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
