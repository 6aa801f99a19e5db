"""``sightline detect``: pictures and videos, every one of them, as fast as the machine can."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamer.commands.models.naming import add_statements, stated_by
from streamer.commands.parsers import DATA, REGIONS, Subparsers, positive, regions, share
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.config.file import ConfigFile
    from streamer.detection import Job


MIN_CONFIDENCE: Final = 0.25


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("detect", help="find objects in pictures and videos")
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="picture, folder, glob or video")
    parser.add_argument("--model", metavar="M", help="a model's name or path (sightline-nano)")
    add_statements(parser)
    parser.add_argument("--data", type=Path, metavar="DIR", help=f"where the store of models is ({DATA})")
    parser.add_argument("--json", metavar="F|-", help="write JSON Lines, one per picture or frame")
    parser.add_argument("--video", metavar="F", help="write an annotated video")
    parser.add_argument("--pictures", metavar="DIR", help="write annotated pictures")
    parser.add_argument("--min-confidence", type=share, metavar="0.25")
    parser.add_argument("--iou", type=share, metavar="0.45", help="overlap that NMS removes")
    parser.add_argument("--regions", type=regions, metavar=REGIONS, help="what to look at; full unless said")
    parser.add_argument("--every", type=positive, default=1, metavar="N", help="take frames 0, N, 2N ..")
    parser.add_argument("--no-track", action="store_true", help="follow nothing: every frame stands alone")
    parser.add_argument(
        "--config", type=Path, metavar="F", help="judge by the rules of a camera of this file"
    )
    parser.add_argument("--camera", metavar="NAME", help="which one, where the file has several")
    parser.add_argument(
        "--explain", action="store_true", help="say why objects are dropped or kept, as text or in the JSON"
    )
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
    """What the command line asks for; it wins over the configuration.

    Raises:
        ConfigError: the configuration is wrong, or has no such camera.
    """
    from detectors.store import models_in
    from streamer.config.tree import DetectConfig, DetectorConfig
    from streamer.detection import Job, Outputs

    camera, detector, name, place = None, DetectorConfig(), None, None
    data = DATA
    if options.config is not None or options.camera is not None:
        file, name = judged(options)
        camera, place = file.config.cameras[name], file.told
        detector, data = file.config.detectors[camera.detector], file.config.data
    given = {"model": options.model, "iou": options.iou}
    detector = detector.model_copy(
        update={option: value for option, value in given.items() if value is not None}
    )
    detect = camera.detect if camera else DetectConfig(min_confidence=MIN_CONFIDENCE)
    looks = {"min_confidence": options.min_confidence, "regions": options.regions}
    said = {option: value for option, value in looks.items() if value is not None}
    return Job(
        sources=tuple(options.sources),
        detector=detector,
        detect=detect.model_copy(update={"fps": 0.0, **said}),
        outputs=Outputs(json=options.json, video=options.video, pictures=options.pictures),
        every=options.every,
        track=not options.no_track,
        camera=camera,
        name=name,
        explain=options.explain,
        place=place if options.model is None else None,
        models=models_in(options.data or data),
        stated=stated_by(options),
    )


def judged(options: argparse.Namespace) -> tuple[ConfigFile, str]:
    """The file, and the name of the camera whose rules judge what is found."""
    from streamer.commands.config import checked

    if options.config is None:
        raise ConfigError("--camera: expected --config with it, received none")
    file = checked(options.config)
    names = list(file.config.cameras)
    name = names[0] if options.camera is None and len(names) == 1 else options.camera
    if name not in names:
        received = "none" if name is None else repr(name)
        raise ConfigError(f"--camera: expected one of {', '.join(names)}, received {received}")
    return file, name
