"""The first half hour of a new user, in one go: from the street to a guarded gate that survives a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from pages.browsing import Visit, visiting
from playwright.sync_api import Browser, expect
from rtsp.clips import Clip
from rtsp.fixtures import Login, RtspCamera, cameras
from system.footage import film
from system.serving import Service, serving

LOGIN: Final = Login("digest", "owner", "0p3n-s3same")
PEOPLE: Final = "sim://street?seed=5&size=640x360&fps=10&people=4"
"""What the camera shows: people whom the embedded detector finds."""
LONG_MS: Final = 60_000


@pytest.fixture(scope="module")
def gate(clips: Callable[[Clip], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspCamera]:
    """A camera at the gate, which asks for a password."""
    video = film(tmp_path_factory.mktemp("gate") / "gate.mp4", 20, PEOPLE)
    with cameras(clips) as make:
        yield make(Clip(640, 360, fps=10, seconds=20, video=video), login=LOGIN)


def options(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = service.get("/api/cameras/gate/options").json()["options"]
    return found


def test_a_new_user_comes_to_a_guarded_gate(gate: RtspCamera, browser: Browser, tmp_path: Path) -> None:
    with serving("demo", folder=tmp_path) as service, visiting(browser, service.url) as visit:
        visit.go("/")
        sees_the_street(visit)
        adds_the_gate(visit, gate)
        draws_a_zone(visit)
        opens_the_first_event(visit)
        masks_its_place(visit)
        kept = options(service)
        assert visit.wrong == []
        assert service.stop().status == 0
    with serving("demo", folder=tmp_path) as service, visiting(browser, service.url) as visit:
        assert service.until_state("gate", "live")
        assert options(service) == kept
        visit.go("/cameras/gate/scene")
        for name in ("whole", "mask 1"):
            expect(
                visit.page.locator("sightline-scene").get_by_role("button", name=name, exact=True)
            ).to_be_visible()
        visit.go("/events?camera=gate&zone=whole")
        expect(visit.page.locator(".card").first).to_be_visible()
        assert LOGIN.password not in (tmp_path / "stderr").read_text()
        assert visit.wrong == []


def sees_the_street(visit: Visit) -> None:
    """The street moves, with the boxes of those who walk there."""
    visit.page.wait_for_function(
        "document.querySelector('sightline-player[camera=street]')?.statistics.frames > 5", timeout=LONG_MS
    )
    expect(visit.page.locator(".tile", has_text="in view")).to_be_visible(timeout=LONG_MS)


def adds_the_gate(visit: Visit, gate: RtspCamera) -> None:
    """First with a wrong password, which is said; then with the right one."""
    visit.page.get_by_role("button", name="Add a camera").click()
    said = visit.page.get_by_role("dialog", name="Add a camera")
    said.get_by_label("Address").fill(gate.url)
    name, wrong = said.get_by_label("Name", exact=True), said.locator("#add-name-wrong")
    for each in ("The gate", "g" * 10_000):
        name.fill(each)
        expect(wrong).to_be_empty()
        said.get_by_role("button", name="Add", exact=True).click()
        expect(wrong).not_to_be_empty()
    name.fill("gate")
    expect(wrong).to_be_empty()
    said.get_by_label("Username").fill(LOGIN.user)
    said.get_by_label("Password").fill("guess")
    said.get_by_role("button", name="Try it").click()
    expect(said.get_by_role("status")).to_contain_text("Wrong user name or password", timeout=LONG_MS)
    said.get_by_label("Password").fill(LOGIN.password)
    said.get_by_role("button", name="Try it").click()
    expect(said.get_by_role("status")).to_contain_text("640", timeout=LONG_MS)
    said.get_by_role("button", name="Add", exact=True).click()
    expect(said).not_to_be_visible()
    visit.page.locator(".tile", has_text="gate").click()
    visit.page.wait_for_function(
        "document.querySelector('sightline-player[camera=gate]')?.statistics.frames > 5", timeout=LONG_MS
    )


def draws_a_zone(visit: Visit) -> None:
    """Over the whole picture."""
    visit.page.get_by_role("link", name="Zones, lines, masks").click()
    editor = visit.page.locator("sightline-scene")
    editor.get_by_role("button", name="Add zone", exact=True).click()
    name = editor.get_by_label("Name")
    name.fill("whole")
    name.press("Tab")
    area = editor.locator(".stage > svg").bounding_box()
    assert area is not None
    for number, (x, y) in enumerate(((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), start=1):
        editor.get_by_role("button", name=f"whole, point {number} of 4").hover()
        visit.page.mouse.down()
        visit.page.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"], steps=4)
        visit.page.mouse.up()
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor.locator(".said")).to_have_text("Saved. It counts from now on.")


def opens_the_first_event(visit: Visit) -> None:
    """It appears by itself."""
    visit.go("/events?camera=gate&zone=whole")
    first = visit.page.locator(".card").first
    expect(first).to_be_visible(timeout=LONG_MS)
    first.click()
    expect(visit.page.get_by_role("img", name="at gate")).to_be_visible()
    expect(visit.page.get_by_text("Entered whole")).to_be_visible()


def masks_its_place(visit: Visit) -> None:
    """From its page: the mask is seen before it counts."""
    visit.page.get_by_role("link", name="Mask this place").click()
    editor = visit.page.locator("sightline-scene")
    expect(editor.locator(".said")).to_contain_text("Fit it, and save")
    editor.get_by_role("button", name="Save", exact=True).click()
    expect(editor.locator(".said")).to_have_text("Saved. It counts from now on.")
