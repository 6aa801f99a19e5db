"""Killed at any moment, the service starts again with whole files and no event open or ended twice."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from system.records import kept_events, phases, records
from system.serving import serving, until, write_config

LONG = bool(os.environ.get("SIGHTLINE_SOAK"))


def test_killed_a_few_times(footage: Path, tmp_path: Path) -> None:
    killed_and_started(footage, tmp_path, rounds=2, seed=1)


@pytest.mark.soak
@pytest.mark.skipif(not LONG, reason="takes minutes: make soak")
@pytest.mark.timeout(1200)
def test_killed_again_and_again(footage: Path, tmp_path: Path) -> None:
    killed_and_started(footage, tmp_path, rounds=40, seed=99)


def killed_and_started(footage: Path, folder: Path, rounds: int, seed: int) -> None:
    cameras = {name: {"source": str(footage), "detect": {"fps": 0}} for name in ("left", "right")}
    config = write_config(folder, cameras)
    data, lines = folder / "sightline-data", folder / "out.jsonl"
    moments = random.Random(seed)
    seen: set[str] = set()
    for _ in range(rounds):
        with serving("run", config, "--json", "out.jsonl", folder=folder) as service:
            # Events of the process before were ended before this one listened.
            earlier = kept_events(data)
            assert all(event["ended_at"] for event in earlier.values())
            assert seen <= set(earlier)
            until(lambda: any(not event["ended_at"] for event in service.events()))
            time.sleep(moments.uniform(0, 1))
            seen = {event["id"] for event in service.events(limit=500)}
            service.kill()
    with serving("run", config, "--json", "out.jsonl", folder=folder) as service:
        assert seen <= {event["id"] for event in service.events(limit=500)}
        assert service.stop().status == 0
    told, kept = phases(records(lines)), kept_events(data)
    assert all(event["started_at"] <= event["ended_at"] for event in kept.values())
    # A kill between two writes may leave an event to one of them alone, but never half a one.
    assert all(each[0] == "start" and each.count("start") == 1 for each in told.values())
    assert all(each.count("end") <= 1 and "end" not in each[:-1] for each in told.values())
    pictures = {path.name for path in data.rglob("*") if path.is_file()}
    assert not [name for name in pictures if name.endswith(".tmp")]
    for event in kept.values():
        if event["snapshot"]:
            stem = data / event["snapshot"]
            assert {stem.name + end for end in (".jpg", ".crop.jpg", ".json")} <= pictures
