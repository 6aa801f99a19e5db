"""``sightline detect`` as a user and as a script see it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import cv2
import pytest
from system.commanding import PATIENCE_S, SIGHTLINE, sightline
from system.records import pictures_of, records

KEYS = ["schema", "camera", "frame", "pts", "captured_at", "clock", "width", "height", "model", "objects"]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory, footage: Path) -> Path:
    """A folder with what one pass over the footage wrote."""
    folder = tmp_path_factory.mktemp("followed")
    outputs = ["--json", "out.jsonl", "--video", "out.mp4", "--pictures", "pictures"]
    done = sightline("detect", footage, *outputs, cwd=folder)
    assert (done.status, done.out, done.told) == (0, "", [])
    assert done.err.startswith("100 frames in ")
    return folder


def test_every_frame_has_its_line(followed: Path) -> None:
    lines = records(followed / "out.jsonl")
    assert [line["frame"] for line in lines] == list(range(100))
    assert [line["pts"] for line in lines] == pytest.approx([frame / 10 for frame in range(100)])
    for line in lines:
        assert list(line) == KEYS
        assert (line["schema"], line["camera"], line["model"]) == (
            "sightline.detections/1",
            "street",
            "sightline-nano",
        )
        assert (line["width"], line["height"]) == (640, 360)
        for found in line["objects"]:
            assert list(found) == ["label", "confidence", "box", "track"]
            x1, y1, x2, y2 = found["box"]
            assert 0 <= x1 < x2 <= 640
            assert 0 <= y1 < y2 <= 360
            assert 0.25 <= found["confidence"] <= 1
    tracks = {found["track"] for line in lines for found in line["objects"]} - {None}
    assert tracks, "somebody walks through the picture for ten seconds"


def test_the_video_and_the_pictures_show_every_frame(followed: Path) -> None:
    assert pictures_of(followed / "out.mp4") == 100
    names = sorted(path.name for path in (followed / "pictures").iterdir())
    assert names == [f"street-{frame:06d}.jpg" for frame in range(100)]


def test_every_third_frame_without_tracks(footage: Path, tmp_path: Path) -> None:
    arguments = ["--every", "3", "--no-track", "--min-confidence", "0.5"]
    done = sightline("detect", footage, "--json", "out.jsonl", *arguments, cwd=tmp_path)
    assert done.status == 0
    lines = records(tmp_path / "out.jsonl")
    assert [line["frame"] for line in lines] == list(range(0, 100, 3))
    found = [each for line in lines for each in line["objects"]]
    assert found
    assert {each["track"] for each in found} == {None}
    assert min(each["confidence"] for each in found) >= 0.5


def test_a_frame_without_objects_has_a_line_too(footage: Path, tmp_path: Path) -> None:
    done = sightline("detect", footage, "--json", "-", "--min-confidence", "1", "--every", "20", cwd=tmp_path)
    assert [json.loads(line)["objects"] for line in done.out.splitlines()] == [[]] * 5
    assert "nothing" in done.err


def test_standard_output_holds_nothing_but_lines(footage: Path, tmp_path: Path) -> None:
    done = sightline("detect", footage, "--json", "-", "--every", "10", cwd=tmp_path)
    assert done.status == 0
    assert [json.loads(line)["frame"] for line in done.out.splitlines()] == list(range(0, 100, 10))


def test_a_reader_that_goes_ends_it_quietly(footage: Path, tmp_path: Path) -> None:
    with subprocess.Popen(
        [SIGHTLINE, "detect", footage, "--json", "-"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = json.loads(process.stdout.readline())
        process.stdout.close()
        err = process.stderr.read()
        process.wait(PATIENCE_S)
    assert first["frame"] == 0
    assert err == b""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory, footage: Path) -> Path:
    """A folder of good pictures, one that is corrupt, and a video."""
    folder = tmp_path_factory.mktemp("mixed")
    with_people = cv2.VideoCapture(str(footage))
    for name in ("a.jpg", "b.png", "c.jpg"):
        _, image = with_people.read()
        cv2.imwrite(str(folder / name), image)
    with_people.release()
    (folder / "b2.jpg").write_bytes((folder / "a.jpg").read_bytes()[:100])
    shutil.copy(footage, folder / "d.mp4")
    return folder


def test_the_good_ones_are_done_and_the_corrupt_one_is_told(mixed: Path) -> None:
    out = mixed.with_name("annotated")
    done = sightline("detect", ".", "--json", "-", "--every", "50", "--pictures", out, cwd=mixed)
    assert done.status == 1
    assert done.told == ["sightline: b2.jpg: not a picture"]
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [(line["camera"], line.get("file"), line["frame"]) for line in lines] == [
        ("a", "a.jpg", 0),
        ("b", "b.png", 0),
        ("c", "c.jpg", 0),
        ("d", None, 0),
        ("d", None, 50),
    ]
    assert all(found["track"] is None for line in lines[:3] for found in line["objects"])
    assert any(line["objects"] for line in lines)
    annotated = sorted(path.name for path in out.iterdir())
    assert annotated == ["a.jpg", "b.jpg", "c.jpg", "d-000000.jpg", "d-000050.jpg"]


def test_a_glob_takes_what_matches(mixed: Path) -> None:
    done = sightline("detect", "[ac].jpg", "b.*", "--json", "-", cwd=mixed)
    assert done.status == 0
    assert [json.loads(line)["file"] for line in done.out.splitlines()] == ["a.jpg", "c.jpg", "b.png"]


def test_nothing_that_can_be_read_is_bad_input(mixed: Path) -> None:
    done = sightline("detect", "b2.jpg", "b2.jpg", cwd=mixed)
    assert (done.status, done.told) == (2, ["sightline: b2.jpg: not a picture"] * 2)
