"""`nano train`, `nano export`, `nano evaluate`."""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from trainer.errors import TrainerError
from trainer.nano import checkpoint, dataset, export, recipe, release
from trainer.nano.architecture import LABELS, NetworkSpec
from trainer.nano.batches import Sampler
from trainer.nano.schedule import Plan
from trainer.parser import Parser

log = logging.getLogger(__name__)
STATE, RECIPE = "state.npz", "recipe.json"
NAME = "sightline-nano"
# Every n-th training picture until this many: the calibration wants variety, not amount.
CALIBRATION = 256


def add_parser(recipes: "argparse._SubParsersAction[Parser]") -> None:
    """Put `nano` and its commands under the trainer's."""
    commands = recipes.add_parser("nano", help="the embedded detector").add_subparsers(
        required=True, metavar="COMMAND"
    )
    train = commands.add_parser("train", help="train from scratch, or go on with --resume")
    _add_sets(train)
    train.add_argument("--out", type=Path, required=True, help="folder of the state")
    budget = train.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, help="time to spend in training, earlier runs included")
    budget.add_argument("--steps", type=int, help="steps to do, earlier runs included")
    train.add_argument("--batch", type=int, default=32, help="pictures a step")
    train.add_argument("--checkpoint-seconds", type=float, default=60, help="time between kept states")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--resume", action="store_true", help="go on from the state in the folder")
    train.set_defaults(run=_train)

    written = commands.add_parser("export", help="averaged weights -> ONNX and manifest, FP32 and INT8")
    _add_sets(written)
    _add_held(written)
    written.add_argument("--state", type=Path, required=True, help="folder of the state")
    written.add_argument("--out", type=Path, required=True)
    written.set_defaults(run=_export)

    judged = commands.add_parser("evaluate", help="figures of an exported model")
    _add_held(judged)
    judged.add_argument("model", type=Path)
    judged.set_defaults(run=_evaluate)


def _add_sets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--coco", type=_share, action="append", required=True, metavar="PATH[=SHARE]",
        help="COCO file beside its images/, or a folder of sets (*/instances.json); its share of the samples",
    )  # fmt: skip


def _add_held(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--val", type=Path, required=True, help="COCO file of real pictures, for AP")
    parser.add_argument(
        "--street",
        type=Path,
        required=True,
        help="unseen streets, for the threshold: COCO file or folder of sets",
    )


def _share(text: str) -> tuple[Path, float]:
    path, _, share = text.partition("=")
    try:
        return Path(path), float(share or 1)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected PATH or PATH=SHARE. Received: {text}") from error


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*/instances.json")) if path.is_dir() else [path]


def _pictures(path: Path) -> list[dataset.Picture]:
    pictures = [picture for file in _files(path) for picture in dataset.load(file, LABELS)]
    if not pictures:
        raise TrainerError(f"{path}: expected folders with an instances.json in it")
    log.info("%d pictures of %s", len(pictures), path)
    return pictures


def _train(options: argparse.Namespace) -> None:
    state = options.out / STATE
    if state.exists() != options.resume:
        hint = "go on with it by --resume, or name another folder" if state.exists() else "nothing to resume"
        raise TrainerError(f"{state}: {hint}")
    plan = Plan(options.minutes and options.minutes * 60, options.steps, batch=options.batch)
    sets = [_pictures(path) for path, _ in options.coco]
    sampler = Sampler(sets, [share for _, share in options.coco], plan.batch, options.seed)
    # TensorFlow takes seconds to load: not before the input is known to be good.
    from trainer.nano import engine, loop

    engine.prepare()
    training = loop.Training(NetworkSpec(), plan, options.seed)
    if options.resume:
        training.restore(checkpoint.load(state))
        log.info("going on at step %d", training.step)
    options.out.mkdir(parents=True, exist_ok=True)
    _remember(options, sets, training.step)
    loop.train(training, sampler, state, loop.Rhythm(options.checkpoint_seconds))


def _remember(options: argparse.Namespace, sets: Sequence[Sequence[dataset.Picture]], step: int) -> None:
    """Keep beside the state what it is trained on from this step."""
    records = (
        recipe.record(source, _files(source[0]), pictures, LABELS)
        for source, pictures in zip(options.coco, sets, strict=True)
    )
    path = options.out / RECIPE
    stretch = recipe.Stretch(step, tuple(records))
    fresh = recipe.Recipe((stretch,), options.batch, options.seed)
    recipe.write(path, recipe.read(path).then(stretch) if options.resume else fresh)


def _export(options: argparse.Namespace) -> None:
    state = checkpoint.load(options.state / STATE)
    source = recipe.read(options.state / RECIPE).text()
    source += f"; {state.step} steps, {state.spent_s / 60:.0f} minutes"
    model = export.graph(NetworkSpec(), state.averaged)
    seen = [picture for path, _ in options.coco for picture in _pictures(path)]
    small = release.small(model, seen[:: max(1, len(seen) // CALIBRATION)])
    held = release.Held(options.val, _files(options.street))
    drafts = release.Draft(NAME, model, source), release.Draft(f"{NAME}-int8", small, source)
    for draft in drafts:
        print(release.table(release.release(draft, held, options.out)))


def _evaluate(options: argparse.Namespace) -> None:
    thresholds, metrics = release.measure(options.model, release.Held(options.val, _files(options.street)))
    print(json.dumps({"thresholds": thresholds.model_dump(), "metrics": metrics}, indent=2))
