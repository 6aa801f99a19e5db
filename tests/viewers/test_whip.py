"""A browser is a camera: it sends, leaves, comes back, dies; and pages say what goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Playwright
from system.records import records
from system.serving import Service, serving, until, write_config
from viewers.sending_browser import LOOK, Chromium, driver, filmed, launched, told, until_phase

JOINS = 5


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filmed(tmp_path_factory.mktemp("film") / "street.mjpeg")


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with driver() as playwright:
        yield playwright


@pytest.fixture
def chromium(playwright: Playwright, film: Path) -> Iterator[Chromium]:
    started = launched(playwright, film)
    yield started
    started.browser.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    cameras = {"phone": {"source": "whip://", "timeout_s": 2}, "street": {"source": "sim://street?fps=2"}}
    # Anybody may come by whatever name: one test asks for another than localhost.
    config = write_config(tmp_path, cameras, http={"insecure": True})
    with serving("run", config, "--json", "out.jsonl", folder=tmp_path) as service:
        until(lambda: service.states()["phone"] == "down")
        yield service
        assert "Traceback" not in service.log, service.log
        assert service.stop().status == 0


def seen(service: Service) -> list[dict[str, object]]:
    return [
        each
        for each in records(service.folder / "out.jsonl")
        if each["schema"] == "sightline.detections/1" and each["camera"] == "phone"
    ]


def test_a_browser_is_a_camera_until_it_stops_and_again_when_it_starts(
    service: Service, chromium: Chromium
) -> None:
    waiting = service.cameras()["phone"]
    assert waiting["reason"] == "waiting for a browser: open /send/phone"
    began_at = datetime.now(UTC)
    page = chromium.sending(service, "phone")
    width = page.evaluate("document.getElementById('preview').videoWidth")
    until(lambda: service.cameras()["phone"]["fps_detected"] > 0)
    until(lambda: service.cameras()["phone"]["objects"] > 0)
    assert service.cameras()["phone"]["decoder"] == "cpu"

    viewer = chromium.page()
    viewer.goto(f"{service.url}/watch/phone")
    look = until(lambda: found if (found := viewer.evaluate(LOOK))["exact"] > 3 else None)
    assert look["width"] == width
    viewer.close()

    page.click("#start")
    left = service.until_state("phone", "down")
    assert left["reason"] == "the browser left: open /send/phone"
    before = len(seen(service))
    page.click("#start")
    service.until_state("phone", "live")
    until(lambda: len(seen(service)) > before + 3)

    frames = seen(service)
    assert {frame["width"] for frame in frames} == {width}
    assert any(frame["objects"] for frame in frames)
    times = [frame["pts"] for frame in frames]
    assert times == sorted(set(times)), "media time rises over both"
    taken = [datetime.fromisoformat(str(frame["captured_at"])) for frame in frames]
    assert began_at < taken[0]
    assert taken == sorted(taken)
    assert taken[-1] < datetime.now(UTC)


def test_a_page_that_is_loaded_anew_sends_again_at_once(service: Service, chromium: Chromium) -> None:
    page = chromium.sending(service, "phone")
    page.reload()
    page.click("#start")
    until_phase(page, "live")
    assert "Another device" not in told(page)


def test_a_second_browser_waits_for_its_turn(service: Service, chromium: Chromium) -> None:
    first = chromium.sending(service, "phone")
    second = chromium.page()
    second.goto(f"{service.url}/send/phone")
    second.click("#start")
    until(lambda: "Another device sends" in told(second))
    first_went_on = len(seen(service))
    until(lambda: len(seen(service)) > first_went_on + 2)
    first.click("#start")
    until_phase(second, "live")


def test_a_browser_that_is_killed_is_noticed_and_another_takes_over(
    service: Service, playwright: Playwright, film: Path
) -> None:
    killed = launched(playwright, film)
    killed.sending(service, "phone")
    killed.kill()
    gone = service.until_state("phone", "down")
    assert gone["reason"] == "nothing came from the browser for 2 s"
    other = launched(playwright, film)
    other.sending(service, "phone")
    other.kill()
    service.until_state("phone", "down")
    process = psutil.Process(service.process.pid)
    until(lambda: not sockets(process))


def test_browsers_come_and_go_and_nothing_is_kept(service: Service, chromium: Chromium) -> None:
    process = psutil.Process(service.process.pid)

    def join() -> None:
        page = chromium.sending(service, "phone")
        page.close(run_before_unload=True)
        service.until_state("phone", "down")

    join()
    until(lambda: not sockets(process))
    before = process.num_fds(), process.num_threads()
    for _ in range(JOINS):
        join()
    until(lambda: not sockets(process))
    until(lambda: process.num_fds() <= before[0])
    until(lambda: process.num_threads() <= before[1])


def sockets(process: psutil.Process) -> int:
    """Of connections to browsers; the service has no other UDP."""
    return len(process.net_connections("udp"))


def test_the_page_says_why_it_has_no_camera(service: Service, playwright: Playwright, film: Path) -> None:
    denied = launched(playwright, None)
    page = denied.page()
    page.goto(f"{service.url}/send/phone")
    page.click("#start")
    until_phase(page, "error")
    assert "No permission" in told(page)
    denied.browser.close()

    plain = launched(playwright, film, "--host-resolver-rules=MAP camera.example 127.0.0.1")
    page = plain.page()
    page.goto(f"{service.url.replace('127.0.0.1', 'camera.example')}/send/phone")
    until_phase(page, "error")
    assert "use https, or localhost" in told(page)
    assert "--tls auto" in told(page)
    assert page.is_disabled("#start")
    plain.browser.close()


def test_a_page_that_knows_the_token_sends(tmp_path: Path, playwright: Playwright, film: Path) -> None:
    config = write_config(tmp_path, {"phone": {"source": "whip://"}}, http={"token": "a-secret-token"})
    chromium = launched(playwright, film)
    with serving("run", config, folder=tmp_path) as service:
        page = chromium.page()
        page.goto(f"{service.url}/send/phone?token=a-secret-token")
        page.click("#start")
        until_phase(page, "live")
        until(lambda: page.evaluate(LOOK)["frames"] > 3)
        assert "a-secret-token" not in service.log
    chromium.browser.close()


def test_the_page_begins_anew_when_the_service_does(
    tmp_path: Path, playwright: Playwright, film: Path
) -> None:
    config = write_config(tmp_path, {"phone": {"source": "whip://"}})
    chromium = launched(playwright, film)
    with serving("run", config, folder=tmp_path) as first:
        page = chromium.sending(first, "phone")
        port = first.url.rpartition(":")[2]
    until_phase(page, "busy")
    with serving("run", config, folder=tmp_path, port=port) as second:
        until_phase(page, "live")
        second.until_state("phone", "live")
    chromium.browser.close()
