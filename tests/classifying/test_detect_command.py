"""``sightline detect`` with a camera of the configuration: its classifiers look at what is followed, too."""

import json

import cv2
import numpy as np
import pytest

from streamer.cli import main
from tests.classifying.colours import written
from tests.detectors.miniature import LABELS, SIDE, write, yolox

CONFIG = """
detectors: {default: {model: mini.onnx}}
cameras:
  gate:
    source: sim://street
    classifiers: [{model: colours.onnx, on: [bee], min_confidence: 0.6}]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    written(tmp_path / "colours.onnx")
    (tmp_path / "sightline.yaml").write_text(CONFIG)
    return tmp_path


def rosy(folder, frames=20):
    """A video of a pale red picture: bright enough for the detector, and rather red than blue."""
    video = cv2.VideoWriter(str(folder / "rosy.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 10, (SIDE, SIDE))
    for _ in range(frames):
        video.write(np.full((SIDE, SIDE, 3), (150, 180, 255), np.uint8))
    video.release()


def test_what_is_followed_is_told_apart(folder):
    rosy(folder)
    assert main(["detect", "rosy.mp4", "--config", "sightline.yaml", "--json", "out.jsonl"]) == 0
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    last = [line for line in lines if line.get("objects")][-1]["objects"]
    assert {each["label"]: each.get("sub_label") for each in last} == {"bee": "red", "cow": None}


def test_pictures_alone_have_no_votes_and_that_is_said(folder, capsys):
    cv2.imwrite("white.png", np.full((SIDE, SIDE, 3), 255, np.uint8))
    assert main(["detect", "white.png", "--config", "sightline.yaml"]) == 0
    assert "no classifier looks at pictures alone" in capsys.readouterr().err
