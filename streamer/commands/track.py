"""``sightline track``: the tracker on detections of the MOTChallenge, in its file format."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamer.commands.parsers import number, positive
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.commands.parsers import Subparsers

DEFAULT_FPS: Final = 25.0


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("track", help="follow the objects of a MOTChallenge detection file")
    parser.add_argument(
        "detections", metavar="DET.txt", type=Path, help="lines of frame, id, x, y, width, height, confidence"
    )
    parser.add_argument("--out", metavar="F", type=Path, required=True, help="results, in the same format")
    parser.add_argument(
        "--fps", metavar="F", type=frame_rate, default=DEFAULT_FPS, help="of the sequence (25)"
    )
    parser.add_argument("--every", metavar="N", type=positive, default=1, help="only frames 1, 1+N, 1+2N ..")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the results of ``options.detections`` to ``options.out``.

    Raises:
        ConfigError: the file cannot be read, a line is wrong, or the results cannot be written.
    """
    from streamer.tracking.motchallenge import follow, read, result_lines

    if options.out.exists() and options.detections.exists() and options.out.samefile(options.detections):
        raise ConfigError(f"--out: expected another file than the detections, received {options.out}")
    rows = read(options.detections)
    try:
        results = options.out.open("w", encoding="ascii")
    except OSError as error:
        raise ConfigError(f"{options.out}: cannot be written: {error.strerror}") from None
    with results as out:
        for frame, tracks in follow(rows, options.fps, options.every):
            out.writelines(f"{line}\n" for line in result_lines(frame, tracks))
    return 0


def frame_rate(text: str) -> float:
    """Frames per second, more than 0."""
    value = number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, received {text!r}")
    return value
