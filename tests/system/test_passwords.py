"""Cameras that ask for a password: right ones work whatever they hold, and none is ever shown."""

from pathlib import Path

import pytest
from rtsp.clips import Clip
from rtsp.fixtures import CameraFactory, Login
from system.commanding import sightline
from system.serving import serving, write_config

RIGHT = "r#i/g@h:t%?&w0rd"
WRONG = "Wr0ng-S3cret"
IN_URL = "Url-S3cret"
REASON = "wrong user name or password (401)"


def test_the_right_password_works_and_no_password_is_ever_shown(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    cameras: dict[str, dict[str, str]] = {}
    for method in ("basic", "digest"):
        url = rtsp_camera(street_clip, login=Login(method, "ad min", RIGHT)).url
        login = {"source": url, "username": "ad min"}
        cameras[f"right-{method}"] = {**login, "password": "${CAMERA_PASSWORD}"}
        cameras[f"wrong-{method}"] = {**login, "password": WRONG}
        cameras[f"in-url-{method}"] = {"source": url.replace("rtsp://", f"rtsp://admin:{IN_URL}@")}
    config = write_config(tmp_path, cameras)
    environment = {"CAMERA_PASSWORD": RIGHT}
    arguments = ("--debug", "run", config, "--json", "out.jsonl")
    with serving(*arguments, folder=tmp_path, environment=environment) as service:
        for camera in cameras:
            state = "live" if camera.startswith("right") else "down"
            assert service.until_state(camera, state)["reason"] == (None if state == "live" else REASON)
        shown = [service.get(path).text for path in ("/api/cameras", "/metrics", "/api/events", "/readyz")]
        assert service.stop().status == 0
        shown += [service.log, service.out, (tmp_path / "out.jsonl").read_text()]
    checked = sightline("--debug", "doctor", config, cwd=tmp_path, environment=environment)
    assert checked.out.count(REASON) == 4
    shown += [checked.out, checked.err]
    assert not [secret for secret in (RIGHT, WRONG, IN_URL) if any(secret in text for text in shown)]


def test_a_wrong_configuration_does_not_show_the_password_in_it(tmp_path: Path) -> None:
    camera = {"source": f"rtsp://admin:{IN_URL}@/nowhere", "password": WRONG, "passwort": WRONG}
    config = write_config(tmp_path, {"gate": camera})
    done = sightline("config", "check", config, cwd=tmp_path)
    assert done.status == 2
    assert done.told
    assert WRONG not in done.err
    assert IN_URL not in done.err


@pytest.mark.parametrize("command", ["detect", "run"])
def test_an_address_that_a_password_breaks_is_told_without_it(tmp_path: Path, command: str) -> None:
    source = f"rtsp://admin:p#/{IN_URL}@127.0.0.1:1x/cam"
    arguments = ["--source", source] if command == "run" else [source]
    done = sightline(command, *arguments, cwd=tmp_path)
    assert done.status == 2
    assert len(done.err.splitlines()) == len(done.told) == 1
    assert IN_URL not in done.err


def test_a_wrong_password_ends_detect_in_one_line(
    rtsp_camera: CameraFactory, street_clip: Clip, tmp_path: Path
) -> None:
    url = rtsp_camera(street_clip, login=Login("digest", "admin", RIGHT)).url
    done = sightline("detect", url.replace("rtsp://", f"rtsp://admin:{WRONG}@"), cwd=tmp_path)
    assert done.status == 2
    assert done.err == f"sightline: {url}: {REASON}\n"
