"""Labelling in a real browser: by keyboard alone, many at once, taken back, kept over a lost connection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from pages.browsing import Visit, visiting
from pages.test_usable_by_all import serious
from playwright.sync_api import Browser, Locator, Route, expect
from system.serving import Service, until

LABELS = "**/api/samples/labels"
LONG_MS = 30_000


@pytest.fixture
def labelling(service: Service, browser: Browser) -> Iterator[Visit]:
    """The page, with two classes and some pictures; afterwards nothing is labelled."""
    until(lambda: service.get("/api/samples").json()["total"] >= 12)
    for name in ("courier", "neighbour"):
        httpx.post(f"{service.url}/api/classes", json={"name": name})
    with visiting(browser, service.url) as visit:
        visit.go("/label")
        expect(visit.page.locator(".class").nth(1)).to_contain_text("neighbour")
        expect(visit.page.locator(".large img")).to_have_count(1)
        yield visit
        assert visit.wrong == []
    said = [{"id": each["id"], "human_label": None} for each in labelled(service)]
    if said:
        httpx.post(f"{service.url}/api/samples/labels", json={"items": said})


def labelled(service: Service, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.get("/api/samples", labelled="true", **query).json()["items"]
    return items


def kept(visit: Visit) -> Locator:
    return visit.page.locator("sightline-labels:not([data-unsaved])")


def test_by_keyboard_alone(labelling: Visit, service: Service) -> None:
    page = labelling.page
    for key in ("1", "2", "0", "1", "s", "2", "u", "1"):
        page.keyboard.press(key)
    expect(page.locator(".progress")).to_have_text(re.compile("^5 done"))
    expect(kept(labelling)).to_have_count(1, timeout=LONG_MS)
    said = sorted(each["human_label"] for each in labelled(service))
    assert said == ["courier", "courier", "courier", "neighbour", "none"]
    for _ in range(5):
        page.keyboard.press("u")
    expect(page.locator(".progress")).to_have_text(re.compile("to label$"))
    until(lambda: labelled(service) == [])


def test_a_suggestion_is_confirmed_with_one_key(labelling: Visit, service: Service) -> None:
    page = labelling.page
    httpx.post(f"{service.url}/api/classes", json={"name": "person"})
    # Other tests had a model.
    until(lambda: service.get("/api/samples", suggestion="bright").json()["total"] == 0)
    labelling.go("/label")
    expect(page.locator(".confirm b")).to_have_text("person?")
    page.locator(".stage").focus()
    page.keyboard.press("Enter")
    until(lambda: [each["human_label"] for each in labelled(service)] == ["person"])


def test_nothing_is_waited_for_between_two_pictures(labelling: Visit, service: Service) -> None:
    page, held, is_open = labelling.page, list[Route](), list[bool]()
    page.route(LABELS, lambda route: route.continue_() if is_open else held.append(route))
    page.wait_for_function(
        "[...document.querySelector('sightline-labels').pictures.values()].every((each) => each.complete)"
    )
    for number in range(6):
        page.keyboard.press("1")
        expect(page.locator(".progress")).to_have_text(re.compile(f"^{number + 1} done"))
        # It is there already, not on its way.
        assert page.evaluate(
            "document.querySelector('sightline-labels').shadowRoot.querySelector('.large img').complete"
        )
    assert labelled(service) == []
    assert page.locator("sightline-labels").get_attribute("data-unsaved") == "yes"
    is_open.append(True)
    for each in held:
        each.continue_()
    expect(kept(labelling)).to_have_count(1, timeout=LONG_MS)
    assert len(labelled(service)) == 6


def test_what_is_not_kept_is_said_and_tried_again(labelling: Visit, service: Service) -> None:
    page, asked = labelling.page, list[str]()

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort() if len(asked) < 3 else route.continue_()

    page.route(LABELS, refuse)
    page.keyboard.press("1")
    expect(page.locator(".said")).to_contain_text("1 label is not kept yet: no connection. Trying again")
    expect(page.locator(".said")).to_have_text("All labels are kept.")
    assert [each["human_label"] for each in labelled(service)] == ["courier"]
    labelling.wrong.clear()


def test_many_at_once(labelling: Visit, service: Service) -> None:
    page = labelling.page
    page.keyboard.press("g")
    pictures = page.locator(".grid button")
    pictures.nth(1).click()
    pictures.nth(4).click(modifiers=["Shift"])
    expect(page.locator(".picking span")).to_contain_text("4 of")
    page.keyboard.press("2")
    expect(page.locator(".progress")).to_have_text(re.compile("^4 done"))
    until(lambda: [each["human_label"] for each in labelled(service)] == ["neighbour"] * 4)
    page.keyboard.press("u")
    until(lambda: labelled(service) == [])


def test_a_class_is_added_and_one_with_a_slash_refused(labelling: Visit, service: Service) -> None:
    page = labelling.page
    page.keyboard.press("n")
    page.keyboard.type("post/parcel")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("expected a label without a slash")
    labelling.wrong.clear()
    page.get_by_label("New class").fill("postwoman")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("postwoman is key")
    assert "postwoman" in [each["name"] for each in service.get("/api/classes").json()["items"]]


def test_filters_stand_in_the_address_and_what_is_labelled_is_shown(labelling: Visit) -> None:
    page = labelling.page
    page.keyboard.press("1")
    expect(kept(labelling)).to_have_count(1, timeout=LONG_MS)
    page.get_by_label("Show", exact=True).select_option("Labelled: courier")
    page.wait_for_url("**/label?show=courier")
    expect(page.locator(".given")).to_have_text("courier")
    expect(page.locator(".progress")).to_have_text("1 labelled")
    page.get_by_label("Kind").select_option("Nothing found")
    page.wait_for_url("**/label?show=courier&kind=random")
    expect(page.locator(".empty")).to_contain_text("No pictures fit this")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [390, 1440])
def test_no_serious_fault(service: Service, browser: Browser, width: int, scheme: Any) -> None:
    until(lambda: service.get("/api/samples").json()["total"] > 0)
    with visiting(browser, service.url, scheme=scheme, width=width) as visit:
        visit.go("/label")
        expect(visit.page.locator(".large img")).to_have_count(1)
        assert serious(visit) == []
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        visit.page.get_by_role("button", name=re.compile("^Many")).click()
        expect(visit.page.locator(".grid button").first).to_be_visible()
        assert serious(visit) == []


def test_a_false_alarm_is_said_with_one_key(service: Service, browser: Browser) -> None:
    event = service.events(camera="gate")[-1]
    with visiting(browser, service.url) as visit:
        visit.go(f"/events/{event['id']}")
        visit.page.keyboard.press("x")
        expect(visit.page.locator("h1")).to_have_text("False alarm")
    assert service.get(f"/api/events/{event['id']}").json()["human_label"] == "none"
    httpx.patch(f"{service.url}/api/events/{event['id']}", json={"human_label": None})
