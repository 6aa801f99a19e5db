"""What a killed service could not tell is told by the next one: ends of events, and of stays in zones."""

from pathlib import Path
from typing import Any

from system.records import records
from system.serving import Service, serving, until, write_config

ROAD = {"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "inertia": "0.2s"}
STREET = {"source": "sim://street?seed=3&people=8&parked=1", "zones": {"road": ROAD}, "detect": {"fps": 5}}
SIZE = (1280, 720)


def open_people(service: Service) -> list[str]:
    return [each["id"] for each in service.events(label="person") if each["ended_at"] is None]


def is_parked(service: Service) -> bool:
    return any(each["stationary"] for each in service.events(label="car"))


def told(path: Path, schema: str) -> list[dict[str, Any]]:
    return [each for each in records(path) if each["schema"] == schema]


def test_what_a_kill_left_open_is_ended_in_the_lines_of_the_next_process(tmp_path: Path) -> None:
    config = write_config(tmp_path, {"street": STREET}, stationary={"after": "3s", "keep": "5min"})
    out = tmp_path / "out.jsonl"
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        until(lambda: is_parked(service) and len(open_people(service)) >= 2)
        service.process.kill()
        service.process.wait()
    before = len(records(out))
    over = {each["id"] for each in told(out, "sightline.events/1") if each["phase"] == "end"}
    inside: dict[tuple[str, int], dict[str, Any]] = {}
    for each in told(out, "sightline.zones/1"):
        if each["change"] == "left":
            del inside[each["zone"], each["track"]]
        else:
            inside[each["zone"], each["track"]] = each
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        kept = {each["id"]: each for each in service.events()}
    assert "Traceback" not in service.log
    added = records(out)[before:]
    cars = {each["id"] for each in kept.values() if each["stationary"]}
    recovered = {each["id"]: each for each in added[: first_picture(added)] if each.get("phase") == "end"}
    left = [each for each in added[: first_picture(added)] if each.get("change") == "left"]
    assert len(recovered) >= 2
    assert recovered.keys() == kept.keys() - over - cars - started(added)
    for each in recovered.values():
        assert each["ended_at"] == kept[each["id"]]["ended_at"]
        assert (each["width"], each["height"]) == SIZE
        assert each["started_at"] <= each["ended_at"]
    assert left
    for each in left:
        assert each["event"] is None or each["event"] in recovered
        assert each["at"] >= inside[each["zone"], each["track"]]["at"]
    assert {each["event"] for each in left} >= {
        each["event"] for each in inside.values() if each["event"] in recovered
    }


def first_picture(added: list[dict[str, Any]]) -> int:
    schemas = [each["schema"] for each in added]
    return schemas.index("sightline.detections/1") if "sightline.detections/1" in schemas else len(schemas)


def started(added: list[dict[str, Any]]) -> set[str]:
    return {each["id"] for each in added if each.get("phase") == "start"}
