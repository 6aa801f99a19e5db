"""``sightline models add``: a model from anywhere, examined and put into the store."""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamer.commands.models.candidates import drawn
from streamer.commands.models.naming import add_statements, order_of, stated_by, store_of
from streamer.commands.models.showing import prepared
from streamer.commands.parsers import Subparsers, add_place, positive
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from detectors.examining.examination import Examined
    from detectors.store import ModelFiles, ModelStore

DAY_S: Final = 24 * 3600
TENSORFLOW: Final = frozenset({".keras", ".h5", ".pb", ".tflite"})
"""How files of TensorFlow's models end."""


def add_action(actions: Subparsers) -> None:
    parser = actions.add_parser("add", help="put a model into the store, as its next version")
    parser.add_argument("path", metavar="PATH|DIR", help="a file, or a folder that holds one")
    parser.add_argument("--name", metavar="N", help="what to call it; else its file's name")
    add_statements(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="pictures of what it could find, where that is not certain"
    )
    parser.add_argument(
        "--seconds", type=cpu_seconds, default=300, metavar="S", help="of CPU time that it may take (300)"
    )
    add_place(parser)
    parser.set_defaults(run=run)


def cpu_seconds(text: str) -> int:
    """A whole number of seconds, a day at most."""
    seconds = positive(text)
    if seconds > DAY_S:
        raise argparse.ArgumentTypeError(f"expected at most {DAY_S} seconds, received {text!r}")
    return seconds


def run(options: argparse.Namespace) -> int:
    """Examine a model in a process of its own, keep it, and tell what it was taken for."""
    from detectors.manifest import stated_in

    files = found_at(options.path)
    name = name_of(files, options.path) if options.name is None else options.name
    stated = stated_by(options)
    if "source" not in (stated_in(files.manifest.read_bytes()) if files.manifest else {}):
        stated["source"] = str(Path(options.path).absolute())
    added = add(store_of(options), name, files, stated, options)
    for line in added:
        print(line)
    return 0


def add(
    store: ModelStore, name: str, files: ModelFiles, stated: dict[str, Any], options: argparse.Namespace
) -> list[str]:
    """Put a model into the store.

    Returns:
        what it is now, a line each.

    Raises:
        ModelLoadError: it is refused.
    """
    from detectors.errors import ModelLoadError, UnknownFamily
    from detectors.examining.convert import REPORT
    from detectors.examining.examination import Bounds, examine

    stated = {"name": name, **stated}
    order = order_of(name, files, stated, Bounds(seconds=options.seconds))
    try:
        with store.stage(name) as folder:
            found = examine(order.model_copy(update={"folder": folder.absolute()}))
            report = files.weights.parent / REPORT
            if report.is_file():
                shutil.copy(report, folder)
    except UnknownFamily as error:
        if not error.trials:
            raise type(error)(f"{files.place}: {error}") from None
        folder = options.out or Path(f"{name}-candidates")
        raise type(error)(f"{files.place}: {error}\n{drawn(error.trials, folder)}") from None
    except ModelLoadError as error:
        raise type(error)(f"{files.place}: {error}") from None
    return told(store, name, found)


def told(store: ModelStore, name: str, found: Examined) -> list[str]:
    """What a model was taken for, and which version serves."""
    manifest = found.manifest
    version, serving = store.version_of(name, manifest.sha256), store.serving(name)
    classes = f"{len(manifest.labels)} classes" if len(manifest.labels) > 1 else manifest.labels[0]
    serves = "it serves" if serving == version else f"{name}@{serving} serves on"
    lines = [
        f"{name}@{version}: {manifest.family}, {classes}; {prepared(manifest.input)}",
        *(f"  {word}: {text}" for word in ("assumed", "ignored") if (text := getattr(manifest, word))),
        f"  {serves}; try it: sightline models check {name}@{version} PICTURE.. --out DIR",
    ]
    if serving != version:
        lines.append(f"  let it serve: sightline models promote {name}@{version}")
    return lines


def found_at(path: str) -> ModelFiles:
    """The files of a model at a path, or of the only one in a folder.

    Raises:
        ModelLoadError: there is none.
        ConfigError: there are several.
    """
    from detectors.examining.convert import GRAPH
    from detectors.store import SUFFIX, resolve

    folder = Path(path).expanduser()
    if folder.is_dir() and not (folder / GRAPH).is_file():
        models = sorted(folder.glob(f"*{SUFFIX}")) or sorted(
            each for each in folder.iterdir() if each.suffix.lower() in TENSORFLOW and each.is_file()
        )
        if len(models) > 1:
            names = ", ".join(each.name for each in models[:8])
            raise ConfigError(f"{path}: expected one model in the folder, received {names}: name one of them")
        if models:
            return resolve(str(models[0]))
    # With a separator it is a path, whatever built-in model has the same name.
    return resolve(str(folder.absolute()))


def name_of(files: ModelFiles, path: str) -> str:
    """What to call a model nobody named: as its file, or its folder where that says nothing."""
    stem = files.weights.stem
    if stem.lower() in ("model", "saved_model", "best", "last", "weights"):
        stem = Path(path).absolute().parent.name if Path(path).is_file() else Path(path).absolute().name
    return re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-_") or "model"
