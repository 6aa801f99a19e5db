"""What is parked in a zone when the service stops, or is killed, is not told again by the next process."""

import signal
from collections import Counter
from pathlib import Path

from system.records import records
from system.serving import Service, serving, until, write_config

STREET = "sim://street?seed=3&people=0&parked=1&size=640x360&fps=10"
ZONES = {"road": {"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "inertia": "0.2s", "loiter": "1s"}}
LABEL = {"camera": "street", "zone": "road", "label": "car"}
FOUND_AGAIN = 20
"""Pictures after which a car that stands there is known again, or a new one would have been told: 2 s."""


def is_parked(service: Service) -> bool:
    return any(event["stationary"] for event in service.events())


def has_looked(service: Service) -> bool:
    return service.series("sightline_frames_detected_total", camera="street") >= FOUND_AGAIN


def test_a_parked_car_is_told_once_over_three_processes(tmp_path: Path) -> None:
    camera = {"source": STREET, "zones": ZONES, "detect": {"fps": 10, "labels": ["car"]}}
    stationary, counts = {"after": "2s", "keep": "5min"}, {"interval": "1s"}
    config = write_config(tmp_path, {"street": camera}, stationary=stationary, counts=counts)
    shown, told_before = [], 0
    for turn, number in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)):
        with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
            if turn > 0:
                assert service.series("sightline_zone_occupancy", **LABEL) == 1
            until(lambda: is_parked(service) and has_looked(service))
            assert service.series("sightline_zone_occupancy", **LABEL) == 1
            shown += service.events()
            service.process.send_signal(number)
            service.process.wait()
            assert "Traceback" not in service.log
        told = records(tmp_path / "out.jsonl")
        totals = [each for each in told[told_before:] if each["schema"] == "sightline.counts/1"]
        assert [total["occupancy"] for total in totals[-1]["zones"]] == [1]
        told_before = len(told)
    assert len({event["id"] for event in shown}) == 1
    for event in shown:
        assert event["stationary"]
        assert event["ended_at"] is None
        assert {rule["rule"] for rule in event["rules"]} == {"confirm_hits", "confirm_s", "threshold"}
        assert event["rules"] == shown[0]["rules"]
    (car,) = {event["id"] for event in shown}
    phases = Counter(each["phase"] for each in told if each["schema"] == "sightline.events/1")
    assert (phases["start"], phases["end"]) == (1, 0)
    moves = [each for each in told if each["schema"] == "sightline.zones/1"]
    assert [each["change"] for each in moves] == ["entered", "loitering"]
    assert {each["event"] for each in moves} <= {car, None}
