"""``sightline detect``: pictures and videos, every one of them, as fast as the machine can."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from streamer.commands.parsers import REGIONS, Subparsers, positive, regions, share

if TYPE_CHECKING:
    from streamer.detection import Job


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("detect", help="find objects in pictures and videos")
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="picture, folder, glob or video")
    parser.add_argument("--model", default="sightline-nano", metavar="M", help="catalogue name or path")
    parser.add_argument("--json", metavar="F|-", help="write JSON Lines, one per picture or frame")
    parser.add_argument("--video", metavar="F", help="write an annotated video")
    parser.add_argument("--pictures", metavar="DIR", help="write annotated pictures")
    parser.add_argument("--min-confidence", type=share, default=0.25, metavar="0.25")
    parser.add_argument("--iou", type=share, default=0.45, metavar="0.45", help="overlap that NMS removes")
    parser.add_argument("--regions", type=regions, default="full", metavar=REGIONS, help="what to look at")
    parser.add_argument("--every", type=positive, default=1, metavar="N", help="take frames 0, N, 2N ..")
    parser.add_argument("--no-track", action="store_true", help="follow nothing: every frame stands alone")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Detect in every source.

    Returns:
        0, 1 when a part of them is missing in the results, 2 when none of them could be read.
    """
    import anyio

    from streamer.detection import detect_all

    outcome = anyio.run(detect_all, job(options))
    if outcome.failures and not outcome.frames:
        return 2
    return 1 if outcome.failed else 0


def job(options: argparse.Namespace) -> Job:
    from streamer.config import DetectConfig, DetectorConfig
    from streamer.detection import Job, Outputs

    return Job(
        sources=tuple(options.sources),
        detector=DetectorConfig(model=options.model, iou=options.iou),
        detect=DetectConfig(fps=0, min_confidence=options.min_confidence, regions=options.regions),
        outputs=Outputs(json=options.json, video=options.video, pictures=options.pictures),
        every=options.every,
        track=not options.no_track,
    )
