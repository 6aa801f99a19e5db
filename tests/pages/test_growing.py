"""Cameras come and go while somebody looks: the page shows it, and adds one itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from pages.browsing import ARGUMENTS, CHROMIUM, Visit, visiting
from playwright.sync_api import Browser, Locator, expect
from system.serving import Service, serving, write_config

STREET = {"street": {"source": "sim://street?seed=0&people=3"}}
SOON_MS = 2000


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """One with nothing but the simulated street."""
    with serving("run", write_config(tmp_path, STREET), folder=tmp_path) as service:
        service.until_state("street", "live")
        yield service


@pytest.fixture
def first_run(own_service: Service, browser: Browser) -> Iterator[Visit]:
    with visiting(browser, own_service.url) as visit:
        visit.go("/")
        yield visit
        assert visit.wrong == []


def dialog(visit: Visit) -> Locator:
    visit.page.get_by_role("button", name="Add a camera").click()
    return visit.page.get_by_role("dialog", name="Add a camera")


def test_the_first_camera_is_added_on_the_page(
    first_run: Visit, own_service: Service, tmp_path: Path
) -> None:
    expect(first_run.page.get_by_text("This street is simulated.")).to_be_visible()
    said = dialog(first_run)
    expect(said).to_be_visible()
    found = Axe().run(first_run.page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    name = said.get_by_label("Name", exact=True)
    expect(said.get_by_label("Address")).to_be_focused()
    said.get_by_label("Address").fill(str(tmp_path / "none.mp4"))
    expect(name).to_have_value("none")
    said.get_by_role("button", name="Try it").click()
    expect(said.get_by_role("status")).to_contain_text("No such file.", timeout=30_000)
    name.fill("Front Door")
    said.get_by_role("button", name="Add", exact=True).click()
    expect(said.get_by_text("Expected a name like")).to_be_visible()
    expect(name).to_be_focused()
    name.fill("street")
    name.press("Enter")
    expect(said.get_by_text("There is a camera street already.")).to_be_visible()
    name.fill("front-door")
    said.get_by_role("button", name="Add", exact=True).click()
    expect(said).not_to_be_visible()
    expect(first_run.page.locator(".tile", has_text="front-door")).to_be_visible()
    expect(first_run.page.get_by_text("This street is simulated.")).not_to_be_visible()
    # From now on the next one is added at the top.
    said = dialog(first_run)
    expect(name).to_have_value("")
    assert set(own_service.states()) == {"street", "front-door"}


def test_escape_closes_the_dialog(first_run: Visit) -> None:
    said = dialog(first_run)
    expect(said).to_be_visible()
    said.get_by_role("radio", name="This device").check()
    first_run.page.keyboard.press("Escape")
    expect(said).not_to_be_visible()
    expect(first_run.page.get_by_role("button", name="Add a camera")).to_be_focused()
    first_run.page.keyboard.press("Enter")
    # It begins anew each time.
    expect(said.get_by_label("Address")).to_be_focused()


def test_an_address_that_cannot_be_one_is_told_at_its_field(first_run: Visit, own_service: Service) -> None:
    said = dialog(first_run)
    said.get_by_label("Address").fill("gopher://attic/1")
    expect(said.get_by_label("Name", exact=True)).to_have_value("attic")
    said.get_by_role("button", name="Add", exact=True).click()
    expect(said.locator(".field .wrong", has_text="Expected a path, rtsp(s)://")).to_be_visible()
    assert set(own_service.states()) == {"street"}
    assert not (own_service.folder / "sightline-data" / "settings.yaml").exists()


def test_a_login_within_an_address_is_kept_beside_it(first_run: Visit, own_service: Service) -> None:
    said = dialog(first_run)
    said.get_by_label("Address").fill("rtsp://viewer:p%40ss@127.0.0.1:9/one")
    said.get_by_role("button", name="Add", exact=True).click()
    expect(said).not_to_be_visible()
    options = own_service.get("/api/cameras/camera/options").json()["options"]
    assert (options["source"], options["username"]) == ("rtsp://127.0.0.1:9/one", "viewer")
    assert "p@ss" in (own_service.folder / "sightline-data" / "settings.yaml").read_text()


def test_this_device_becomes_a_camera_by_keyboard_alone(first_run: Visit, own_service: Service) -> None:
    page = first_run.page
    page.get_by_role("button", name="Add a camera").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Address")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="This device")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Name of this device")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/send/computer")
    assert own_service.get("/api/cameras/computer/options").json()["options"]["source"] == "whip://"


def test_plain_http_from_elsewhere_is_told_why_there_is_no_camera(browser: Browser, tmp_path: Path) -> None:
    config = write_config(tmp_path, STREET, http={"insecure": True})
    with serving("run", config, folder=tmp_path) as service:
        away = service.url.replace("127.0.0.1", "sightline.example")
        names = "--host-resolver-rules=MAP sightline.example 127.0.0.1"
        other = browser.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, names])
        with visiting(other, away, width=390) as visit:
            visit.go("/")
            said = dialog(visit)
            said.get_by_role("radio", name="This device").check()
            expect(said.get_by_text("a browser gives no camera")).to_be_visible()
            expect(said.get_by_text("--tls auto")).to_be_visible()
            expect(said.get_by_role("button", name="Use this device")).not_to_be_visible()
            assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
        other.close()


def test_a_service_without_any_camera(browser: Browser, tmp_path: Path) -> None:
    with (
        serving("run", write_config(tmp_path, STREET), folder=tmp_path) as service,
        visiting(browser, service.url) as visit,
    ):
        service.until_state("street", "live")
        visit.go("/")
        httpx.delete(f"{service.url}/api/cameras/street").raise_for_status()
        expect(visit.page.get_by_text("There is no camera yet.")).to_be_visible()
        expect(dialog(visit)).to_be_visible()


def test_what_others_add_and_remove_is_shown_soon(first_run: Visit, own_service: Service) -> None:
    tiles = first_run.page.locator(".tile")
    street = first_run.page.locator("sightline-player[camera=street]")
    street.evaluate("player => { window.kept = player; }")
    added = httpx.post(
        f"{own_service.url}/api/cameras", json={"name": "lane", "source": "sim://street?seed=4"}
    )
    assert added.is_success, added.text
    expect(tiles).to_have_count(2, timeout=SOON_MS)
    removed = httpx.delete(f"{own_service.url}/api/cameras/lane")
    assert removed.is_success, removed.text
    expect(tiles).to_have_count(1, timeout=SOON_MS)
    assert street.evaluate("player => player === window.kept"), "the others go on"
    # Its player takes leave of a camera that is gone already.
    first_run.wrong = [each for each in first_run.wrong if "/whep/lane/" not in each]


def test_below_a_path_of_a_proxy(browser: Browser, tmp_path: Path) -> None:
    config = write_config(tmp_path, STREET, http={"base_path": "/sightline"})
    with (
        serving("run", config, folder=tmp_path) as service,
        visiting(browser, f"{service.url}/sightline") as visit,
    ):
        visit.go("/")
        visit.page.wait_for_function("document.querySelector('sightline-player')?.statistics.frames > 5")
        visit.page.locator(".tile").click()
        visit.page.wait_for_url("**/sightline/cameras/street")
        for place in ("Events", "System", "Live"):
            visit.page.get_by_role("link", name=place, exact=True).click()
            expect(visit.page.get_by_role("link", name=place, exact=True)).to_have_attribute(
                "aria-current", "page"
            )
        paths = {urlsplit(url).path for url in visit.asked if urlsplit(url).scheme.startswith(("http", "ws"))}
        assert [path for path in paths if not path.startswith("/sightline/")] == []
        assert visit.wrong == []
