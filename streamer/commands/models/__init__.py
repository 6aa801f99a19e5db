"""``sightline models``: which there are, what they are, how good and how fast they are."""

from __future__ import annotations

from typing import Final

from streamer.commands.models import (
    adding,
    checking,
    evaluating,
    exporting,
    listing,
    measuring,
    pulling,
    quantizing,
    showing,
    versions,
)
from streamer.commands.parsers import Subparsers

ACTIONS: Final = (
    listing, showing, adding, pulling, checking, evaluating, exporting, measuring, quantizing, versions,
)  # fmt: skip


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("models", help="detectors and classifiers: add, try and compare them")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for action in ACTIONS:
        action.add_action(actions)
