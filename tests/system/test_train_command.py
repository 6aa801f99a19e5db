"""`sightline train` and `sightline dataset` only start the trainer, and end as it does."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest


def sightline(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from streamer.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (tmp_path / "set" / kind).mkdir(parents=True)
        for number in range(40):
            image = rng.integers(0, 255, (40, 40, 3), np.uint8)
            cv2.imwrite(str(tmp_path / "set" / kind / f"{number}.png"), image)
    return tmp_path / "set"


def test_options_go_to_the_trainer() -> None:
    done = sightline("train", "--help")
    assert done.returncode == 0
    assert "--fine-tune" in done.stdout


def test_a_set_is_looked_at(pictures: Path) -> None:
    done = sightline("dataset", "stats", str(pictures))
    assert done.returncode == 0
    assert done.stdout.count("40 pictures") == 2


def test_of_a_set_the_wanted_classes_are_looked_at_and_the_counts_come_last(pictures: Path) -> None:
    (pictures / "dog" / "broken.png").write_bytes(b"no picture")
    (pictures / "cat" / "broken.png").write_bytes(b"no picture")
    done = sightline("dataset", "stats", str(pictures), "--labels", "dog")
    assert done.returncode == 0
    first, *_, counts, together = done.stdout.splitlines()
    assert first.startswith("left out: dog/broken.png")
    assert "cat" not in done.stdout
    assert counts.split()[:3] == ["dog", "40", "pictures"]
    assert together == "40 pictures of 1 classes; 1 left out, as told above"
    done = sightline("dataset", "export", str(pictures), "--out", str(pictures / "o"), "--label", "fox")
    assert (done.returncode, done.stderr) == (2, f"sightline: {pictures}: no pictures of fox\n")


def test_a_wrong_option_tells_the_command_that_was_given() -> None:
    for command in ("train", "dataset stats"):
        done = sightline(*command.split(), "set", "--nonsense", *(["--name", "a"] * (command == "train")))
        assert done.returncode == 2
        assert done.stderr.rstrip().endswith(f"see sightline {command} --help")


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    done = sightline("train", str(tmp_path / "nowhere"), "--name", "a", "--data", str(tmp_path / "data"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"sightline: {tmp_path / 'nowhere'}: no such folder or file\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_goes_on_to_the_trainer(pictures: Path, tmp_path: Path, number: signal.Signals) -> None:
    code = "import sys; from streamer.cli import main; sys.exit(main())"
    where = ("--name", "a", "--data", str(tmp_path / "data"))
    process = subprocess.Popen(
        [sys.executable, "-c", code, "train", str(pictures), *where], stderr=subprocess.PIPE, text=True
    )
    progress = tmp_path / "data" / "training" / "a" / "progress.jsonl"
    while not (progress.exists() and progress.read_text()):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("sightline: cancelled")
    assert '"cancelled"' in progress.read_text()
