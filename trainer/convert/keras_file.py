"""Keras files, looked into before Keras reads them: what would run code of theirs is refused."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import h5py

from detectors.examining.convert import Kind
from trainer.errors import ConversionError

CODE: Final = {
    "Lambda": "a Lambda layer, which is code in the file",
    "__lambda__": "a lambda, which is code in the file",
    "TorchModuleWrapper": "a pickled module of PyTorch, which runs code when it is read",
}
"""What is refused by its class, and why."""
PACKAGES: Final = frozenset({"keras", "tensorflow", "builtins"})
"""Whose classes a file may name."""
MAX_CONFIG_BYTES: Final = 64 * 1024**2


def inspect(path: Path, kind: Kind) -> None:
    """Refuse a file that is no whole model, or that has code in it.

    Raises:
        ConversionError: says what is in the way, and in which layer.
    """
    for part in _objects(_config_of_hdf5(path) if kind is Kind.HDF5 else _config_of_archive(path)):
        name = part.get("class_name")
        described = part.get("config")
        layer = described.get("name", "?") if isinstance(described, dict) else "?"
        if name in CODE:
            raise ConversionError(f"refused: {layer!r:.60} is {CODE[name]}")
        # Where no module is named it is the package that a class of somebody else is registered in.
        registered = (str(part.get(key)).rpartition(">")[0] for key in ("registered_name", "class_name"))
        home = part.get("module") or next(filter(None, registered), "keras")
        if str(home).partition(".")[0] not in PACKAGES:
            called = str(name).rpartition(">")[2]
            raise ConversionError(
                f"{layer!r:.60} is a {called:.60} of {home!s:.60}, which is not part of Keras"
            )


def _config_of_archive(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
                raise ConversionError(f"its config.json is longer than {MAX_CONFIG_BYTES} bytes")
            return json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError) as error:
        raise ConversionError(f"damaged, or no Keras file: {error}") from error


def _config_of_hdf5(path: Path) -> Any:
    try:
        with h5py.File(path, "r") as file:
            config = file.attrs.get("model_config")
            weights = (
                "layer_names" in file.attrs or "_layer_checkpoint_dependencies" in file or "layers" in file
            )
    except OSError as error:
        raise ConversionError(f"damaged, or no HDF5 file: {error}") from error
    if config is None:
        what = "holds weights without a graph" if weights else "holds no Keras model"
        raise ConversionError(f"{what}: save the whole model, model.save('model.keras')")
    try:
        return json.loads(config)
    except (ValueError, RecursionError) as error:
        raise ConversionError(f"its model_config is damaged: {error}") from error


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every described object, however deep."""
    waiting = [config]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
