"""``sightline models pull``: a well-known model by its name, verified before anything reads it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from streamer.commands.models.adding import add
from streamer.commands.models.naming import size_of, store_of
from streamer.commands.parsers import Subparsers, add_place

if TYPE_CHECKING:
    from detectors.catalogue import Entry


def add_action(actions: Subparsers) -> None:
    parser = actions.add_parser("pull", help="fetch a well-known model; without a name, tell which there are")
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.add_argument(
        "--from", dest="source", metavar="FILE|URL", help="a copy of the file, or a mirror's address of it"
    )
    add_place(parser)
    parser.set_defaults(run=run, out=None, seconds=300)


def run(options: argparse.Namespace) -> int:
    """Fetch, verify, examine and keep a model."""
    from detectors.catalogue import entries, entry
    from detectors.download import Expected, Unreachable, alone, fetch
    from detectors.store import ModelFiles

    if options.name is None:
        for each in entries():
            about = f"{each.family}, {len(each.names)} classes, {size_of(each.bytes)}, {each.license}"
            print(f"{each.name:<20}{about}\n{'':<20}{each.url}")
        return 0
    wanted, store = entry(options.name), store_of(options)
    target = store.folder / ".pulled" / f"{wanted.name}.onnx"
    stated = {
        "family": wanted.family,
        "labels": wanted.names,
        "license": wanted.license,
        "source": f"{wanted.url}: {wanted.trained}",
        "metrics": wanted.metrics,
    }
    with alone(target):
        with _progress(wanted) as tell:
            try:
                fetch(options.source or wanted.url, target, Expected(wanted.bytes, wanted.sha256), tell)
            except Unreachable as error:
                raise Unreachable(f"{error}\n{_otherwise(wanted)}") from None
        try:
            lines = add(store, wanted.name, ModelFiles(wanted.name, target, None), stated, options)
        finally:
            target.unlink()
    print("\n".join(lines))
    return 0


def _otherwise(wanted: Entry) -> str:
    return (
        f"the same command goes on from there; without a network fetch {wanted.url} elsewhere "
        f"({wanted.bytes} bytes), copy it here, and: sightline models pull {wanted.name} --from FILE"
    )


@contextmanager
def _progress(wanted: Entry) -> Iterator[Callable[[int], None]]:
    """A bar on the terminal."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    columns = (*progress.Progress.get_default_columns(), progress.DownloadColumn())
    with progress.Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(Path(wanted.url).name, total=wanted.bytes)
        yield lambda there: bar.update(task, completed=there)
