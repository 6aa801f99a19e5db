"""``train`` and ``dataset`` on the command line."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import re
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trainer.data.snapshots import FOLDER
from trainer.errors import Cancelled
from trainer.options import (
    MOST_OF_A_STEP,
    STEPS,
    WATCHED,
    BackboneChoice,
    Division,
    Gate,
    Machine,
    Recipe,
    TrainOptions,
    Tuning,
)  # fmt: skip
from trainer.parser import add_labels, names
from trainer.progress import PROGRESS_FILE, Teller, bar, open_log
from trainer.report import summary
from trainer.schedule import Schedule
from trainer.stopping import Patience
from trainer.workspace import Workspace, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainer.parser import Parser
    from trainer.sitting import Result

DATA: Final = Path("sightline-data")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
UNITS: Final = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "mib": 2**20, "gib": 2**30}
TUNED_EPOCHS: Final = 8


def add_parser(recipes: argparse._SubParsersAction[Parser]) -> None:
    """Put `train` under the trainer's commands."""
    parser = recipes.add_parser("train", prog="sightline train", help="a classifier from labelled pictures")
    parser.add_argument(
        "dataset", type=Path, metavar="DATASET", help="data folder, class folders, zip, COCO file or YOLO set"
    )
    parser.add_argument("--name", type=_name, required=True, help="of the model in the store")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="data folder (DATASET if it is one, else sightline-data)"
    )
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="of the state (DATA/training/NAME)")
    parser.add_argument(
        "--resume", action="store_true", help="go on with a training that was cancelled or killed"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="REPORT", help="write the report to a file")
    _add_backbone(parser.add_argument_group("backbone"))
    _add_recipe(parser.add_argument_group("training"))
    _add_data(parser.add_argument_group("pictures"))
    _add_after(parser.add_argument_group("result"))
    _add_machine(parser.add_argument_group("machine"))
    parser.set_defaults(run=run_train)


def run_train(options: argparse.Namespace) -> int:
    """Train; the report goes to standard output in a few lines, progress to standard error."""
    from trainer.sitting import sit

    chosen = train_options(options)
    if options.json:
        with told(options.json):
            options.json.open("a").close()
    with ExitStack() as stack:
        stack.enter_context(Workspace(chosen.workspace).claimed())
        log = stack.enter_context(open_log(chosen.workspace / PROGRESS_FILE))
        shown = stack.enter_context(bar()) if sys.stderr.isatty() else None
        board = stack.enter_context(_board(chosen.tensorboard)) if chosen.tensorboard else None
        teller = Teller(log, shown, board.write if board else None, sys.stderr)
        ending = stack.enter_context(Ending().heard())
        try:
            result = sit(chosen, teller)
        # An import of native code that is interrupted fails with an error of its own.
        except BaseException as error:
            if ending.came or isinstance(error, Cancelled):
                teller.tell("cancelled")
                raise Cancelled(_how_to_go_on(chosen)) from None
            teller.tell("failed", message=str(error))
            raise
    if result is not None:
        _print(result, options.json)
    return 0


class Ending:
    """SIGINT and SIGTERM before and after the training itself, which hears them on its own."""

    def __init__(self) -> None:
        self.came = False

    @contextlib.contextmanager
    def heard(self) -> Iterator[Ending]:
        before = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _end(self, number: int, frame: object) -> None:
        self.came = True
        raise KeyboardInterrupt


def _how_to_go_on(options: TrainOptions) -> str:
    if Workspace(options.workspace).resumable:
        return "cancelled; what was done is kept: go on with the same command and --resume"
    return "cancelled before the training began"


def _print(result: Result, path: Path | None) -> None:
    # First the file: who reads the lines may have gone.
    if path:
        with told(path):
            path.write_text(json.dumps(result.report, indent=2) + "\n", encoding="utf-8")
    for line in summary(result.report):
        print(line)
    said = result.report["gate"]["said"]
    state = "serves now" if result.serving else "is kept, the other one goes on serving"
    print(f"{result.name}@{result.version} {state}: {said}")


def train_options(given: argparse.Namespace) -> TrainOptions:
    """What was said on the command line, as one record."""
    end = given.learning_rate / 100 if given.end_learning_rate is None else given.end_learning_rate
    schedule = Schedule(
        given.schedule, given.learning_rate, given.decay_rate, given.decay_epochs, end, given.power
    )
    stopping = given.early_stopping
    data = given.data or (given.dataset if (given.dataset / FOLDER).is_dir() else DATA)
    patience = None if stopping == "off" else Patience(stopping, given.min_delta, given.patience)
    fraction = given.validation_fraction
    if fraction is None and stopping == "accuracy":
        # Pictures that are trained on are soon all answered right.
        fraction = WATCHED
    return TrainOptions(
        dataset=given.dataset,
        name=given.name,
        data=data,
        workspace=given.workspace or data / "training" / given.name,
        backbone=BackboneChoice(given.backbone, given.weights, given.size, tuple(given.taps), given.views),
        recipe=Recipe(
            given.epochs, given.batch_size, schedule, patience, given.l2, given.label_smoothing,
            given.class_weights == "balanced",
        ),
        tuning=Tuning(given.fine_tune or 0, given.fine_tune_blocks, given.fine_tune_rate, given.augment),
        division=Division(
            given.validation, fraction, given.folds, given.held_out,
            least=given.min_per_class, labels=(*given.labels, *given.label),
        ),
        gate=Gate(given.promote, given.margin),
        machine=Machine(given.strategy, given.memory, given.mixed_precision, given.reuse_features),
        seed=given.seed,
        reject=given.reject,
        threshold=given.threshold,
        test_on_train=given.test_on_train,
        resume=given.resume,
        tensorboard=given.tensorboard,
    )  # fmt: skip


def _add_backbone(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--backbone",
        "--arch",
        default="auto",
        metavar="NAME|FILE",
        help="auto, squeezenet, mobilenetv2, .. or an ONNX model",
    )
    group.add_argument("--weights", metavar="imagenet|none|FILE")
    group.add_argument("--size", type=_positive, metavar="PIXELS", help="side of the backbone's input")
    group.add_argument(
        "--taps", type=names, default=[], metavar="T,..", help="tensors of an ONNX backbone that are features"
    )
    group.add_argument(
        "--views",
        type=int,
        choices=(1, 2, 4, 8),
        help="answer by the mean of so many views, at as many times the cost: 2 mirror, 4 and 8 turn, too "
        "(1; fine-tuned: 2, or 4 of what lies any way)",
    )


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    usual, schedule, patience, tuning = Recipe(), Schedule(), Patience(), Tuning()
    group.add_argument("--epochs", type=_positive, default=usual.epochs)
    group.add_argument(
        "--batch-size",
        type=_positive,
        help=f"pictures of a step ({MOST_OF_A_STEP}; fewer where they make less than {STEPS} steps)",
    )
    group.add_argument("--learning-rate", type=_above, default=schedule.rate)
    group.add_argument(
        "--schedule", choices=("constant", "exponential", "polynomial", "cosine"), default=schedule.name
    )
    group.add_argument(
        "--decay-rate", type=_share, default=schedule.decay, help="factor of a stair (exponential)"
    )
    group.add_argument(
        "--decay-epochs", type=_above, default=schedule.decay_epochs, help="length of a stair (exponential)"
    )
    group.add_argument("--end-learning-rate", type=_above, help="(polynomial, cosine)")
    group.add_argument("--power", type=_above, default=schedule.power, help="(polynomial)")
    group.add_argument("--early-stopping", choices=("loss", "accuracy", "off"), default=patience.metric)
    group.add_argument("--min-delta", type=_share, default=patience.min_delta)
    group.add_argument("--patience", type=_positive, default=patience.epochs, help="epochs")
    group.add_argument("--class-weights", choices=("none", "balanced"), default="none")
    group.add_argument("--label-smoothing", type=_share, default=usual.label_smoothing)
    group.add_argument("--l2", type=_share, default=usual.l2)
    group.add_argument(
        "--fine-tune",
        type=_positive,
        nargs="?",
        const=TUNED_EPOCHS,
        metavar="EPOCHS",
        help="train the backbone's top, too",
    )
    group.add_argument("--fine-tune-blocks", type=_positive, default=tuning.blocks, metavar="N")
    group.add_argument("--fine-tune-rate", type=_above, default=tuning.rate)
    group.add_argument(
        "--augment",
        choices=("auto", "none", "upright", "any-way"),
        default=tuning.augment,
        help="while fine-tuning",
    )


def _add_data(group: argparse._ArgumentGroup) -> None:
    usual = Division()
    add_labels(group)
    group.add_argument("--min-per-class", type=_positive, default=usual.least)
    group.add_argument(
        "--validation", type=Path, metavar="DATASET", help="other pictures to watch while training"
    )
    group.add_argument(
        "--validation-fraction",
        type=_share,
        default=usual.fraction,
        help=f"of the training pictures that is watched; {WATCHED} of a large set and for --early-stopping"
        " accuracy, else 0: then the loss of those trained on says when to stop",
    )
    group.add_argument(
        "--held-out", type=_share, default=usual.held_out, help="share of a set of 1000 pictures and more"
    )
    group.add_argument("--folds", type=_folds, default=usual.folds, help="of smaller sets")
    group.add_argument("--test-on-train", action="store_true", help="report on the training pictures, too")


def _add_after(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--promote", choices=("gate", "always", "never"), default="gate")
    group.add_argument(
        "--margin", type=_share, default=0.0, help="by which a candidate may be worse and still go live"
    )
    group.add_argument(
        "--reject", type=_share, default=0.01, help="share of right answers that may become `none of these`"
    )
    group.add_argument(
        "--threshold", type=_share, help="confidence below which it is `none of these`, instead"
    )
    group.add_argument("--tensorboard", type=Path, metavar="DIR")


def _add_machine(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--strategy", choices=("none", "mirrored", "multiworker"), default="none")
    group.add_argument(
        "--memory", type=_bytes, metavar="BYTES", help="such as 4GB: the process takes no more"
    )
    group.add_argument("--mixed-precision", action="store_true")
    group.add_argument("--reuse-features", action=argparse.BooleanOptionalAction, default=True)


def _board(folder: Path) -> Any:
    from trainer.board import Board

    return Board(folder)


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"expected a name like 'parcels' (a-z, 0-9, '-', '_'), received {text!r}"
        )
    return text


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 on, received {text!r}")
    return int(text)


def _folds(text: str) -> int:
    if not text.isdigit() or not 2 <= int(text) <= 20:
        raise argparse.ArgumentTypeError(f"expected a whole number from 2 to 20, received {text!r}")
    return int(text)


def _share(text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, received {text!r}")
    return value


def _above(text: str) -> float:
    value = _number(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, received {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _bytes(text: str) -> int:
    found = re.fullmatch(r"([0-9.]+)\s*([a-z]*)", text.lower())
    if not found or found[2] not in UNITS or not _number(found[1]) > 0:
        raise argparse.ArgumentTypeError(f"expected a size such as 4GB, received {text!r}")
    return int(float(found[1]) * UNITS[found[2]])
