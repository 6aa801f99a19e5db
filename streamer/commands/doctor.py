"""``sightline doctor``: what this machine has, what a camera answers, what would fail."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from streamer.commands.parsers import Subparsers


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("doctor", help="check this machine, and a configuration with its cameras")
    parser.add_argument("config", nargs="?", type=Path, metavar="CONFIG.yaml")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print a line for every check.

    Returns:
        0 when nothing would fail, else 1.
    """
    import anyio

    from streamer.commands.config import checked
    from streamer.config.file import validated
    from streamer.doctor.checks import examine

    # What cameras say on the log is in the report.
    logging.getLogger("streamer.capture").setLevel(logging.ERROR)
    # Without a configuration the demo's own stands in: what everybody can run.
    street = {"cameras": {"street": {"source": "sim://street?seed=0"}}}
    file = checked(options.config) if options.config else None
    config, place = (file.config, file.told) if file else (validated(street), None)
    failed = 0
    for section, findings in anyio.run(examine, config, place):
        print(f"\n{section}")
        for finding in findings:
            failed += not finding.good
            print(f"  {'ok  ' if finding.good else 'FAIL'}  {finding.text}")
            if finding.advice:
                print(f"        -> {finding.advice}")
    print(f"\n{'nothing would fail' if not failed else f'{failed} would fail'}")
    return 1 if failed else 0
