"""The pages are reached by the keyboard alone, and axe finds no serious fault."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from pages.browsing import Visit, visiting
from playwright.sync_api import Browser, expect
from system.serving import Service

PAGES = ("/", "/cameras/gate", "/cameras/gate/settings", "/events", "/label", "/train", "/models", "/system")
FOCUSABLE = "a[href], button, select, input, [tabindex='0']"
FOCUSED = "document.activeElement.shadowRoot?.activeElement ?? document.activeElement"


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("path", [*PAGES, "EVENT"])
def test_no_serious_fault(
    service: Service, browser: Browser, path: str, scheme: Literal["dark", "light"]
) -> None:
    if path == "EVENT":
        path = f"/events/{service.events(camera='gate')[-1]['id']}"
    with visiting(browser, service.url, scheme=scheme) as visit:
        visit.go(path)
        assert serious(visit) == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_fault_in_dialogs_and_what_they_say(
    service: Service, browser: Browser, width: int, scheme: Literal["dark", "light"]
) -> None:
    with visiting(browser, service.url, scheme=scheme, width=width) as visit:
        visit.go("/")
        visit.page.get_by_role("button", name="Add a camera").click()
        visit.page.get_by_text("What addresses look like").click()
        visit.page.get_by_role("button", name="Add", exact=True).click()
        expect(visit.page.get_by_text("A name is needed")).to_be_visible()
        assert serious(visit) == []
        visit.page.get_by_role("radio", name="This device").check()
        assert serious(visit) == []
        visit.go("/cameras/gate/settings")
        visit.page.get_by_label("Detections per second").fill("often")
        visit.page.get_by_role("button", name="Save", exact=True).click()
        expect(visit.page.get_by_text("Expected a number")).to_be_visible()
        assert serious(visit) == []
        visit.page.get_by_role("button", name="Remove this camera").click()
        expect(visit.page.get_by_role("dialog")).to_be_visible()
        assert serious(visit) == []


def serious(visit: Visit) -> list[str]:
    """What axe finds, and where."""
    return [
        f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes']]}"
        for each in Axe().run(visit.page).response["violations"]
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("path", PAGES)
def test_the_keyboard_reaches_everything(visit: Visit, path: str) -> None:
    visit.go(path)
    page = visit.page
    page.evaluate(f"""
        window.wanted = new Set([...document.querySelectorAll("{FOCUSABLE}")]
          .filter(each => !each.disabled && each.checkVisibility() && each.getClientRects().length));
        document.addEventListener("focusin", ({{ target }}) => window.wanted.delete(target));
    """)
    assert page.evaluate("window.wanted.size") > 5
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("window.wanted.size") == 0:
            break
    # What came and went meanwhile is no fault.
    left = page.evaluate(
        "[...window.wanted].filter(each => each.checkVisibility()).map(each => each.outerHTML)"
    )
    assert left == []


def test_the_first_key_leads_past_the_navigation(visit: Visit) -> None:
    visit.go("/events")
    visit.page.keyboard.press("Tab")
    skip = visit.page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    visit.page.keyboard.press("Enter")
    assert visit.page.evaluate("document.activeElement.id") == "main"
