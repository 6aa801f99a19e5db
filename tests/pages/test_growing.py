"""Cameras come and go while somebody looks: the page shows it, and adds one itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from pages.browsing import Visit, visiting
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
    said = dialog(first_run)
    expect(said).to_be_visible()
    found = Axe().run(first_run.page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    said.get_by_label("Name", exact=True).fill("Front Door")
    said.get_by_label("Address").fill(str(tmp_path / "none.mp4"))
    said.get_by_role("button", name="Try it").click()
    expect(said.get_by_role("status")).to_have_text("no such file", timeout=30_000)
    said.get_by_role("button", name="Add", exact=True).click()
    expect(said.get_by_role("status")).to_contain_text("expected a name like")
    said.get_by_label("Name", exact=True).fill("front-door")
    said.get_by_role("button", name="Add", exact=True).click()
    expect(said).not_to_be_visible()
    expect(first_run.page.locator(".tile", has_text="front-door")).to_be_visible()
    expect(first_run.page.get_by_role("button", name="Add a camera")).not_to_be_visible()
    assert set(own_service.states()) == {"street", "front-door"}


def test_escape_closes_the_dialog(first_run: Visit) -> None:
    said = dialog(first_run)
    expect(said).to_be_visible()
    first_run.page.keyboard.press("Escape")
    expect(said).not_to_be_visible()
    expect(first_run.page.get_by_role("button", name="Add a camera")).to_be_focused()


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
