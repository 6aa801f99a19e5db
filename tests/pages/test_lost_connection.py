"""A page says that its connection is lost, and comes back by itself."""

from __future__ import annotations

import signal
from pathlib import Path
from urllib.parse import urlsplit

from pages.browsing import visiting
from playwright.sync_api import Browser, expect
from system.serving import serving, until, write_config

CAMERAS = {"gate": {"source": "sim://street?seed=3&people=2"}}
LONG_MS = 60_000


def test_a_service_that_ends_and_begins_again(browser: Browser, tmp_path: Path) -> None:
    config = write_config(tmp_path, CAMERAS)
    with serving("run", config, folder=tmp_path) as first, visiting(browser, first.url) as visit:
        visit.go("/system")
        visit.page.evaluate("window.before = true")
        port = urlsplit(first.url).port
        assert port is not None
        first.stop()
        expect(visit.page.locator(".lost")).to_have_text("Connection lost. Trying again …")
        assert visit.page.evaluate("window.before"), "it stays while nobody answers"
        with serving("run", config, folder=tmp_path, port=str(port)):
            visit.page.wait_for_function("window.did_handshake && !window.before", timeout=LONG_MS)
            expect(visit.page.locator(".lost")).not_to_be_visible()
            expect(visit.page.locator(".table")).to_contain_text("gate")


def test_a_service_that_is_frozen_for_a_while(browser: Browser, tmp_path: Path) -> None:
    with (
        serving("run", write_config(tmp_path, CAMERAS), folder=tmp_path) as service,
        visiting(browser, service.url) as visit,
    ):
        visit.go("/system")
        visit.page.evaluate("window.before = true")
        service.process.send_signal(signal.SIGSTOP)
        expect(visit.page.locator(".lost")).to_have_text("Connection lost. Trying again …", timeout=LONG_MS)
        service.process.send_signal(signal.SIGCONT)
        expect(visit.page.locator(".lost")).to_have_text("", timeout=LONG_MS)
        assert visit.page.evaluate("window.before"), "it goes on without being loaded anew"


def test_who_leaves_before_the_answer_is_no_error(browser: Browser, tmp_path: Path) -> None:
    with serving("run", write_config(tmp_path, CAMERAS), folder=tmp_path) as service:
        with visiting(browser, service.url) as visit:
            for _ in range(10):
                visit.page.goto(service.url + "/events", wait_until="commit")
            visit.go("/system")
        until(lambda: service.get("/healthz").status_code == 200)
        assert "Traceback" not in service.log
