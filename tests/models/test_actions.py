"""``sightline models``: from a file to a model that serves, and what is told on the way."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from detectors.store import ModelStore
from streamer.cli import main
from streamer.commands.models.checking import _headed

sys.path.append(str(Path(__file__).parents[1] / "detectors"))
import test_examination as examination
import test_recognition as recognition
from miniature import LABELS, SIDE, Recipe, ultralytics, write, yolox

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def told(capsys):
    """What the command prints, on either stream."""

    def run(*arguments, status=0):
        assert main(["models", *arguments]) == status
        captured = capsys.readouterr()
        return captured.out + captured.err

    return run


@pytest.fixture
def told_either(capsys):
    """What the command returns and prints, whether it succeeds or not."""

    def run(*arguments):
        status = main(["models", *arguments])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run


def test_a_model_is_added_tried_promoted_and_removed(told, tmp_path):
    write(yolox(), tmp_path / "Mini v1.onnx")
    (tmp_path / "labels.txt").write_text("\n".join(LABELS))
    first = told("add", "Mini v1.onnx")
    assert "mini-v1@1: yolox, 3 classes; 64x64 bgr, 0 to 255, letterbox top-left" in first
    assert "assumed: labels: those of labels.txt beside it" in first
    (tmp_path / "names.json").write_text(json.dumps(["x", "y", "z"]))
    second = told("add", "Mini v1.onnx", "--labels", "names.json")
    assert "mini-v1@1 serves on" in second
    assert "promote mini-v1@2" in second

    cv2.imwrite("white.png", np.full((SIDE, SIDE, 3), 255, np.uint8))
    found = told("check", "mini-v1", "white.png", "--out", "drawn")
    assert "white.png: bee 0.81 at 20,20,44,44" in found
    assert cv2.imread("drawn/white.jpg").shape == (SIDE, SIDE, 3)
    assert "mini-v1@2 serves, mini-v1@1 did" in told("promote", "mini-v1")
    assert "white.png: y 0.81" in told("check", "mini-v1", "white.png")
    listed = {row["model"]: row for row in json.loads(told("list", "--json"))}
    assert listed["mini-v1@2"]["serves"] == "serves"
    assert listed["mini-v1@1"] | {"size": ""} == {
        "model": "mini-v1@1", "serves": "", "task": "detect", "family": "yolox", "input": "64x64",
        "classes": 3, "size": "",
    }  # fmt: skip
    assert "mini-v1@1 serves again" in told("rollback", "mini-v1")
    assert told("remove", "mini-v1").splitlines() == ["mini-v1@1: removed", "mini-v1@2: removed"]


def test_what_is_left_aside_is_said(told, tmp_path, capsys):
    names = (("names", str(dict(enumerate(LABELS)))), ("task", "pose"), ("kpt_shape", "[1, 3]"))
    write(ultralytics(Recipe(metadata=names), classes=6), tmp_path / "pose.onnx")
    assert "ignored     its key points" in told("show", "pose.onnx")
    assert "ignored: its key points" in told("add", "pose.onnx")
    cv2.imwrite("white.png", np.full((SIDE, SIDE, 3), 255, np.uint8))
    assert main(["detect", "white.png", "--model", "pose"]) == 0
    assert "pose: ignored: its key points" in capsys.readouterr().err


def test_a_family_that_is_not_certain_is_asked_for_with_pictures(told, tmp_path):
    onnx.save(recognition.maps_of_anchors(), tmp_path / "maps.onnx")
    text = told("add", "maps.onnx", status=2)
    assert "--family FAMILY, one of yolov3, yolov4, yolov5-raw, yolov7-raw" in text
    assert {path.stem for path in (tmp_path / "maps-candidates").iterdir()} == {
        "yolov3", "yolov4", "yolov5-raw", "yolov7-raw",
    }  # fmt: skip
    assert not (tmp_path / "sightline-data" / "models" / "maps").exists()
    assert "maps@1: yolov7-raw" in told("add", "maps.onnx", "--family", "yolov7-raw")


def test_the_exported_graph_runs_in_any_runtime(told, tmp_path):
    write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    told("export", "mini.onnx")
    session = onnxruntime.InferenceSession("mini-compiled.onnx", providers=["CPUExecutionProvider"])
    feeds = {
        "images": np.full((1, SIDE, SIDE, 3), 255, np.uint8),
        "score_limit": np.array(0.5, np.float32),
        "iou_limit": np.array(0.45, np.float32),
        "multi_label": np.array(False),
        "max_candidates": np.array([1000]),
    }
    boxes, scores, classes, picture = session.run(None, feeds)
    assert sorted(zip(classes.tolist(), map(tuple, boxes.round().tolist()), strict=True)) == [
        (1, (20, 20, 44, 44)),
        (2, (0, 8, 16, 40)),
    ]
    assert scores.max() == pytest.approx(0.81)
    assert not picture.any()
    assert json.loads((tmp_path / "mini-compiled.json").read_text())["labels"] == list(LABELS)


def test_the_graph_is_measured_beside_the_bare_model(told, tmp_path):
    write(yolox(Recipe(batch=None)), tmp_path / "mini.onnx", labels=LABELS)
    rows = json.loads(told("bench", "mini.onnx", "--seconds", "0.5", "--batch", "1", "2", "--json"))
    assert [row["batch"] for row in rows] == [1, 2]
    assert all(row["ratio"] == pytest.approx(row["graph_s"] / row["bare_s"]) for row in rows)
    assert all(row["bare_s"] > 0 for row in rows)
    starts = json.loads(told("bench", "mini.onnx", "--starts", "--json"))
    assert starts["first_s"] > starts["cached_s"] > 0


def test_a_family_may_be_said_for_once(told, tmp_path):
    """Without a manifest, and without a place in the store."""
    onnx.save(recognition.final_rows([(10, 10, 50, 50, 0.9, 1)]), tmp_path / "rows.onnx")
    cv2.imwrite(str(tmp_path / "white.png"), np.full((320, 320, 3), 255, np.uint8))
    refused = told("check", "rows.onnx", "white.png", status=2)
    assert "next to nothing of the people" in refused
    (tmp_path / "names.txt").write_text("\n".join(LABELS))
    said = told("check", "rows.onnx", "white.png", "--family", "end-to-end", "--labels", "names.txt")
    assert "white.png: bee 0.90 at 10,10,50,50" in said
    refused = told("add", "rows.onnx", "--labels", "names.txt", "--family", "yolox", status=2)
    assert "outputs of yolox on a 320x320 input" in refused


def test_what_makes_no_sense_is_drawn(told, tmp_path):
    onnx.save(recognition.final_rows([(10, 10, 50, 50, 37.5, 1)]), tmp_path / "rows.onnx")
    refused = told("add", "rows.onnx", status=2)
    assert "not end-to-end: scores up to 37.5" in refused
    assert (tmp_path / "rows-candidates" / "end-to-end.jpg").is_file()


ROUNDS = 100 if os.environ.get("SIGHTLINE_SOAK") else 2


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_damaged_models_are_added_or_refused_in_a_line_and_the_store_stays_whole(told_either, tmp_path):
    content = yolox().SerializeToString()
    (tmp_path / "labels.txt").write_text("\n".join(LABELS))
    added = 0
    for seed in range(ROUNDS):
        damage = (examination.mutated, examination.rewired)[seed % 2]
        (tmp_path / "mini.onnx").write_bytes(damage(content, random.Random(seed)))
        status, said = told_either("add", "mini.onnx", "--seconds", "60")
        added += status == 0
        assert status in (0, 2), seed
        assert "Traceback" not in said, seed
        assert status == 0 or len(said.splitlines()) <= 2, seed
        versions = ModelStore(tmp_path / "sightline-data" / "models").versions("mini")
        assert len(versions) == added, seed
    assert told_either("list")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "nothing.onnx"), "no such file"),
        (("add", "notes.onnx"), "damaged, or not an ONNX file"),
        (("add", "several"), "expected one model in the folder, received a.onnx, b.onnx"),
        (("add", "notes.onnx", "--name", "No Name"), "expected a name like 'parcels'"),
        (("add", "notes.onnx", "--labels", "none.txt"), "none.txt: cannot be read as names of classes"),
        (("check", "nano", "a.png"), "no such model: did you mean"),
        (("promote", "nano@3"), "'nano': no such model"),
        (("check", "sightline-nano", "clip.mp4"), "expected pictures, received clip.mp4"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments, says, told, tmp_path):
    (tmp_path / "notes.onnx").write_bytes(b"no model")
    (tmp_path / "several").mkdir()
    for name in ("several/a.onnx", "several/b.onnx", "clip.mp4", "a.png"):
        (tmp_path / name).touch()
    text = told(*arguments, status=2)
    assert says in text
    assert len(text.splitlines()) == 1


def test_remove_takes_no_version_for_all_of_them(told, tmp_path):
    """As a script says it whose variable is empty."""
    write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    told("add", "mini.onnx")
    for action in ("remove", "promote"):
        assert "mini@: expected a version behind the @" in told(action, "mini@", status=2)
    assert ModelStore(tmp_path / "sightline-data" / "models").versions("mini") == ("1",)
    assert "received ''" in told("add", "mini.onnx", "--name", "", status=2)


@pytest.mark.parametrize("seconds", ["0", "-1", "1.5", "nan", "1e9", "1e300"])
def test_a_time_that_is_none_is_refused(seconds, tmp_path, capsys):
    write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    with pytest.raises(SystemExit):
        main(["models", "add", "mini.onnx", f"--seconds={seconds}"])
    assert "argument --seconds: expected " in capsys.readouterr().err


def test_an_export_is_whole_or_not_there(told, tmp_path):
    write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    assert "--out: expected a file for the graph" in told("export", "mini.onnx", "--out", "x.json", status=2)
    assert not (tmp_path / "x.json").exists()
    command = [sys.executable, "-c", "from streamer.cli import main; main()", "models", "export", "mini.onnx"]
    # Nor more than a kilobyte: as on a full disk.
    ended = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *command, "--out", "cut.onnx"],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ended.stderr.startswith("sightline: cut.onnx: cannot be written: ")
    assert not (tmp_path / "cut.onnx").exists()


@pytest.mark.realdata
def test_a_model_of_tensorflow_is_told_by_the_name_its_user_gave(told, tmp_path, test_data):
    """Not by that of what it was converted to, in a cache; and found as the only one of a folder."""
    folder = tmp_path / "downloaded"
    folder.mkdir()
    (folder / "notes.txt").touch()
    shutil.copy(test_data / "classifiers" / "customvision_chairs.pb", folder / "chairs.pb")
    refused = told("add", "downloaded", status=2).splitlines()[-1]
    assert refused.startswith("sightline: downloaded/chairs.pb: its 2 classes have no names")
    (folder / "chairs.labels.txt").write_text("green\nhigh\n")
    assert "chairs@1: probabilities, 2 classes" in told("add", "downloaded")


@pytest.mark.parametrize("size", [(40, 30), (200, 3000), (3000, 2000)])
def test_the_answer_of_a_classifier_is_written_where_it_can_be_read(size):
    width, height = size
    picture = np.full((height, width, 3), 255, np.uint8)
    drawn = _headed(picture, "courier: courier 0.912, neighbour 0.050, other 0.038")
    top, side = drawn.shape[0] - height, drawn.shape[1] - width
    assert drawn.shape[1] >= 480
    assert (drawn[top:, :width] == 255).all()
    letters = np.argwhere((drawn[:top] == (238, 211, 34)).all(axis=2))
    first, last = letters.min(axis=0), letters.max(axis=0)
    # As high as a sixtieth of the picture, at least 9 pixels, and all within it.
    assert last[0] - first[0] >= max(9, max(size) / 60)
    assert last[1] < width + side - 4
