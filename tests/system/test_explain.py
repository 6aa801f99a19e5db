"""A recording judged by a camera's rules, with the real detector: what happens, and why."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from system.commanding import sightline
from system.records import phases, records

CAMERA = {
    "source": "rtsp://192.0.2.1/not-asked",
    "detect": {"min_confidence": 0.3},
    "filters": {"person": {"min_area": 0.02, "threshold": 0.35}},
    "zones": {"left": {"polygon": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]], "inertia": "0.2s"}},
    "lines": {"middle": {"from": [0.5, 0], "to": [0.5, 1]}},
    "events": {"confirm_hits": 2, "confirm_s": 0.2},
    "counts": {"interval": "4s"},
}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rules") / "cameras.yaml"
    other = {"source": "x.mp4", "masks": [{"polygon": [[0, 0], [1, 0], [1, 0.99], [0, 0.99]]}]}
    path.write_text(yaml.safe_dump({"cameras": {"gate": CAMERA, "blind": other}}))
    return path


def test_a_recording_is_judged_by_a_cameras_rules(footage: Path, config: Path, tmp_path: Path) -> None:
    arguments = ["--config", config, "--camera", "gate", "--explain", "--json", "out.jsonl"]
    done = sightline("detect", footage, *arguments, cwd=tmp_path)
    assert (done.status, done.told) == (0, [])
    lines = records(tmp_path / "out.jsonl")
    assert {line["camera"] for line in lines} == {"gate"}
    kinds = Counter(line["schema"] for line in lines)
    assert kinds["sightline.detections/1"] == 100
    assert kinds["sightline.counts/1"] == 3
    assert kinds["sightline.zones/1"] >= 2
    told = phases(lines)
    assert told
    assert {(each[0], each[-1]) for each in told.values()} == {("start", "end")}
    starts = [line for line in lines if line.get("phase") == "start"]
    for start in starts:
        rules = {each["rule"]: each for each in start["rules"]}
        assert rules["threshold"]["value"] >= rules["threshold"]["limit"] == 0.35
        assert start["snapshot"] is None
    decisions = [each for line in lines for each in line.get("explain", [])]
    outcomes = Counter(each["outcome"] for each in decisions)
    assert outcomes["started"] == len(starts)
    small = [each for each in decisions if each["rules"][0]["rule"] == "min_area"]
    assert small
    for each in small:
        (x1, y1, x2, y2), ruling = each["box"], each["rules"][0]
        assert ruling["value"] == pytest.approx((x2 - x1) * (y2 - y1) / (640 * 360), rel=0.01)
        assert ruling["value"] < ruling["limit"] == 0.02
    kept = [found["box"] for line in lines for found in line.get("objects", [])]
    assert all((x2 - x1) * (y2 - y1) / (640 * 360) > 0.0199 for x1, y1, x2, y2 in kept)


def test_decisions_are_lines_of_text_without_json(footage: Path, config: Path, tmp_path: Path) -> None:
    arguments = ["--config", config, "--camera", "blind", "--explain", "--every", "5"]
    done = sightline("detect", footage, *arguments, cwd=tmp_path)
    assert (done.status, done.out, done.told) == (0, "", [])
    assert "person at " in done.err
    assert "dropped by masks: in mask 1, expected outside of it" in done.err


def test_recordings_of_one_camera_are_told_apart_by_their_files(
    footage: Path, config: Path, tmp_path: Path
) -> None:
    (tmp_path / "monday.mp4").symlink_to(footage)
    cv2.imwrite(str(tmp_path / "tuesday.jpg"), np.zeros((64, 64, 3), np.uint8))
    arguments = ["--config", config, "--camera", "gate", "--every", "50", "--json", "out.jsonl"]
    done = sightline("detect", "monday.mp4", "tuesday.jpg", *arguments, cwd=tmp_path)
    assert (done.status, done.told) == (0, [])
    lines = records(tmp_path / "out.jsonl")
    assert {line["camera"] for line in lines} == {"gate"}
    files = [line["file"] for line in lines if line["schema"] == "sightline.detections/1"]
    assert files == ["monday.mp4", "monday.mp4", "tuesday.jpg"]


def test_explaining_needs_no_configuration(footage: Path, tmp_path: Path) -> None:
    done = sightline("detect", footage, "--explain", cwd=tmp_path)
    assert done.status == 0
    assert "expected at least 0.25" in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--camera", "gate"], "--camera: expected --config with it, received none"),
        (["--config", "CONFIG"], "--camera: expected one of blind, gate, received none"),
        (["--config", "CONFIG", "--camera", "gat"], "--camera: expected one of blind, gate, received 'gat'"),
    ],
)
def test_a_camera_that_is_not_there_is_one_line(
    arguments: list[str], told: str, footage: Path, config: Path, tmp_path: Path
) -> None:
    given = [str(config) if each == "CONFIG" else each for each in arguments]
    done = sightline("detect", footage, *given, cwd=tmp_path)
    assert (done.status, done.told) == (2, [f"sightline: {told}"])
