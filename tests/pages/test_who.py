"""Who is signed in stands at the top; what they may not do is not there for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages.browsing import Visit, visiting
from playwright.sync_api import Browser, Page, expect
from system.serving import Service, serving, write_config

from streamer.access.accounts import Account, Accounts
from streamer.access.passwords import hash_password

PASSWORD = "correct horse"
CAMERAS = {
    name: {"source": f"sim://street?seed={seed}&people=2"} for seed, name in enumerate(("gate", "yard"))
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One to which somebody has to sign in."""
    folder: Path = tmp_path_factory.mktemp("who")
    (folder / "sightline-data").mkdir()
    accounts = Accounts.of(folder / "sightline-data")
    accounts.open()
    secret, now = hash_password(PASSWORD), time.time()
    accounts.add(Account("user", "anna", "admin", None, secret, now))
    accounts.add(Account("user", "vera", "viewer", frozenset({"gate"}), secret, now))
    accounts.close()
    with serving("run", write_config(folder, CAMERAS), folder=folder) as service:
        yield service


def sign_in(page: Page, base: str, name: str) -> None:
    page.goto(f"{base}/login?next=/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_function("window.did_handshake")


@pytest.fixture
def visit(guarded: Service, browser: Browser) -> Iterator[Visit]:
    with visiting(browser, guarded.url) as visit:
        yield visit


def test_an_admin_sees_who_may_come_in_and_signs_out_by_keyboard(visit: Visit) -> None:
    page = visit.page
    sign_in(page, visit.base, "anna")
    visit.go("/system")
    expect(page.locator(".part", has_text="Who may come in")).to_contain_text("viewer of gate")
    who = page.locator("summary", has_text="anna")
    who.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Admin: may see and change everything")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).not_to_be_visible()
    expect(who).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/login")
    page.goto(f"{visit.base}/system")
    page.wait_for_url("**/login?next=*")


def test_a_viewer_finds_no_form(visit: Visit, guarded: Service) -> None:
    page = visit.page
    sign_in(page, visit.base, "vera")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.get_by_role("button", name="Add a camera")).to_have_count(0)
    expect(page.locator("dialog")).to_have_count(0)
    visit.go("/cameras/gate")
    expect(page.get_by_role("link", name="Settings")).to_have_count(0)
    expect(page.get_by_role("link", name="Zones, lines, masks")).to_have_count(0)
    visit.go("/system")
    expect(page.locator(".part", has_text="Who may come in")).to_have_count(0)
    for path, status in (("gate/settings", 403), ("gate/scene", 403), ("yard/settings", 404)):
        answer = page.request.get(f"{visit.base}/cameras/{path}")
        assert (path, answer.status) == (path, status)


def test_the_top_fits_a_phone(visit: Visit) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    sign_in(visit.page, visit.base, "anna")
    visit.page.get_by_label("Signed in as anna").click()
    expect(visit.page.get_by_role("button", name="Sign out")).to_be_visible()
    menu = visit.page.locator(".menu").bounding_box()
    assert menu is not None
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 390
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390
