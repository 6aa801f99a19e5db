"""Cameras that are added, changed and removed while the service runs, as a program does it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml
from rtsp.fixtures import CameraFactory, Login
from system.serving import PATIENCE_S, Service, serving, until, write_config

STREET: Final = "sim://street?seed=3&people=4&size=640x360"
OTHER: Final = "sim://street?seed=4&people=4&size=640x360"
WHOLE: Final = {"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    config = write_config(tmp_path, {"first": {"source": STREET}})
    with serving("run", config, folder=tmp_path) as running:
        running.until_state("first", "live")
        yield running


def ask(service: Service, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.request(method, service.url + path, json=body, headers=headers, timeout=PATIENCE_S)


def detail(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    text: str = answer.json()["detail"]
    return text


def kept(folder: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((folder / "sightline-data" / "settings.yaml").read_text())
    return values["cameras"]


def test_a_camera_is_added_and_removed_and_no_other_notices(service: Service, tmp_path: Path) -> None:
    before = service.cameras()["first"]["since"]
    added = ask(service, "POST", "/api/cameras", {"name": "second", "source": OTHER})
    assert (added.status_code, added.headers["location"]) == (201, "/api/cameras/second")
    service.until_state("second", "live")
    until(lambda: service.events(camera="second"))
    assert kept(tmp_path) == {"second": {"source": OTHER}}
    assert ask(service, "DELETE", "/api/cameras/second").status_code == 204
    assert list(service.cameras()) == ["first"]
    assert kept(tmp_path) == {}
    # Its events stay, and none of them is open.
    assert all(event["ended_at"] for event in service.events(camera="second"))
    assert service.series("sightline_frames_received_total", camera="second") == 0
    assert service.cameras()["first"]["since"] == before


def test_what_was_changed_is_there_after_a_restart_and_the_file_untouched(
    service: Service, tmp_path: Path
) -> None:
    text = (tmp_path / "config.yaml").read_text()
    ask(service, "POST", "/api/cameras", {"name": "second", "source": OTHER, "title": "Behind the house"})
    changed = ask(service, "PATCH", "/api/cameras/first", {"zones": {"all": WHOLE}, "detect": {"fps": 3}})
    assert changed.json()["options"]["detect"]["fps"] == 3
    service.stop()
    assert (tmp_path / "config.yaml").read_text() == text
    assert stat.S_IMODE((tmp_path / "sightline-data" / "settings.yaml").stat().st_mode) == 0o600
    with serving("run", tmp_path / "config.yaml", folder=tmp_path) as again:
        assert set(again.cameras()) == {"first", "second"}
        options = again.get("/api/cameras/first/options").json()["options"]
        assert list(options["zones"]) == ["all"]
        assert again.get("/api/cameras/second/options").json()["options"]["title"] == "Behind the house"


def test_a_zone_counts_at_once_and_the_stream_goes_on(service: Service) -> None:
    since = service.cameras()["first"]["since"]
    answer = ask(service, "PATCH", "/api/cameras/first", {"zones": {"all": WHOLE}})
    assert answer.status_code == 200
    until(lambda: any("all" in event["zones"] for event in service.events(camera="first")))
    assert service.cameras()["first"]["since"] == since
    ask(service, "PATCH", "/api/cameras/first", {"zones": {"all": None}})
    assert service.get("/api/cameras/first/options").json()["options"]["zones"] == {}


def test_a_camera_and_its_detection_are_switched_off_and_on(service: Service) -> None:
    ask(service, "PATCH", "/api/cameras/first", {"detect": {"enabled": False}})
    found = service.series("sightline_frames_detected_total", camera="first")
    received = service.series("sightline_frames_received_total", camera="first")
    until(lambda: service.series("sightline_frames_received_total", camera="first") > received + 15)
    # One frame may have been in flight.
    assert service.series("sightline_frames_detected_total", camera="first") <= found + 1
    ask(service, "PATCH", "/api/cameras/first", {"enabled": False})
    assert service.states() == {"first": "off"}
    assert all(event["ended_at"] for event in service.events(camera="first"))
    ask(service, "PATCH", "/api/cameras/first", {"enabled": True, "detect": {"enabled": True}})
    service.until_state("first", "live")
    until(lambda: service.series("sightline_frames_detected_total", camera="first") > found + 2)


def test_the_second_of_two_who_change_a_camera_is_told(service: Service) -> None:
    looked = service.get("/api/cameras/first/options").headers["etag"]
    assert ask(service, "PATCH", "/api/cameras/first", {"title": "A"}, **{"If-Match": looked}).is_success
    late = ask(service, "PATCH", "/api/cameras/first", {"title": "B"}, **{"If-Match": looked})
    assert late.status_code == 412
    assert "changed in between" in detail(late)
    assert service.get("/api/cameras/first/options").json()["options"]["title"] == "A"


WRONG: Final = {
    "no source": ({"name": "x"}, 422, "source"),
    "no name": ({"source": OTHER}, 422, "name"),
    "a name with a space": ({"name": "a b", "source": OTHER}, 422, "expected a name like 'front-door'"),
    "a long name": ({"name": "a" * 101, "source": OTHER}, 422, "100"),
    "emoji": ({"name": "\N{VIDEO CAMERA}", "source": OTHER}, 422, "expected a name like"),
    "one that is there": ({"name": "first", "source": OTHER}, 409, "already"),
    "an address that is none": (
        {"name": "x", "source": "gopher://x"},
        422,
        "cameras.x.source: expected a path",
    ),
    "an empty address": ({"name": "x", "source": ""}, 422, "cameras.x.source"),
    "an unknown option": ({"name": "x", "source": OTHER, "zonse": 1}, 422, "did you mean 'zones'?"),
    "an unknown detector": ({"name": "x", "source": OTHER, "detector": "y"}, 422, "detector"),
    "an unknown label": ({"name": "x", "source": OTHER, "detect": {"labels": ["cta"]}}, 422, "'cat'"),
    "a zone with two points": (
        {"name": "x", "source": OTHER, "zones": {"z": {"polygon": [[0, 0], [1, 1]]}}},
        422,
        "cameras.x.zones.z.polygon",
    ),
    "a hidden password": ({"name": "x", "source": "rtsp://***@h/1"}, 422, "hidden"),
    "a list": ([1], 422, "body"),
}


def test_what_is_wrong_is_told_and_nothing_changes(service: Service, tmp_path: Path) -> None:
    for body, status, words in WRONG.values():
        answer = ask(service, "POST", "/api/cameras", body)
        assert (answer.status_code, words in detail(answer)) == (status, True), answer.text
    for method, path in (
        ("PATCH", "/api/cameras/nobody"),
        ("DELETE", "/api/cameras/nobody"),
        ("GET", "/api/cameras/nobody"),
        ("GET", "/api/cameras/nobody/options"),
    ):
        answer = ask(service, method, path, {} if method == "PATCH" else None)
        assert (answer.status_code, detail(answer)) == (404, "expected one of first")
    assert list(service.cameras()) == ["first"]
    assert not (tmp_path / "sightline-data" / "settings.yaml").exists()


def test_an_address_is_looked_at_before_it_is_a_camera(service: Service, rtsp_camera: CameraFactory) -> None:
    camera = rtsp_camera(login=Login("digest", "viewer", "right"))
    answers = {
        password: ask(
            service,
            "POST",
            "/api/cameras/check",
            {"source": camera.url, "username": "viewer", "password": password},
        ).json()
        for password in ("wrong", "right")
    }
    assert (answers["wrong"]["good"], answers["right"]["good"]) == (False, True)
    assert "password" in answers["wrong"]["reason"]
    assert answers["right"]["width"] == 320
    assert "right" not in service.log
    assert list(service.cameras()) == ["first"]


def test_no_secret_is_shown(service: Service) -> None:
    sources = ("viewer:hush@h/x", "viewer:a/hush@h/x", "viewer:a@hush@h/x", "h/x?token=hush")
    for number, source in enumerate(sources):
        answer = ask(service, "POST", "/api/cameras", {"name": f"shy-{number}", "source": f"rtsp://{source}"})
        assert answer.status_code in (201, 422), answer.text
        assert "hush" not in service.get(f"/api/cameras/shy-{number}/options").text
    source = "rtsp://viewer:hush@127.0.0.1:9/x?channel=1"
    ask(service, "POST", "/api/cameras", {"name": "shy", "source": source})
    shown = service.get("/api/cameras/shy/options").json()["options"]["source"]
    assert shown == "rtsp://***@127.0.0.1:9/x?channel=1"
    for hidden in ({"source": shown}, {"username": "u", "password": "**********"}):
        refused = ask(service, "PATCH", "/api/cameras/shy", hidden)
        assert (refused.status_code, "hidden" in detail(refused)) == (422, True)
    ask(
        service,
        "POST",
        "/api/cameras",
        {"name": "coy", "source": STREET, "username": "u", "password": "hush"},
    )
    for path in ("/api/cameras", "/api/cameras/shy", "/api/cameras/shy/options", "/api/cameras/coy/options"):
        assert "hush" not in service.get(path).text
    assert "hush" not in service.log


def test_the_last_camera_may_go(service: Service) -> None:
    assert ask(service, "DELETE", "/api/cameras/first").status_code == 204
    assert service.cameras() == {}
    ask(service, "POST", "/api/cameras", {"name": "first", "source": STREET})
    service.until_state("first", "live")


def test_what_cannot_be_an_address_is_not_kept_where_no_file_is(tmp_path: Path) -> None:
    with serving("run", folder=tmp_path) as service:
        service.until_state("street", "live")
        refused = ask(service, "POST", "/api/cameras", {"name": "attic", "source": "gopher://attic"})
        assert (refused.status_code, "expected a path, rtsp(s)://" in detail(refused)) == (422, True)
        assert list(service.cameras()) == ["street"]
    assert not (tmp_path / "sightline-data" / "settings.yaml").exists()
