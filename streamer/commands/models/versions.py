"""``sightline models promote``, ``rollback`` and ``remove``: which version serves, and which go."""

from __future__ import annotations

import argparse

from streamer.commands.models.naming import store_of
from streamer.commands.parsers import Subparsers, add_place
from streamer.errors import ConfigError


def add_action(actions: Subparsers) -> None:
    for name, metavar, run, words in (
        ("promote", "NAME@VERSION", run_promote, "let a version serve; whoever runs it takes it at once"),
        ("rollback", "NAME", run_rollback, "let the version serve again that did before"),
        ("remove", "NAME[@VERSION]", run_remove, "take a model or one of its versions out of the store"),
    ):
        parser = actions.add_parser(name, help=words)
        parser.add_argument("model", metavar=metavar)
        add_place(parser)
        parser.set_defaults(run=run)


def run_promote(options: argparse.Namespace) -> int:
    store, (name, version) = store_of(options), parts(options.model)
    version = store.find(f"{name}@{version or 'newest'}").version
    before = store.serving(name)
    store.promote(name, version or "")
    print(f"{name}@{version} serves" + (f", {name}@{before} did" if before not in (None, version) else ""))
    return 0


def run_rollback(options: argparse.Namespace) -> int:
    store, (name, version) = store_of(options), parts(options.model)
    before = store.serving(name)
    if version not in (None, before):
        raise ConfigError(f"{options.model}: expected the version that serves, {before}, or only the name")
    print(f"{name}@{store.rollback(name)} serves again, {name}@{before} did")
    return 0


def run_remove(options: argparse.Namespace) -> int:
    store, (name, version) = store_of(options), parts(options.model)
    there = store.versions(name)
    store.remove(name, version)
    gone = (version,) if version else there
    print("\n".join(f"{name}@{each}: removed" for each in gone))
    return 0


def parts(model: str) -> tuple[str, str | None]:
    """Name and version of ``NAME[@VERSION]``.

    Raises:
        ConfigError: nothing is behind the @: whoever meant one version must not get all of them.
    """
    name, mark, version = model.partition("@")
    if mark and not version:
        raise ConfigError(f"{model}: expected a version behind the @, or only the name")
    return name, version or None
