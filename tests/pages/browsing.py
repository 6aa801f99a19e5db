"""A real browser that keeps account of what a page asks for, and of what goes wrong in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

CHROMIUM: Final = Path("/usr/bin/chromium")
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")
INSIDE: Final = ("data", "blob")
"""Schemes of what a page has in itself."""
PICTURES: Final = "/api/events/"
"""Pictures that are not kept any more leave their place to words."""


@dataclass
class Visit:
    """A page, and what happened in it."""

    page: Page
    base: str
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Opens a page of the service, and waits until it is connected."""
        self.page.goto(self.base + path)
        self.page.wait_for_selector("main")
        self.page.wait_for_function("window.did_handshake")

    def foreign(self) -> list[str]:
        """What was asked of others."""
        own = urlsplit(self.base).netloc
        return [
            url for url in self.asked if urlsplit(url).scheme not in INSIDE and urlsplit(url).netloc != own
        ]

    def heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and PICTURES not in message.location.get("url", ""):
            self.wrong.append(f"{message.text} {message.location.get('url')}")

    def requested(self, request: Request) -> None:
        self.asked.append(request.url)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser."""
    if not CHROMIUM.exists() and os.environ.get("CI") != "true":
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def visiting(
    browser: Browser,
    base: str,
    *,
    width: int = 1440,
    scheme: Literal["dark", "light"] = "light",
) -> Iterator[Visit]:
    """A fresh window, by the clock of Greenwich."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, timezone_id="UTC"
    )
    visit = Visit(context.new_page(), base)
    visit.page.on("console", visit.heard)
    visit.page.on("pageerror", lambda error: visit.wrong.append(str(error)))
    visit.page.on("request", visit.requested)
    visit.page.on("websocket", lambda socket: visit.asked.append(socket.url))
    yield visit
    context.close()
