"""The service with zones, lines and filters: what it writes, counts, and refuses."""

import signal
from collections import Counter
from pathlib import Path

import pytest
import yaml
from system.commanding import sightline
from system.records import kept_events, phases, records
from system.serving import serving, until, write_config

SCENE = {
    "zones": {"street": {"polygon": [[0, 0.2], [1, 0.2], [1, 1], [0, 1]], "inertia": "0.2s", "loiter": "1s"}},
    "lines": {"middle": {"from": [0.5, 0], "to": [0.5, 1]}},
    "counts": {"interval": "1s"},
}


def test_the_service_tells_what_happens_at_zones_and_lines(footage: Path, tmp_path: Path) -> None:
    cameras = {
        "street": {"source": str(footage), **SCENE},
        "masked": {"source": str(footage), "masks": [{"polygon": [[0, 0.02], [1, 0.02], [1, 1], [0, 1]]}]},
        "elsewhere": {
            "source": str(footage),
            "zones": {"sky": {"polygon": [[0, 0], [1, 0], [1, 0.1]]}},
            "events": {"required_zones": ["sky"]},
        },
    }
    config = write_config(tmp_path, cameras)
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        zone = {"camera": "street", "zone": "street", "label": "person"}
        until(lambda: service.series("sightline_zone_changes_total", **zone, change="loitering"))
        until(lambda: service.series("sightline_zone_occupancy", **zone))
        until(lambda: any("sightline.counts" in line for line in lines_of(tmp_path)))
        assert service.stop(signal.SIGTERM).status == 0
        assert "Traceback" not in service.log
    told = records(tmp_path / "out.jsonl")
    assert {line["camera"] for line in told if "phase" in line} == {"street"}
    moves = Counter(line["change"] for line in told if line["schema"] == "sightline.zones/1")
    assert moves["entered"] == moves["left"] >= moves["loitering"] >= 1
    totals = [total for line in told if line["schema"] == "sightline.counts/1" for total in line["zones"]]
    of_the_street = [total for total in totals if total["zone"] == "street"]
    assert sum(total["entered"] for total in of_the_street) == moves["entered"]
    assert of_the_street[-1]["occupancy"] == 0
    assert all(each[0] == "start" and each[-1] == "end" for each in phases(told).values())
    kept = kept_events(tmp_path / "sightline-data")
    assert any("street" in event["zones"] for event in kept.values())


def lines_of(folder: Path) -> list[str]:
    path = folder / "out.jsonl"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("command", [["run"], ["doctor"], ["config", "check"]])
def test_an_unknown_label_is_refused_by_every_command(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("cameras:\n  a:\n    source: sim://street\n    filters:\n      persn: {}\n")
    done = sightline(*command, path, cwd=tmp_path)
    expected = "expected a label of sightline-nano, received 'persn' (did you mean 'person'?)"
    assert (done.status, done.told) == (2, [f"sightline: {path}:5: cameras.a.filters.persn: {expected}"])


@pytest.mark.realdata
def test_what_a_model_without_a_sidecar_finds_is_checked_once_it_is_loaded(
    test_data: Path, tmp_path: Path
) -> None:
    camera = {"source": "sim://street", "filters": {"persn": {}}}
    model = str(test_data / "models" / "yolov8n_int8.onnx")
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump({"cameras": {"a": camera}, "detectors": {"default": {"model": model}}}))
    done = sightline("run", path, "--port", "0", cwd=tmp_path)
    assert done.status == 2
    (line,) = done.told
    assert line.endswith(
        "filters.persn: expected a label of yolov8n_int8, received 'persn' (did you mean 'person'?)"
    )
