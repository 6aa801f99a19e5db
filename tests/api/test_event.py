"""One event and its pictures, of a real service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from system.serving import Service, serving, until, write_config


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("event")
    config = write_config(folder, {"gate": {"source": "sim://street?seed=3&people=8&size=640x360&fps=8"}})
    with serving("run", config, folder=folder) as service:
        until(lambda: any(event["ended_at"] for event in service.events()))
        yield service


def test_an_event_and_its_pictures(service: Service) -> None:
    event = next(event for event in service.events() if event["ended_at"])
    detail = service.get(f"/api/events/{event['id']}").json()
    assert {name: detail[name] for name in event} == event
    assert (detail["width"], detail["height"], detail["staying"]) == (640, 360, [])
    sizes = {}
    for name in ("snapshot", "crop"):
        answer = service.get(detail["pictures"][name])
        assert answer.headers["content-type"] == "image/jpeg"
        image = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        sizes[name] = image.shape[:2]
    assert sizes["snapshot"] == (360, 640)
    assert sizes["crop"] < sizes["snapshot"]


def test_a_picture_that_is_known_is_not_sent_again(service: Service) -> None:
    event = next(event for event in service.events() if event["ended_at"])
    address = f"{service.url}/api/events/{event['id']}/snapshot.jpg"
    tag = httpx.get(address).headers["etag"]
    again = httpx.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.get(address, headers={"If-None-Match": '"another"'}).status_code == 200


def test_a_picture_that_is_gone_is_no_secret(service: Service) -> None:
    event = next(event for event in service.events() if event["ended_at"])
    path = service.folder / "sightline-data" / f"{event['snapshot']}.crop.jpg"
    path.rename(path.with_suffix(".away"))
    answer = service.get(f"/api/events/{event['id']}/crop.jpg")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


@pytest.mark.parametrize(
    ("path", "status"),
    {
        "/api/events/01a224be-614a-74f0-b449-d2b5ab58d258": 404,
        "/api/events/01a224be-614a-44f0-b449-d2b5ab58d258": 422,
        "/api/events/01a224be-614a-74f0-b449-d2b5ab58d258/crop.jpg": 404,
        "/api/events/x": 422,
        "/api/events/..%2f..%2fevents.db": 404,
        "/api/events/..%2fx/crop.jpg": 404,
        "/api/events/%00/crop.jpg": 422,
        f"/api/events/{'a' * 10_000}": 422,
        "/api/events/01A224BE-614A-74F0-B449-D2B5AB58D258": 422,
    }.items(),
)
def test_no_other_file_is_reached(service: Service, path: str, status: int) -> None:
    answer = service.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
