"""A browser is a camera: it sends, leaves, comes back, dies; and pages say what goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from system.chromium import Chromium, kill
from system.records import records
from system.serving import Service, serving, until, write_config
from viewers.impatient_service import IMPATIENT
from viewers.sending_browser import FAKE_CAMERA, LOOK, Phone, filmed, send, showing, told, until_phase

JOINS = 3
SEND = "/send/phone"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filmed(tmp_path_factory.mktemp("film") / "street.mjpeg")


@pytest.fixture(scope="module")
def phone(chromium: Chromium, film: Path) -> Phone:
    return Phone(chromium, showing(film))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    cameras = {"phone": {"source": "whip://", "timeout_s": 2}, "street": {"source": "sim://street?fps=2"}}
    # Anybody may come by whatever name: one test asks for another than localhost.
    config = write_config(folder, cameras, http={"insecure": True})
    with serving("run", config, "--json", "out.jsonl", folder=folder, program=IMPATIENT) as service:
        waiting = service.until_state("phone", "down")
        assert waiting["reason"] == "waiting for a browser: open /send/phone"
        yield service
        assert "Traceback" not in service.log, service.log
        assert service.stop().status == 0


@pytest.fixture
def service(running: Service) -> Service:
    """Nobody sends to it."""
    running.until_state("phone", "down")
    return running


def seen(service: Service) -> list[dict[str, object]]:
    return [
        each
        for each in records(service.folder / "out.jsonl")
        if each["schema"] == "sightline.detections/1" and each["camera"] == "phone"
    ]


def test_a_browser_is_a_camera_until_it_stops_and_again_when_it_starts(
    service: Service, phone: Phone
) -> None:
    began_at, others = datetime.now(UTC), len(seen(service))
    with phone.sending(service, SEND) as page:
        width = page.evaluate("document.getElementById('preview').videoWidth")
        until(lambda: service.cameras()["phone"]["fps_detected"] > 0)
        until(lambda: service.cameras()["phone"]["objects"] > 0)
        assert service.cameras()["phone"]["decoder"] == "cpu"

        with phone.page(service, "/watch/phone") as viewer:
            look = until(lambda: found if (found := viewer.evaluate(LOOK))["exact"] > 3 else None)
            assert look["width"] == width

        page.click("#start")
        left = service.until_state("phone", "down")
        assert left["reason"] == "the browser left: open /send/phone"
        assert told(page).startswith("Ready")
        before = len(seen(service))
        page.click("#start")
        service.until_state("phone", "live")
        until(lambda: len(seen(service)) > before + 3)

    frames = seen(service)[others:]
    assert {frame["width"] for frame in frames} == {width}
    assert any(frame["objects"] for frame in frames)
    times = [frame["pts"] for frame in frames]
    assert times == sorted(set(times)), "media time rises over both"
    taken = [datetime.fromisoformat(str(frame["captured_at"])) for frame in frames]
    assert began_at < taken[0]
    assert taken == sorted(taken)
    assert taken[-1] < datetime.now(UTC)


def test_a_page_that_is_loaded_anew_sends_again_at_once(service: Service, phone: Phone) -> None:
    with phone.sending(service, SEND) as page:
        page.reload()
        send(page)
        assert "Another device" not in told(page)


def test_a_second_browser_waits_for_its_turn(service: Service, phone: Phone) -> None:
    with phone.sending(service, SEND) as first, phone.page(service, SEND) as second:
        second.click("#start")
        until(lambda: "Another device sends" in told(second))
        first_went_on = len(seen(service))
        until(lambda: len(seen(service)) > first_went_on + 2)
        first.click("#start")
        until_phase(second, "live")


def test_a_browser_that_is_killed_is_noticed_and_another_takes_over(service: Service, phone: Phone) -> None:
    killed = phone.chromium.launch(*phone.options)
    page = killed.new_page()
    page.goto(service.url + SEND)
    send(page)
    kill(killed)
    gone = service.until_state("phone", "down")
    assert gone["reason"] == "nothing came from the browser for 2 s"
    with phone.sending(service, SEND):
        pass
    service.until_state("phone", "down")
    process = psutil.Process(service.process.pid)
    until(lambda: not sockets(process))


def test_browsers_come_and_go_and_nothing_is_kept(service: Service, phone: Phone) -> None:
    process = service.whole()

    def join() -> None:
        with phone.sending(service, SEND):
            pass
        service.until_state("phone", "down")

    join()
    until(lambda: not sockets(process))
    before = service.descriptors(), process.num_threads()
    for _ in range(JOINS):
        join()
    until(lambda: not sockets(process))
    until(lambda: service.descriptors() <= before[0])
    until(lambda: process.num_threads() <= before[1])


def sockets(process: psutil.Process) -> int:
    """Of connections to browsers; the service has no other UDP."""
    return len(process.net_connections("udp"))


def test_the_page_says_why_it_has_no_camera(service: Service, phone: Phone) -> None:
    with Phone(phone.chromium, (FAKE_CAMERA,)).page(service, SEND) as denied:
        denied.click("#start")
        until_phase(denied, "error")
        assert "No permission" in told(denied)

    elsewhere = "--host-resolver-rules=MAP camera.example 127.0.0.1"
    plain = service.url.replace("127.0.0.1", "camera.example")
    with phone.chromium.page(plain + SEND, *phone.options, elsewhere) as page:
        until_phase(page, "error")
        assert "use https, or localhost" in told(page)
        assert "--tls auto" in told(page)
        assert page.is_disabled("#start")


def test_a_page_that_knows_the_token_sends(tmp_path: Path, phone: Phone) -> None:
    config = write_config(tmp_path, {"phone": {"source": "whip://"}}, http={"token": "a-secret-token"})
    with (
        serving("run", config, folder=tmp_path) as service,
        phone.sending(service, f"{SEND}?token=a-secret-token") as page,
    ):
        until(lambda: page.evaluate(LOOK)["frames"] > 3)
        assert "a-secret-token" not in service.log


def test_the_page_begins_anew_when_the_service_does(tmp_path: Path, phone: Phone) -> None:
    config = write_config(tmp_path, {"phone": {"source": "whip://"}})
    with ExitStack() as end:
        with serving("run", config, folder=tmp_path) as first:
            page = end.enter_context(phone.sending(first, SEND))
            port = first.url.rpartition(":")[2]
        until_phase(page, "busy")
        with serving("run", config, folder=tmp_path, port=port) as second:
            until_phase(page, "live")
            second.until_state("phone", "live")
            end.close()
