"""A wrong address is a page to a browser, and a problem document to a program."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from access.door import PAGE, PROBLEM
from playwright.sync_api import expect
from system.chromium import Chromium
from system.serving import Service, serving, write_config


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with serving(
        "run", write_config(folder, {"gate": {"source": "sim://street?fps=2"}}), folder=folder
    ) as it:
        yield it
        assert "Traceback" not in it.log, it.log


@pytest.mark.parametrize(
    ("path", "status", "title", "detail"),
    [
        ("/watch/nobody", 404, "There is nothing at this address", "expected one of gate"),
        ("/send/gate", 409, "This camera is another kind", "expected a camera whose source is whip://"),
        ("/send/<b>x</b>", 404, "There is nothing at this address", "addresses that /docs lists"),
        ("/watch/gate?size=1", 422, "This address says something unknown", "expected one of"),
        ("/nowhere", 404, "There is nothing at this address", "addresses that /docs lists"),
        ("/mjpeg/nobody", 404, "There is nothing at this address", "expected one of gate"),
    ],
)
def test_a_person_reads_a_page_and_a_program_a_problem(
    service: Service, path: str, status: int, title: str, detail: str
) -> None:
    page = httpx.get(service.url + path, headers=PAGE)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"<h1>{title}</h1>" in page.text
    assert "<b>" not in page.text
    assert page.headers["vary"] == "Accept"
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'self'" in page.headers["content-security-policy"]
    program = httpx.get(service.url + path)
    assert (program.status_code, program.headers["content-type"]) == (status, PROBLEM)
    assert detail in program.json()["detail"]


def test_it_leads_to_the_cameras(service: Service, chromium: Chromium) -> None:
    with chromium.page(f"{service.url}/watch/nobody") as page:
        expect(page.get_by_role("heading")).to_have_text("There is nothing at this address")
        expect(page.locator("p")).to_have_text("expected one of gate")
        page.get_by_role("link", name="All cameras").click()
        expect(page.locator("main.live")).to_contain_text("gate")
