"""From labelled pictures to a version that serves, by the command itself."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from detectors import classifier
from detectors.session import SessionOptions
from detectors.store import ModelStore
from tests.trainer.pictures import drawn, write_set
from trainer import features as feature_rows
from trainer.__main__ import main
from trainer.backbones.networks import Network
from trainer.commands import add_parser, train_options
from trainer.parser import Parser
from trainer.progress import Teller
from trainer.sitting import sit
from trainer.workspace import Workspace

QUICK = ("--backbone", "SqueezeNet", "--weights", "none", "--size", "48", "--seed", "3")
COUNT = 16


def command(pictures: Path, data: Path, *more: str, epochs: int = 30) -> list[str]:
    report = ("--json", str(data.parent / "report.json"))
    epochs_said = ("--epochs", str(epochs))
    return [
        "train",
        str(pictures),
        "--name",
        "kinds",
        "--data",
        str(data),
        *QUICK,
        *epochs_said,
        *report,
        *more,
    ]


def train(pictures: Path, data: Path, *more: str) -> dict[str, Any]:
    """Run the command in this process; the report."""
    assert main(command(pictures, data, *more)) == 0
    report: dict[str, Any] = json.loads((data.parent / "report.json").read_text())
    return report


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_set(tmp_path_factory.mktemp("pictures"), COUNT)
    (folder / "notes.txt").write_text("lies beside")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A data folder in which version 1 serves."""
    folder = tmp_path_factory.mktemp("trained") / "data"
    train(pictures, folder, "--test-on-train")
    return folder


def test_a_first_model_serves_and_answers_as_its_report_says(data: Path) -> None:
    store = ModelStore(data / "models")
    files = store.find("kinds")
    report = json.loads((files.weights.parent / "report.json").read_text())
    assert files.version == "1"
    assert report["pictures"] == 2 * COUNT
    assert report["method"] == "out of fold, 5 folds"
    assert report["accuracy"] >= 0.8
    assert report["interval"][0] < report["accuracy"] <= report["interval"][1]
    assert report["parity"] < 1e-3
    assert report["accuracy_on_training_set"] >= 0.8
    assert report["data"]["ignored"] == ["notes.txt"]
    model = classifier.load(str(files.weights), SessionOptions(provider="cpu", workers=1))
    unseen = [drawn(kind, 500 + seed) for seed in range(20) for kind in model.labels]
    answers = model.answers(model.infer([model.prepare(picture) for picture in unseen]))
    right = [int(np.argmax(answer.probabilities)) == number % 2 for number, answer in enumerate(answers)]
    assert np.mean(right) >= 0.7
    assert all(abs(sum(answer.probabilities) - 1) < 1e-5 for answer in answers)


def test_its_page_needs_nothing_else(data: Path) -> None:
    text = (ModelStore(data / "models").find("kinds").weights.parent / "report.html").read_text()
    assert "http:" not in text.replace("http://www.w3.org", "")
    assert "https:" not in text
    assert "% right" in text
    assert "ms of one core" in text
    assert "<svg" in text


def test_progress_is_told_to_programs(data: Path) -> None:
    lines = [
        json.loads(line) for line in (data / "training" / "kinds" / "progress.jsonl").read_text().splitlines()
    ]
    shares = [line["done"] for line in lines if "done" in line]
    assert shares == sorted(shares)
    assert lines[-1]["stage"] == "done"
    assert any(line.get("metrics", {}).get("val_accuracy") is not None for line in lines)


def test_the_same_seed_gives_the_same_model_and_features_are_not_computed_again(
    data: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*_: object) -> None:
        raise AssertionError("features were computed again")

    first = json.loads((data / "models" / "kinds" / "1" / "report.json").read_text())
    # The export is compared on pictures: that needs features without the cache.
    original = Network.features
    monkeypatch.setattr(Network, "features", computed)
    monkeypatch.setattr("trainer.export.checked", lambda *_: 0.0)
    again = train(pictures, data)
    assert (again["accuracy"], again["temperature"], again["confusion"]) == (
        first["accuracy"], first["temperature"], first["confusion"],
    )  # fmt: skip
    assert again["gate"]["passed"]
    assert again["gate"]["current_accuracy"] == again["gate"]["candidate_accuracy"] == first["accuracy"]
    with pytest.raises(AssertionError, match="computed again"):
        train(pictures, data, "--no-reuse-features")
    monkeypatch.setattr(Network, "features", original)


def test_one_new_picture_is_one_new_row(
    data: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = write_set(tmp_path / "more", COUNT)
    cv2.imwrite(str(more / "dots" / "new.png"), drawn("dots", 999))
    seen: list[int] = []
    original = Network.features

    def counted(self: Network, images: Any) -> Any:
        seen.append(len(images))
        return original(self, images)

    monkeypatch.setattr(feature_rows, "CHUNK", 4)
    monkeypatch.setattr(Network, "features", counted)
    monkeypatch.setattr("trainer.export.checked", lambda *_: 0.0)
    train(more, data, "--promote", "never")
    assert sum(seen) == 1


def test_a_worse_candidate_is_kept_and_does_not_serve(
    data: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ModelStore(data / "models")
    serving = store.serving("kinds")
    before = len(store.versions("kinds"))
    # All of the truth is spread over all classes: it is no better than chance.
    report = train(pictures, data, "--label-smoothing", "1", "--epochs", "3")
    assert not report["serving"]
    assert not report["gate"]["passed"]
    assert store.serving("kinds") == serving
    assert len(store.versions("kinds")) == before + 1
    assert "is kept, the other one goes on serving" in capsys.readouterr().out
    assert train(pictures, data, "--label-smoothing", "1", "--margin", "1", "--epochs", "3")["serving"]
    store.promote("kinds", "1")


def test_fine_tuning_trains_the_top_and_exports_it(pictures: Path, tmp_path: Path) -> None:
    watched = write_set(tmp_path / "watched", 4, first=200)
    report = train(
        pictures, tmp_path / "data", "--fine-tune", "2", "--folds", "2", "--fine-tune-rate", "0.001",
        "--views", "2", "--mixed-precision", "--validation", str(watched), "--memory", "60GB",
        "--tensorboard", str(tmp_path / "board"),
    )  # fmt: skip
    assert report["parity"] < 1e-3
    worth = report["fine_tuning"]
    assert set(worth) == {"accuracy_without", "accuracy_with", "taken"}
    text = (tmp_path / "data" / "models" / "kinds" / "1" / "report.html").read_text()
    assert f"Fine-tuning: {worth['accuracy_with']:.1%} right with it" in text
    assert report["backbone"]["about"].endswith("the mean of 2 views")
    written = {event.parent.name for event in (tmp_path / "board").glob("*/events.out.tfevents.*")}
    assert written >= {"fold-1-of-2", "fold-2-of-2"}


def test_too_little_memory_is_said_before_anything_is_done(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(pictures, tmp_path / "data", "--memory", "100MB")) == 2
    assert "--memory: expected at least" in capsys.readouterr().err


def test_a_large_set_is_held_out_in_one_part(pictures: Path, tmp_path: Path) -> None:
    parser = Parser(prog="trainer")
    add_parser(parser.add_subparsers())
    said = command(pictures, tmp_path / "data", "--held-out", "0.25", epochs=3)
    options = train_options(parser.parse_args(said))
    with Workspace(options.workspace).claimed():
        result = sit(replace(options, division=replace(options.division, small=2 * COUNT)), Teller())
    assert result is not None
    assert result.report["pictures"] == pytest.approx(0.25 * 2 * COUNT, abs=2)
    assert "held out" in result.report["method"]
    assert len(result.report["accuracy_by_fold"]) == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--backbone", "nonsense"], "expected one of auto"),
        (["--weights", "missing.h5"], "no such file of weights"),
        (["--resume"], "nothing to resume"),
        (["--min-per-class", "99"], "are missing"),
    ],
)
def test_bad_input_is_one_line(
    pictures: Path, tmp_path: Path, arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(pictures, tmp_path / "data", *arguments)) == 2
    told = [each for each in capsys.readouterr().err.splitlines() if each.startswith("sightline: ")]
    assert len(told) == 1
    assert line in told[0]


def test_a_full_disk_is_one_line_and_loses_nothing(
    pictures: Path, small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (small_disk / "data").mkdir()
    (small_disk / "filler").write_bytes(bytes(16 * 2**20 - 400_000))
    assert main(command(pictures, small_disk / "data")) == 2
    assert "the disk is full" in capsys.readouterr().err
    (small_disk / "filler").unlink()
    assert main(command(pictures, small_disk / "data")) == 0


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "trainer", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def reached(process: subprocess.Popen[bytes], path: Path) -> None:
    """Wait until a file is there."""
    while not path.exists():
        assert process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.005)


LONG = ("--early-stopping", "off", "--no-reuse-features")


@pytest.mark.timeout(300)
def test_goes_on_after_a_kill_and_a_cancel_as_if_nothing_had_been(pictures: Path, tmp_path: Path) -> None:
    data, whole = tmp_path / "data", tmp_path / "whole"
    whole.mkdir()
    workspace = data / "training" / "kinds"
    killed = start(command(pictures, data, *LONG))
    reached(killed, workspace / "part-0.npz")
    killed.kill()
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    cancelled = start(command(pictures, data, *LONG, "--resume"))
    reached(cancelled, workspace / "part-2.npz")
    cancelled.terminate()
    _, said = cancelled.communicate(timeout=60)
    assert cancelled.returncode == 130
    assert b"going on with what was done before" in said
    assert b"--resume" in said
    assert not ModelStore(data / "models").names()
    assert not (workspace / "part-4.npz").exists()
    resumed = train(pictures, data, *LONG, "--resume")
    assert not list(workspace.glob("*.npz"))
    uninterrupted = train(pictures, whole / "data", *LONG)
    for key in ("accuracy", "temperature", "threshold", "confusion", "loss"):
        assert resumed[key] == uninterrupted[key]
