"""One service with four cameras, one of which is down, and one browser, for all tests of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pages.browsing import Visit, chromium, visiting
from playwright.sync_api import Browser
from rtsp.fixtures import clips, rtsp_camera
from system.serving import Service, serving, until, write_config

__all__ = ["browser", "clips", "rtsp_camera", "service", "visit"]

CAMERAS: dict[str, Any] = {
    "gate": {
        "source": "sim://street?seed=3&people=8",
        "zones": {"everywhere": {"polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}},
    },
    "yard": {"source": "sim://street?seed=5&people=4"},
    "drive": {"source": "rtsp://127.0.0.1:1/none"},
    "lane": {"source": "sim://street?seed=9&people=2"},
}


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """It has seen somebody at the gate, who has gone again."""
    folder = tmp_path_factory.mktemp("pages")
    with serving("run", write_config(folder, CAMERAS), folder=folder) as service:
        service.until_state("drive", "down")
        service.until_state("gate", "live")
        until(lambda: any(each["ended_at"] and each["zones"] for each in service.events(camera="gate")))
        yield service


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Playwright runs an event loop in this thread meanwhile: nothing else can run one here."""
    with chromium() as browser:
        yield browser


@pytest.fixture
def visit(service: Service, browser: Browser) -> Iterator[Visit]:
    """A window in which nothing may go wrong, and that may ask nobody but the service."""
    with visiting(browser, service.url) as visit:
        yield visit
        assert visit.wrong == []
        assert visit.foreign() == []
