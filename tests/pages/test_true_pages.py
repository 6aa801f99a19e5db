"""In a real browser, before the real service: each page answers, and shows what is true."""

from __future__ import annotations

import re

import pytest
from pages.browsing import Visit
from playwright.sync_api import expect
from system.serving import Service


def ended(service: Service) -> dict[str, str]:
    """An event that is over, of somebody who was in the zone."""
    return next(event for event in service.events(camera="gate") if event["ended_at"] and event["zones"])


def test_live_shows_every_camera_and_why_one_is_down(visit: Visit) -> None:
    visit.go("/")
    tiles = visit.page.locator(".tile")
    expect(tiles).to_have_count(4)
    down = tiles.filter(has_text="drive")
    expect(down).to_contain_text(re.compile(r"Down since \d\d:\d\d"))
    expect(down).to_contain_text("Connection refused.")
    expect(down.locator("sightline-player")).to_have_count(0)
    expect(visit.page.locator("sightline-player[stream=sub]")).to_have_count(3)
    expect(visit.page.locator(".summary")).to_have_text("3 of 4 cameras live")


def test_live_plays(visit: Visit) -> None:
    visit.go("/")
    visit.page.wait_for_function(
        "[...document.querySelectorAll('sightline-player')].filter(each => each.statistics.frames > 5)"
        ".length === 3"
    )


@pytest.mark.parametrize(("width", "columns"), [(1440, 2), (2560, 2)])
def test_the_grid_fits_the_window(visit: Visit, width: int, columns: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.go("/")
    tiles = visit.page.locator(".tile")
    expect(tiles).to_have_count(4)
    boxes = [box for each in tiles.all() if (box := each.bounding_box()) is not None]
    assert len(boxes) == 4
    assert all(box["y"] + box["height"] <= 900 and box["x"] + box["width"] <= width for box in boxes)
    first_row = min(box["y"] for box in boxes)
    assert sum(box["y"] == first_row for box in boxes) == columns
    assert all(abs(box["width"] / box["height"] - 16 / 9) < 0.02 for box in boxes)
    assert not scrolls(visit)


@pytest.mark.parametrize("path", ["/", "/events", "/system", "/cameras/gate"])
def test_a_phone_scrolls_only_down(visit: Visit, path: str) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 844})
    visit.go(path)
    assert visit.page.evaluate("document.documentElement.scrollWidth") == 390


def scrolls(visit: Visit) -> bool:
    return bool(visit.page.evaluate("document.documentElement.scrollHeight > innerHeight"))


def test_a_tile_leads_to_the_camera_alone(visit: Visit) -> None:
    visit.go("/")
    visit.page.locator(".tile", has_text="gate").focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/cameras/gate")
    expect(visit.page.locator("h1")).to_have_text("gate")
    expect(visit.page.locator(".figures")).to_contain_text("detections/s")
    expect(visit.page.locator(".latest .card").first).to_contain_text("Person")
    expect(visit.page.locator("sightline-player")).to_have_count(1)


def test_events_are_there_and_lead_to_each(visit: Visit, service: Service) -> None:
    event = ended(service)
    visit.go("/events?camera=gate")
    expect(visit.page.locator("h2.day").first).to_have_text("Today")
    expect(visit.page.locator("select[name=camera]")).to_have_value("gate")
    expect(visit.page.locator(".card .where").filter(has_not_text="gate")).to_have_count(0)
    visit.page.locator(f".card[href$='{event['id']}']").click()
    visit.page.wait_for_url(f"**/events/{event['id']}")
    expect(visit.page.locator(".facts")).to_contain_text("Seen for the last time")
    expect(visit.page.locator(".facts")).to_contain_text("Entered everywhere")
    expect(visit.page.locator(".rules")).to_contain_text("(at least 2)")


def test_filters_stand_in_the_address(visit: Visit) -> None:
    visit.go("/events")
    visit.page.select_option("select[name=camera]", "yard")
    visit.page.wait_for_url("**/events?camera=yard")
    expect(visit.page.locator(".card .where").filter(has_not_text="yard")).to_have_count(0)
    visit.page.select_option("select[name=zone]", "everywhere")
    visit.page.wait_for_url("**/events?camera=yard&zone=everywhere")
    expect(visit.page.locator(".nothing")).to_have_text("No events fit this.")
    visit.page.get_by_role("button", name="Show all").click()
    visit.page.wait_for_url("**/events")
    expect(visit.page.locator(".card").first).to_be_visible()


def test_new_events_appear_by_themselves(visit: Visit) -> None:
    visit.go("/events")
    first = visit.page.locator(".card").first
    before = first.get_attribute("href")
    assert before is not None
    expect(first).not_to_have_attribute("href", before, timeout=60_000)


def test_what_has_the_focus_keeps_it(visit: Visit) -> None:
    visit.go("/events")
    # At once: a new card may come between two steps.
    address = visit.page.locator(".card").first.evaluate("card => (card.focus(), card.getAttribute('href'))")
    expect(visit.page.locator(".card").first).not_to_have_attribute("href", address, timeout=60_000)
    assert visit.page.evaluate("document.activeElement.getAttribute('href')") == address


def test_system_says_what_is_wrong(visit: Visit) -> None:
    visit.go("/system")
    expect(visit.page.locator(".ill")).to_contain_text("drive is down since")
    expect(visit.page.locator(".table tbody tr")).to_have_count(4)
    expect(visit.page.locator(".parts")).to_contain_text("sightline-nano")
    expect(visit.page.locator(".parts")).to_contain_text("free")
    expect(visit.page.locator(".chart", has_text="Detector").locator("path.line-0")).to_have_attribute(
        "d", re.compile("L"), timeout=30_000
    )


@pytest.mark.parametrize(
    ("path", "says"), [("/cameras/attic", "no such camera"), ("/events/none", "no such event")]
)
def test_what_is_not_there_is_said(service: Service, path: str, says: str) -> None:
    answer = service.get(path)
    assert answer.status_code == 404
    assert says in answer.text


def test_other_addresses_stay_with_the_interface(service: Service) -> None:
    assert service.get("/api/nothing").headers["content-type"] == "application/problem+json"
    assert service.get("/watch/gate").status_code == 200


def test_scripts_come_from_here_and_from_nowhere_else(service: Service) -> None:
    policy = service.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_the_theme_is_chosen_and_kept(visit: Visit) -> None:
    visit.go("/system")
    button = visit.page.get_by_role("button", name="Theme: system")
    light = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    button.click()
    visit.page.get_by_role("button", name="Theme: light").click()
    dark = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    visit.go("/events")
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
