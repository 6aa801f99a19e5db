"""A person sets what a camera is to be: at once, told what is wrong, and without undoing what others do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pages.browsing import Visit, visiting
from playwright.sync_api import Browser, Locator, expect
from rtsp.fixtures import CameraFactory, Login
from system.serving import PATIENCE_S, Service, serving, until, write_config

STREET = "sim://street?seed=3&people=4&size=640x360"
OTHER = "sim://street?seed=5&people=4&size=640x360"
SECRET = "hush-hush"
LONG_MS = 30_000


@pytest.fixture(scope="module")
def own_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that may be changed, with two detectors, and a camera whose address has a secret."""
    folder: Path = tmp_path_factory.mktemp("settings")
    cameras = {
        "gate": {"source": STREET},
        "yard": {"source": OTHER},
        "shy": {"source": f"rtsp://viewer:{SECRET}@127.0.0.1:9/one?token={SECRET}"},
        "gone": {"source": STREET, "enabled": False},
    }
    detectors = {"default": {}, "second": {"model": "sightline-nano"}}
    with serving("run", write_config(folder, cameras, detectors=detectors), folder=folder) as service:
        service.until_state("gate", "live")
        yield service


@pytest.fixture
def visit(own_service: Service, browser: Browser) -> Iterator[Visit]:
    with visiting(browser, own_service.url) as visit:
        yield visit
        # A player takes leave of a camera that has begun anew, or is gone already.
        assert [each for each in visit.wrong if "/whep/" not in each] == []
        assert visit.foreign() == []


def options(service: Service, camera: str) -> dict[str, Any]:
    found: dict[str, Any] = service.get(f"/api/cameras/{camera}/options").json()["options"]
    return found


def change(service: Service, camera: str, **patch: Any) -> None:
    httpx.patch(f"{service.url}/api/cameras/{camera}", json=patch, timeout=PATIENCE_S).raise_for_status()


def field(visit: Visit, name: str) -> Locator:
    return visit.page.get_by_role("textbox", name=name, exact=True)


def save(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Save", exact=True).click()


def status(visit: Visit) -> Locator:
    return visit.page.locator(".foot").get_by_role("status")


def wrong(visit: Visit, name: str) -> Locator:
    return visit.page.locator(".field", has=field(visit, name)).locator(".wrong")


def test_settings_count_at_once_and_no_other_camera_notices(visit: Visit, own_service: Service) -> None:
    own_service.until_state("yard", "live")
    since = own_service.cameras()["yard"]["since"]
    visit.go("/cameras/gate")
    visit.page.get_by_role("link", name="Settings").click()
    visit.page.wait_for_url("**/cameras/gate/settings")
    expect(visit.page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    field(visit, "Title").fill("Front <b>gate</b>")
    field(visit, "Detections per second").fill("2")
    visit.page.get_by_label("Detector", exact=True).select_option("second")
    visit.page.get_by_role("switch", name="Look for objects", exact=True).uncheck()
    save(visit)
    expect(status(visit)).to_have_text("Saved. It counts from now on.", timeout=LONG_MS)
    now = options(own_service, "gate")
    assert (now["title"], now["detector"]) == ("Front <b>gate</b>", "second")
    assert (now["detect"]["fps"], now["detect"]["enabled"]) == (2.0, False)
    assert own_service.cameras()["yard"]["since"] == since
    visit.go("/")
    expect(visit.page.locator(".tile .caption b").first).to_have_text("Front <b>gate</b>")
    visit.go("/cameras/gate/settings")
    visit.page.get_by_role("switch", name="Camera on", exact=True).uncheck()
    save(visit)
    expect(visit.page.locator(".figures")).to_have_text("Switched off", timeout=LONG_MS)
    visit.page.get_by_role("switch", name="Camera on", exact=True).check()
    visit.page.get_by_role("switch", name="Look for objects", exact=True).check()
    field(visit, "Title").fill("")
    save(visit)
    own_service.until_state("gate", "live")
    assert "title" not in options(own_service, "gate")


def test_where_a_value_comes_from_is_said(visit: Visit, own_service: Service) -> None:
    visit.go("/cameras/yard/settings")
    origin = visit.page.locator(".field", has=field(visit, "Address")).locator(".origin")
    expect(origin).to_contain_text("config.yaml:")
    rate = visit.page.locator(".field", has=field(visit, "Detections per second"))
    expect(rate.locator(".origin")).to_have_text("default")
    field(visit, "Detections per second").fill("4")
    save(visit)
    expect(rate.locator(".origin")).to_have_count(0)


def test_what_is_wrong_stands_at_its_field(visit: Visit, own_service: Service) -> None:
    visit.go("/cameras/yard/settings")
    field(visit, "Detections per second").fill("often")
    field(visit, "Address").fill("gopher://x")
    save(visit)
    expect(wrong(visit, "Detections per second")).to_have_text("Expected a number, received 'often'.")
    expect(wrong(visit, "Address")).to_contain_text("Expected a path")
    expect(field(visit, "Address")).to_be_focused()
    expect(field(visit, "Detections per second")).to_have_value("often")
    assert options(own_service, "yard")["source"] == OTHER
    visit.page.get_by_role("button", name="Discard").click()
    expect(field(visit, "Address")).to_have_value(OTHER)
    expect(wrong(visit, "Address")).to_have_text("")


def test_the_second_of_two_is_told_and_keeps_what_was_typed(visit: Visit, own_service: Service) -> None:
    visit.go("/cameras/yard/settings")
    field(visit, "Title").fill("Mine")
    change(own_service, "yard", title="Theirs", detect={"fps": 3})
    save(visit)
    conflict = visit.page.get_by_role("alert")
    expect(conflict).to_contain_text("Somebody else changed this camera in between.")
    expect(conflict).to_contain_text("Title: Theirs")
    expect(conflict).to_contain_text("Detections per second: 3")
    expect(field(visit, "Title")).to_have_value("Mine")
    assert options(own_service, "yard")["title"] == "Theirs"
    conflict.get_by_role("button", name="Load the newer one").click()
    expect(field(visit, "Title")).to_have_value("Theirs")
    expect(conflict).not_to_be_visible()


def test_mine_over_theirs_leaves_what_i_did_not_touch(visit: Visit, own_service: Service) -> None:
    visit.go("/cameras/yard/settings")
    field(visit, "Title").fill("Mine after all")
    change(own_service, "yard", title="Theirs again", detect={"fps": 6})
    save(visit)
    visit.page.get_by_role("button", name="Save mine over it").click()
    expect(status(visit)).to_have_text("Saved. It counts from now on.")
    now = options(own_service, "yard")
    assert (now["title"], now["detect"]["fps"]) == ("Mine after all", 6.0)


def test_no_secret_reaches_the_page_and_none_is_lost(visit: Visit, own_service: Service) -> None:
    heard: list[str] = []
    visit.page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(str(frame)))
    )
    visit.go("/cameras/shy/settings")
    expect(field(visit, "Address")).to_have_value("rtsp://•••@127.0.0.1:9/one?token=•••")
    field(visit, "Address").fill("rtsp://•••@127.0.0.1:9/two?token=•••")
    field(visit, "Title").fill("Shy")
    save(visit)
    expect(status(visit)).to_have_text("Saved. It counts from now on.")
    kept = (own_service.folder / "sightline-data" / "settings.yaml").read_text()
    assert f"rtsp://viewer:{SECRET}@127.0.0.1:9/two?token={SECRET}" in kept
    field(visit, "Address").fill("rtsp://•••@127.0.0.2:9/two")
    save(visit)
    expect(wrong(visit, "Address")).to_contain_text("type the address anew")
    assert SECRET not in visit.page.content()
    assert heard
    assert not any(SECRET in frame for frame in heard)


def test_an_address_is_checked_live(visit: Visit, own_service: Service, rtsp_camera: CameraFactory) -> None:
    camera = rtsp_camera(login=Login("digest", "viewer", "right"))
    visit.go("/cameras/shy/settings")
    look = visit.page.locator(".look").first
    said = {
        "rtsp://camera.invalid/1": "Name not found: camera.invalid.",
        "rtsp://127.0.0.1:9/1": "Connection refused.",
        str(own_service.folder / "config.yaml"): "Not a video.",
        camera.url: "Wrong user name or password (401).",
    }
    field(visit, "Username").fill("viewer")
    field(visit, "Password").fill("wrong")
    for address, words in said.items():
        field(visit, "Address").fill(address)
        field(visit, "Address").press("Tab")
        expect(look).to_contain_text(words, timeout=LONG_MS)
    field(visit, "Password").fill("right")
    visit.page.get_by_role("button", name="Check: address").click()
    expect(look).to_contain_text("It works: 320 × 240", timeout=LONG_MS)
    save(visit)
    expect(field(visit, "Password")).to_have_attribute("placeholder", "••••••••", timeout=LONG_MS)
    expect(field(visit, "Password")).to_have_value("")
    # The password that is kept counts where none is typed.
    visit.page.get_by_role("button", name="Check: address").click()
    expect(look).to_contain_text("It works", timeout=LONG_MS)
    assert "password" in options(own_service, "shy")


def test_a_camera_is_removed_after_a_second_word(visit: Visit, own_service: Service) -> None:
    visit.go("/cameras/gone/settings")
    field(visit, "Title").fill("Unsaved")
    visit.page.get_by_role("button", name="Remove this camera").click()
    dialog = visit.page.get_by_role("dialog", name="Remove gone?")
    expect(dialog).to_contain_text("Its events and their pictures stay")
    expect(dialog).to_contain_text(re.compile(r"What .*config\.yaml:\d+ says of it stays written there"))
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    visit.page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    assert "gone" in own_service.cameras()
    visit.page.get_by_role("button", name="Remove this camera").click()
    dialog.get_by_role("button", name="Remove it").click()
    visit.page.wait_for_url(f"{own_service.url}/")
    until(lambda: "gone" not in own_service.cameras())
    assert own_service.get("/cameras/gone/settings").status_code == 404


def test_a_phone_scrolls_only_down(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.go("/cameras/shy/settings")
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
