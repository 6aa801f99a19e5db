"""``sightline models quantize``: a model in INT8, kept only where that is faster and finds the same."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from streamer.commands.models.naming import add_model, models_of, size_of, store_of
from streamer.commands.parsers import Subparsers, positive, share
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from detectors.manifest import ModelManifest
    from detectors.quantizing.int8 import Outcome, Quantizing
    from detectors.store import ModelFiles

FRAMES: Final = 200
AGREE: Final = 0.9
LOSS: Final = 0.02
SEARCHES: Final = 3
"""Each for more agreement than the one before."""
SPEEDS: Final = {"least": "least_s", "median": "median_s"}
NOTE: Final = (
    "Three quarters of the pictures calibrate, the others compare. Agreement is the share of the boxes "
    "above the model's own threshold, of both forms, that the other form finds, too (same class, IoU 0.5, "
    "at 0.8 of the threshold); of a classifier, the share of pictures that get the same class. Speed is CPU "
    "time of one picture on one thread, both forms in turns. Give pictures like those the model will see: a "
    "camera's own, with objects in them; for a classifier a folder of crops."
)


def add_action(actions: Subparsers) -> None:
    parser = actions.add_parser(
        "quantize", help="make a model faster on a CPU, where INT8 is faster", description=NOTE
    )
    add_model(parser)
    parser.add_argument(
        "--frames",
        nargs="+",
        required=True,
        metavar="SOURCE",
        help="pictures, folder, video, camera, sim://street",
    )
    parser.add_argument(
        "--limit", type=positive, default=FRAMES, metavar="N", help=f"pictures that are taken ({FRAMES})"
    )
    parser.add_argument(
        "--name", metavar="N", help="what to call it in the store; else its own name, or NAME-int8"
    )
    parser.add_argument(
        "--agree", type=share, default=AGREE, metavar=str(AGREE), help="agreement that is asked for"
    )
    parser.add_argument("--coco", type=Path, metavar="instances.json", help="judge by AP50 on this set, too")
    parser.add_argument("--images", type=Path, metavar="DIR", help="its pictures")
    parser.add_argument(
        "--loss", type=share, default=LOSS, metavar=str(LOSS), help="of AP50 that is allowed there"
    )
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures to a file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Collect pictures, search, measure, and keep what is worth it; to keep the float model is no failure."""
    import anyio

    from detectors.compiling.compilation import described
    from detectors.quantizing.int8 import Quantizing
    from detectors.store import WEIGHTS, require_name, resolve
    from streamer.capture.collecting import collected
    from streamer.commands.models.evaluating import claim

    if (options.coco is None) != (options.images is None):
        raise ConfigError("--coco and --images: expected both or none")
    if options.json:
        claim(options.json)
    files = resolve(options.model, models_of(options))
    manifest = described(options.model, models_of(options))
    store, name = store_of(options), _name(files) if options.name is None else options.name
    # Not after minutes of work.
    require_name(name)
    bytes_before = files.weights.stat().st_size
    tell = Progress()
    pictures = anyio.run(collected, options.frames, options.limit, tell.source)
    quantizing = Quantizing(files, manifest, pictures)
    print(f"{files.name}: {len(pictures)} pictures, {len(quantizing.blocks)} blocks of layers")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        kept = _worth_it(quantizing, Writing(made, name, files, manifest, bytes_before), options, tell)
        if kept:
            with store.stage(name) as staged:
                shutil.copytree(made, staged, dirs_exist_ok=True)
            digest = hashlib.sha256((made / WEIGHTS).read_bytes()).hexdigest()
    if not kept:
        print(f"{files.name} stays in float")
        return 0
    version = store.version_of(name, digest)
    store.promote(name, version)
    print(f"kept as {name}@{version}, which serves: --model {name}")
    return 0


def _worth_it(quantizing: Quantizing, writing: Writing, options: argparse.Namespace, tell: Progress) -> bool:
    """Search, and where AP50 falls too far, search again for more agreement; print each result."""
    least, before = options.agree, _score(writing.files.weights, options)
    for _ in range(SEARCHES):
        outcome = quantizing.best(least, tell)
        tell.end()
        made = writing.model(outcome)
        after = _score(made, options)
        scores = None if before is None or after is None else (before, after)
        figures = _figures(writing.bytes_before, outcome, scores)
        verdict = _verdict(outcome, scores, least, options.loss)
        _print(figures)
        print(verdict or "INT8 is faster and agrees")
        for path in (made.parent / "quantization.json", options.json):
            if path is not None:
                path.write_text(
                    json.dumps({**figures, "kept": not verdict}, indent=2) + "\n", encoding="utf-8"
                )
        if not verdict or not (outcome.agrees and outcome.faster):
            return not verdict
        least = (1 + outcome.agreement) / 2
    return False


class Progress:
    """Tells what is done, on one line of a terminal, and nowhere else."""

    def __call__(self, step: str) -> None:
        if sys.stderr.isatty():
            print(f"\r\033[K{step} ..", end="", file=sys.stderr, flush=True)

    def source(self, name: str) -> None:
        self(f"pictures of {name}")

    def end(self) -> None:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _name(files: ModelFiles) -> str:
    """A model of the store gets a version; any other one a name that is free."""
    from detectors.store import catalogue

    if files.version is not None:
        return files.name
    name = re.sub(r"[^a-z0-9_-]+", "-", f"{files.name}-int8".lower()).strip("-_")
    return f"{name}-own" if name in catalogue() else name


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes forms in INT8 with their manifest as the store has them.

    Attributes:
        folder: where to.
        name: of the model in INT8.
        files: of the model in float.
        manifest: of it.
        bytes_before: its size; its file may go meanwhile.
    """

    folder: Path
    name: str
    files: ModelFiles
    manifest: ModelManifest
    bytes_before: int

    def model(self, outcome: Outcome) -> Path:
        from detectors.store import MANIFEST, WEIGHTS

        before = self.manifest
        origin = (
            f"{self.files.name} ({before.sha256[:12]}) in INT8, calibrated on own pictures; {before.source}"
        )
        digest = hashlib.sha256(outcome.content).hexdigest()
        told = {"name": self.name, "sha256": digest, "source": origin, "metrics": {}}
        (self.folder / WEIGHTS).write_bytes(outcome.content)
        (self.folder / MANIFEST).write_text(before.model_copy(update=told).model_dump_json(indent=2) + "\n")
        return self.folder / WEIGHTS


def _score(model: Path, options: argparse.Namespace) -> float | None:
    """AP50 of a model, where there is truth."""
    from detectors.detector import SessionOptions, load
    from detectors.measuring.evaluate import evaluate

    if options.coco is None:
        return None
    score: float = evaluate(load(str(model), SessionOptions("cpu")), options.coco, options.images)["AP50"]
    return score


def _verdict(outcome: Outcome, scores: tuple[float, float] | None, least: float, loss: float) -> str:
    """Why the float model stays; empty where it does not."""
    if not outcome.agrees:
        return f"no form in INT8 agrees to {least:.3f}; the best has {outcome.agreement:.3f}"
    if not outcome.faster:
        return f"INT8 is {outcome.ratio:.2f} times as fast on this machine: too little"
    if scores and scores[0] - scores[1] > loss:
        return f"AP50 falls from {scores[0]:.3f} to {scores[1]:.3f}, by more than {loss}"
    return ""


def _figures(bytes_before: int, outcome: Outcome, scores: tuple[float, float] | None) -> dict[str, Any]:
    times = (("before", outcome.before), ("after", outcome.after))
    figures: dict[str, Any] = {
        "ratio": outcome.ratio,
        "agreement": outcome.agreement,
        "bytes": {"before": bytes_before, "after": len(outcome.content)},
        "least_s": {name: timing.least_s for name, timing in times},
        "median_s": {name: timing.median_s for name, timing in times},
        "blocks_in_int8": f"{outcome.blocks_in_int8} of {outcome.blocks}",
        "kept_float": list(outcome.kept_float),
    }
    return {**figures, "AP50": {"before": scores[0], "after": scores[1]}} if scores else figures


def _print(figures: dict[str, Any]) -> None:
    rows = [(f"{word} CPU time", _milliseconds(figures[key])) for word, key in SPEEDS.items()]
    rows.append(("size", [size_of(count) for count in figures["bytes"].values()]))
    if "AP50" in figures:
        rows.append(("AP50", [f"{score:.3f}" for score in figures["AP50"].values()]))
    for word, columns in (("", ["float", "INT8"]), *rows):
        print(f"{word:<16}", *(f"{column:>9}" for column in columns))
    print(
        f"{figures['ratio']:.2f} times as fast; agreement {figures['agreement']:.3f};"
        f" {figures['blocks_in_int8']} blocks in INT8"
    )


def _milliseconds(pair: dict[str, float]) -> list[str]:
    return [f"{1000 * seconds:.2f} ms" for seconds in pair.values()]
