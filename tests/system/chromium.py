"""A real Chromium that looks at pages of the service."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from system.commanding import PATIENCE_S

CHROMIUM: Final = Path("/usr/bin/chromium")
OPTIONS: Final = ("--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")


@dataclass(frozen=True, slots=True)
class Chromium:
    """Browsers: one for all pages that need it with the same options, and those that a test starts itself."""

    playwright: Playwright
    started: dict[tuple[str, ...], Browser] = field(default_factory=dict)

    def launch(self, *options: str) -> Browser:
        """A browser of the caller's own."""
        return self.playwright.chromium.launch(executable_path=CHROMIUM, args=[*OPTIONS, *options])

    @contextmanager
    def page(self, address: str, *options: str, script: str = "") -> Iterator[Page]:
        """A page that shares nothing with others, and in which nothing may fail.

        Args:
            address: of the page.
            options: of the browser.
            script: runs before the page's own.
        """
        if options not in self.started:
            self.started[options] = self.launch(*options)
        failures: list[str] = []
        with closing(self.started[options].new_context()) as context:
            page = context.new_page()
            page.set_default_timeout(PATIENCE_S * 1000)
            page.on("pageerror", lambda error: failures.append(str(error)))
            page.add_init_script(script)
            page.goto(address)
            yield page
        assert failures == []


def kill(browser: Browser) -> None:
    """All of its processes, as when a phone runs out of battery."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
    for process in told["processInfo"]:
        os.kill(process["id"], signal.SIGKILL)


@contextmanager
def driven() -> Iterator[Chromium]:
    """Ends all of its browsers with the block.

    Playwright runs an event loop in this thread meanwhile: nothing else can run one here.
    """
    with sync_playwright() as playwright:
        chromium = Chromium(playwright)
        yield chromium
        for browser in chromium.started.values():
            browser.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """For modules whose tests are not coroutines."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("no Chromium: apt-get install chromium")
    with driven() as chromium:
        yield chromium
