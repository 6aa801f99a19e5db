"""Trainings as programs ask for them: one at a time, ended, and told truthfully after a restart."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import psutil
import pytest
from system.serving import Service, serving, until, write_config

from streamer.training.trainings import WAITING

CAMERA = {"gate": {"source": "sim://street?size=320x180&fps=1", "detect": {"enabled": False}}}
WISH = {"name": "walkers", "labels": ["courier", "neighbour"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With few pictures that are labelled: none of courier."""
    label(tmp_path / "data", "neighbour", 12)
    return tmp_path


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    with serve(folder) as service:
        yield service


def serve(folder: Path) -> Any:
    return serving("run", write_config(folder, CAMERA), "--data", folder / "data", folder=folder)


def label(data: Path, name: str, number: int) -> None:
    """Sets of pictures by their files, as cameras keep them: bright ones, or dark ones."""
    day = data / "snapshots/gate/2026-03-01"
    day.mkdir(parents=True, exist_ok=True)
    for each in range(number):
        chance = np.random.default_rng(each)
        level = 40 if name == "neighbour" else 150
        image = np.kron(
            chance.integers(level, level + 60, (8, 8, 3), np.uint8), np.ones((12, 12, 1), np.uint8)
        )
        stem = day / f"{name}-{each}"
        for suffix in (".jpg", ".crop.jpg"):
            cv2.imwrite(f"{stem}{suffix}", image)
        known = {"event": stem.name, "camera": "gate", "human_label": name, "model_label": "person"}
        stem.with_suffix(".json").write_text(json.dumps(known))


def ask(service: Service, **wish: Any) -> httpx.Response:
    return httpx.post(f"{service.url}/api/trainings", json={**WISH, **wish}, timeout=60)


def state(service: Service, training: str) -> str:
    return str(service.get(f"/api/trainings/{training}").json()["state"])


def trainers(service: Service) -> list[psutil.Process]:
    children = psutil.Process(service.process.pid).children(recursive=True)
    return [each for each in children if "trainer" in arguments(each)]


def arguments(process: psutil.Process) -> list[str]:
    """None of one that has ended meanwhile."""
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def test_what_is_missing_is_said(service: Service) -> None:
    training = ask(service).json()["id"]
    until(lambda: state(service, training) == "failed")
    found = service.get(f"/api/trainings/{training}").json()
    assert "courier" in found["said"]
    assert found["ended_at"] is not None


def test_one_at_a_time_and_the_others_wait_or_are_taken_back(service: Service) -> None:
    first = ask(service).json()["id"]
    [trainer] = until(lambda: trainers(service))
    trainer.suspend()
    names = [first, *(ask(service).json()["id"] for _ in range(WAITING))]
    assert [state(service, each) for each in names] == ["running"] + WAITING * ["queued"]
    extra = ask(service)
    assert (extra.status_code, "expected at most" in extra.json()["detail"]) == (409, True)
    trainer.resume()
    for each in reversed(service.get("/api/trainings").json()["items"]):
        httpx.delete(f"{service.url}/api/trainings/{each['id']}")
    until(lambda: trainers(service) == [])
    states = {each["state"] for each in service.get("/api/trainings").json()["items"]}
    assert states <= {"cancelled", "failed"}
    again = httpx.delete(f"{service.url}/api/trainings/{names[-1]}")
    assert again.status_code == 409


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_training_ends_with_the_service_and_is_told_truthfully(folder: Path, how: signal.Signals) -> None:
    with serve(folder) as service:
        first, second = ask(service).json()["id"], ask(service).json()["id"]
        [child] = until(lambda: trainers(service))
        service.stop(how)
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    with serve(folder) as service:
        assert state(service, first) in ("interrupted", "failed")
        until(lambda: state(service, second) == "failed")


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"name": "../walkers"}, "body name"),
        ({"labels": ["cour\0ier"]}, "body labels"),
        ({"epochs": 0}, "body epochs"),
        ({"backbone": "--data"}, "body backbone"),
        ({"promote": "now"}, "body promote"),
        ({"path": "/etc"}, "body path"),
    ],
)
def test_what_cannot_be_asked_for(service: Service, wish: dict[str, Any], said: str) -> None:
    answer = ask(service, **wish)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert said in answer.json()["detail"]
    assert service.get("/api/trainings").json()["items"] == []


def test_what_is_not_there(service: Service) -> None:
    unknown = "019ca945-0afa-7b8e-81f8-000000000001"
    assert service.get(f"/api/trainings/{unknown}").status_code == 404
    assert httpx.delete(f"{service.url}/api/trainings/{unknown}").status_code == 404
    assert service.get("/api/models").json() == {"items": []}
    assert service.get("/api/models/walkers").status_code == 404
    assert service.get("/api/models/walkers/1/report.json").status_code == 404
    assert httpx.post(f"{service.url}/api/models/walkers/rollback").status_code == 404


@pytest.mark.soak
@pytest.mark.skipif(
    not os.environ.get("SIGHTLINE_SOAK"), reason="trains twice; tests/pages/test_train.py is its short form"
)
def test_from_labels_to_a_model_that_serves_and_back(folder: Path) -> None:
    label(folder / "data", "neighbour", 30)
    label(folder / "data", "courier", 30)
    with serve(folder) as service:
        for wish in ({}, {"seed": 1, "promote": "always"}):
            training = ask(service, **wish).json()["id"]
            until(lambda each=training: state(service, each) in ("done", "failed"), 240)
            found = service.get(f"/api/trainings/{training}").json()
            assert found["state"] == "done", found["said"]
            assert found["done"] == 1
            assert found["epochs"]
        model = service.get("/api/models/walkers").json()
        assert (model["serving"], [each["version"] for each in model["versions"]]) == ("2", ["2", "1"])
        assert model["versions"][0]["accuracy"] > 0.9
        assert "<html" in service.get("/api/models/walkers/2/report.html").text
        picture = (folder / "data/snapshots/gate/2026-03-01/courier-3.crop.jpg").read_bytes()
        place, kind = f"{service.url}/api/models/walkers", {"Content-Type": "image/jpeg"}
        answer = httpx.post(f"{place}/2/answer", content=picture, headers=kind, timeout=60).json()
        assert answer["label"] == "courier"
        assert sum(each["probability"] for each in answer["classes"]) == pytest.approx(1, abs=0.01)
        for content in (b"", b"no picture", picture[:99]):
            refused = httpx.post(f"{place}/2/answer", content=content, headers=kind, timeout=60)
            assert refused.status_code == 422
        assert httpx.post(f"{place}/rollback").json()["serving"] == "1"
        assert httpx.post(f"{place}/promote", json={"version": "2"}).json()["serving"] == "2"
        assert httpx.post(f"{place}/promote", json={"version": "9"}).status_code == 409
        assert httpx.delete(f"{place}/2").status_code == 409
        assert httpx.delete(f"{place}/1").status_code == 204
