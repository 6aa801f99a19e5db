"""A person draws on the picture of a camera, by mouse and by keyboard, and it counts at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from pages.browsing import Visit, visiting
from playwright.sync_api import Browser, Locator, expect
from system.serving import Service, serving, until, write_config


@pytest.fixture(scope="module")
def own_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that may be changed."""
    folder: Path = tmp_path_factory.mktemp("scene")
    config = write_config(folder, {"gate": {"source": "sim://street?seed=3&people=8"}})
    with serving("run", config, folder=folder) as service:
        service.until_state("gate", "live")
        yield service


@pytest.fixture
def scene(own_service: Service, browser: Browser) -> Iterator[Visit]:
    with visiting(browser, own_service.url) as visit:
        visit.go("/cameras/gate/scene")
        yield visit
        assert visit.wrong == []
        assert visit.foreign() == []


def options(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.get("/api/cameras/gate/options").json()["options"]
    return found


def editor(visit: Visit) -> Locator:
    return visit.page.locator("sightline-scene")


def press(visit: Visit, name: str) -> None:
    editor(visit).get_by_role("button", name=name, exact=True).click()


def test_a_zone_is_drawn_by_keyboard_and_counts(scene: Visit, own_service: Service) -> None:
    press(scene, "Add zone")
    name = editor(scene).get_by_label("Name")
    name.fill("pavement")
    name.press("Tab")
    editor(scene).get_by_role("button", name="pavement, point 1 of 4").focus()
    for _ in range(6):
        scene.page.keyboard.press("Shift+ArrowLeft")
        scene.page.keyboard.press("Shift+ArrowUp")
    editor(scene).get_by_role("button", name="pavement, new point after 3").focus()
    scene.page.keyboard.press("Enter")
    for _ in range(7):
        scene.page.keyboard.press("Shift+ArrowDown")
    press(scene, "Save")
    expect(editor(scene).locator(".said")).to_have_text("Saved. It counts from now on.")
    polygon = options(own_service)["zones"]["pavement"]["polygon"]
    assert polygon == [[0.05, 0.05], [0.65, 0.35], [0.65, 0.65], [0.5, 1.0], [0.35, 0.65]]
    until(lambda: any("pavement" in event["zones"] for event in own_service.events()))


def test_a_mask_is_dragged_and_undone(scene: Visit, own_service: Service) -> None:
    press(scene, "Add mask")
    area = editor(scene).locator(".stage > svg").bounding_box()
    assert area is not None
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    scene.page.mouse.move(*middle)
    scene.page.mouse.down()
    scene.page.mouse.move(area["x"] + area["width"] * 2, middle[1], steps=4)
    scene.page.mouse.up()
    corner = editor(scene).get_by_role("button", name="mask 1, point 2 of 4")
    assert corner.get_attribute("cx") == "1000", "it stays within the picture"
    scene.page.keyboard.press("Control+z")
    expect(corner).to_have_attribute("cx", "650")
    press(scene, "Save")
    expect(editor(scene).locator(".said")).to_have_text("Saved. It counts from now on.")
    assert options(own_service)["masks"][0]["polygon"][0] == [0.35, 0.35]


def test_the_second_of_two_is_told(scene: Visit, own_service: Service) -> None:
    press(scene, "Add line")
    other = httpx.patch(f"{own_service.url}/api/cameras/gate", json={"title": "Gate"})
    assert other.is_success
    press(scene, "Save")
    expect(editor(scene).locator(".said")).to_contain_text("Somebody else changed this camera")
    # The refusal is no fault of the page.
    scene.wrong.clear()
    press(scene, "Discard")
    expect(editor(scene).get_by_role("button", name="line-1")).to_have_count(0)


def test_what_is_wrong_is_said(scene: Visit) -> None:
    press(scene, "Add zone")
    name = editor(scene).get_by_label("Name")
    name.fill("<b>Café</b>")
    name.press("Tab")
    expect(editor(scene).locator(".said")).to_contain_text("A name has small letters")
    labels = editor(scene).get_by_label("Only for")
    labels.fill("peple")
    labels.press("Tab")
    press(scene, "Save")
    expect(editor(scene).locator(".said")).to_contain_text("did you mean")
    scene.wrong.clear()


def test_an_event_is_masked_where_it_stood(own_service: Service, browser: Browser) -> None:
    event = until(lambda: next(iter(own_service.events(camera="gate")), None))
    with visiting(browser, own_service.url) as visit:
        visit.go(f"/events/{event['id']}")
        visit.page.get_by_role("link", name="Mask this place").click()
        visit.page.wait_for_url("**/cameras/gate/scene?mask=*")
        before = options(own_service)["masks"]
        expect(editor(visit).locator(".said")).to_contain_text("Fit it, and save")
        corners = editor(visit).locator(".chosen .grip:not(.middle)")
        expect(corners).to_have_count(4)
        assert options(own_service)["masks"] == before, "nothing is masked before it is saved"
        x1, y1, x2, y2 = (float(share) for share in visit.page.url.partition("mask=")[2].split(","))
        assert [float(corners.nth(2).get_attribute("cx") or 0) / 1000] == pytest.approx([x2])
        press(visit, "Save")
        expect(editor(visit).locator(".said")).to_have_text("Saved. It counts from now on.")
        assert options(own_service)["masks"][-1]["polygon"] == [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]


@pytest.mark.parametrize(
    "mask", ["", "0.1,0.2", "1,1,1,1", "nan,nan,nan,nan", "<img src=x onerror=alert(1)>", "0.4,0.2,0.1,0.9"]
)
def test_what_is_no_box_is_told_and_begins_nothing(own_service: Service, browser: Browser, mask: str) -> None:
    with visiting(browser, own_service.url) as visit:
        visit.page.on("dialog", lambda dialog: visit.wrong.append(dialog.message))
        visit.go(f"/cameras/gate/scene?mask={quote(mask)}")
        expect(visit.page.get_by_role("alert")).to_contain_text("No mask was begun")
        expect(editor(visit).get_by_role("button", name="Save", exact=True)).to_be_disabled()
        expect(visit.page.locator("img[src=x]")).to_have_count(0)
        assert visit.wrong == []


def test_what_is_typed_of_an_event_stays_while_it_goes_on(own_service: Service, browser: Browser) -> None:
    with visiting(browser, own_service.url) as visit:
        running = until(lambda: next((e for e in own_service.events() if e["ended_at"] is None), None))
        visit.go(f"/events/{running['id']}")
        shown = visit.page.locator(".facts dl").text_content()
        field = visit.page.get_by_label("What is it really?")
        field.fill("courier")
        expect(visit.page.locator(".facts dl")).not_to_have_text(shown or "", timeout=60_000)
        expect(field).to_have_value("courier")
        field.press("Enter")
        expect(visit.page.get_by_text("Kept: this picture is never deleted.")).to_be_visible()
        expect(visit.page.locator("h1")).to_have_text("Courier")
