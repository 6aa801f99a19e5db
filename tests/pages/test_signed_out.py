"""An open page ends with the session that opened it, and belongs to nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from access.door import ADMIN_TOKEN, PASSWORD, VIEWER_TOKEN, token, user
from pages.browsing import visiting
from playwright.sync_api import Browser, expect
from system.serving import Service, serving, write_config

from streamer.access.accounts import Accounts

SECONDS_MS: Final = 15_000
SOCKET: Final = "/_nicegui_ws/socket.io/"
CLIENT: Final = re.compile(r"client_id\W+([0-9a-f-]{36})")


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    accounts = Accounts.of(tmp_path / "sightline-data")
    (tmp_path / "sightline-data").mkdir()
    accounts.open()
    accounts.add(user("vera"))
    accounts.add(token("desk", ADMIN_TOKEN, "admin"))
    accounts.add(token("wall", VIEWER_TOKEN, cameras=frozenset({"gate"})))
    yield accounts
    accounts.close()


@pytest.fixture
def service(accounts: Accounts, tmp_path: Path) -> Iterator[Service]:
    config = write_config(tmp_path, {"gate": {"source": "sim://street?seed=3&people=2"}})
    with serving("run", config, folder=tmp_path) as service:
        yield service
        assert "Traceback" not in service.log, service.log


@pytest.mark.parametrize("how", ["signs out elsewhere", "is removed"])
def test_a_page_whose_session_has_ended_asks_to_sign_in(
    browser: Browser, service: Service, accounts: Accounts, how: str
) -> None:
    with visiting(browser, service.url) as visit:
        page = visit.page
        page.goto(service.url + "/system?by=night")
        page.get_by_label("Name").fill("vera")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_function("window.did_handshake")
        if how == "is removed":
            accounts.remove("user", "vera")
        else:
            page.context.request.post(f"{service.url}/logout", headers={"Origin": service.url})
        expect(page.locator(".lost")).to_have_text("You are signed out. Sign in", timeout=SECONDS_MS)
        page.locator(".lost").get_by_role("link", name="Sign in").click()
        expect(page.get_by_label("Password")).to_be_visible()
        assert page.locator("input[name=next]").get_attribute("value") == "/system?by=night"


def test_a_page_goes_on_for_nobody_but_its_visitor(service: Service) -> None:
    with httpx.Client(base_url=service.url, headers=bearer(ADMIN_TOKEN)) as admin:
        made = CLIENT.search(admin.get("/system").text)
        assert made is not None
        assert "sid" in handshake(admin, made[1])
        with httpx.Client(base_url=service.url, headers=bearer(VIEWER_TOKEN)) as other:
            for query in ({"client_id": made[1]}, {}, {"client_id": ["none", made[1]]}):
                assert handshake(other, made[1], query) == {"message": "Implicit handshake failed"}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def handshake(
    http: httpx.Client, client: str, said: dict[str, str | list[str]] | None = None
) -> dict[str, str]:
    """What a page is answered when it connects, by Socket.IO over long polling."""
    ours = {"client_id": client} if said is None else said
    query = {"EIO": "4", "transport": "polling", "tab_id": "1", "document_id": "1", **ours}
    query["implicit_handshake"] = "true"
    opened = http.get(SOCKET, params=query)
    session = {**query, "sid": json.loads(opened.text[1:])["sid"]}
    assert http.post(SOCKET, params=session, content="40").text == "OK"
    answer = http.get(SOCKET, params=session).text
    found = re.search(r"4[04](\{.*?\})", answer)
    assert found is not None, answer
    told: dict[str, str] = json.loads(found[1])
    return told
