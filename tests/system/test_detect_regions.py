"""``sightline detect --regions`` on a real photo of a crowd, in which most people are small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from system.commanding import sightline


@pytest.fixture(scope="module")
def people(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[float]]]:
    """The boxes of the people, by what was looked at."""
    found = {}
    for regions in ("full", "0,0,1,1", "tiles:2x2", "0.5,0,1,1"):
        photo, model = test_data / "photos" / "face_lz_1.jpg", test_data / "models" / "yolox_nano.onnx"
        arguments = ["--model", model, "--json", "-", "--regions", regions]
        done = sightline("detect", photo, *arguments, cwd=tmp_path_factory.mktemp("crowd"))
        assert done.status == 0, done.told
        assert all("assumed: labels: those of COCO" in line for line in done.told)
        [line] = done.out.splitlines()
        record = json.loads(line)
        assert (record["width"], record["height"]) == (720, 478)
        found[regions] = [one["box"] for one in record["objects"] if one["label"] == "person"]
    return found


@pytest.mark.realdata
def test_tiles_find_the_small_people_of_a_crowd(people: dict[str, list[list[float]]]) -> None:
    # 46 faces are in the picture; the model alone sees 17 people in 416 pixels.
    assert len(people["full"]) < 25
    assert 35 < len(people["tiles:2x2"]) < 50
    for x1, y1, x2, y2 in people["tiles:2x2"]:
        assert 0 <= x1 < x2 <= 720
        assert 0 <= y1 < y2 <= 478


@pytest.mark.realdata
def test_a_region_is_all_that_is_looked_at(people: dict[str, list[list[float]]]) -> None:
    assert people["0,0,1,1"] == people["full"]
    assert people["0.5,0,1,1"]
    assert min(x1 for x1, *_ in people["0.5,0,1,1"]) >= 360


def test_wrong_regions_are_one_line(tmp_path: Path) -> None:
    done = sightline("detect", "nothing.jpg", "--regions", "tiles:9x9", cwd=tmp_path)
    assert done.status == 2
    assert done.told == [
        "sightline: argument --regions: expected 2 to 64 tiles, at most 8x8, received 9x9; "
        "see sightline detect --help"
    ]
