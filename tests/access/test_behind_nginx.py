"""Behind a real proxy, under a path: signing in, pages, sockets, and the addresses that are told."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import httpx
import pytest
from access.door import ADMIN_TOKEN, PAGE, PASSWORD, shown, token, user
from access.proxy import proxied
from system.chromium import Chromium
from system.serving import Service, serving, write_config
from viewers.player_page import playing
from viewers.whep_viewer import SDP, offer_text
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from streamer.access.accounts import Accounts

TRUSTING = ssl.create_default_context()
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("behind")
    (folder / "sightline-data").mkdir()
    accounts = Accounts.of(folder / "sightline-data")
    accounts.open()
    accounts.add(user("anna", "admin"))
    accounts.add(token("script", ADMIN_TOKEN, "admin"))
    accounts.close()
    http = {
        "base_path": "/sightline",
        "trusted_proxies": ["127.0.0.1"],
        "auth_header": {"user": "X-Remote-User", "role": "X-Remote-Role"},
    }
    source = "sim://street?size=320x180&fps=5"
    config = write_config(folder, {"street": {"source": source}}, http=http)
    with serving("run", config, folder=folder) as service:
        yield service
        assert "Traceback" not in service.log, service.log


@pytest.fixture(scope="module", params=["strips the path", "keeps the path"])
def addresses(
    service: Service, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[str, str]]:
    folder = tmp_path_factory.mktemp("nginx") / "it"
    with proxied(service.url, folder, strips=request.param.startswith("strips")) as addresses:
        yield addresses


@pytest.fixture(params=["http", "https"])
def url(addresses: tuple[str, str], request: pytest.FixtureRequest) -> str:
    return addresses[request.param == "https"]


@pytest.fixture
def browser(url: str) -> Iterator[httpx.Client]:
    """With a cookie."""
    origin = url.removesuffix("/sightline")
    with httpx.Client(base_url=origin, verify=TRUSTING, headers={"Origin": origin}, timeout=60) as client:
        form = {"name": "anna", "password": PASSWORD, "next": "/sightline/watch/street"}
        done = client.post("/sightline/login", data=form)
        assert (done.status_code, done.headers["location"]) == (303, "/sightline/watch/street"), done.text
        cookie = done.headers["set-cookie"]
        assert "; Path=/sightline;" in cookie
        assert ("; Secure" in cookie) == url.startswith("https")
        yield client


def test_the_way_in_is_below_the_path(url: str) -> None:
    for path in ("/", "/watch/street"):
        sent = httpx.get(url + path, headers=PAGE, verify=TRUSTING)
        assert sent.status_code == 303
        assert sent.headers["location"].startswith("/sightline/login?next=%2Fsightline%2F")
        assert httpx.get(httpx.URL(url).join(sent.headers["location"]), verify=TRUSTING).status_code == 200


def test_a_page_and_its_scripts(browser: httpx.Client) -> None:
    page = browser.get("/sightline/watch/street", headers=PAGE)
    assert page.status_code == 200
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', page.text)
    assert len(scripts) == 2
    for script in scripts:
        assert browser.get(page.url.join(script)).headers["content-type"].startswith("text/javascript")


def test_a_socket(browser: httpx.Client, url: str) -> None:
    address = f"{url.replace('http', 'ws', 1)}/ws/street"
    tls = TRUSTING if url.startswith("https") else None
    cookie = shown(browser.cookies)
    origin = browser.headers["Origin"]
    with connect(address, origin=origin, additional_headers=cookie, ssl=tls) as socket:
        assert json.loads(socket.recv(60))["type"] == "stream"
    with pytest.raises(InvalidStatus) as refused:
        connect(address, origin="https://evil.example", additional_headers=cookie, ssl=tls)
    assert refused.value.response.status_code == 403


def test_a_viewer_is_told_an_address_that_exists(browser: httpx.Client) -> None:
    # Playwright may run an event loop in this thread.
    with ThreadPoolExecutor(1) as pool:
        offer = pool.submit(anyio.run, offer_text).result()
    answer = browser.post("/sightline/whep/street", content=offer, headers=SDP)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].startswith("/sightline/whep/street/")
    assert browser.delete(answer.headers["location"]).status_code == 200


def test_what_a_stranger_says_of_himself_is_not_heard(url: str, service: Service) -> None:
    """nginx passes the one header on as empty, and does not know of the other."""
    said = {"X-Remote-User": "anna", "X-Remote-Role": "admin", "X-Forwarded-For": "127.0.0.1"}
    assert httpx.get(f"{url}/api/cameras", headers=said, verify=TRUSTING).status_code == 401
    assert httpx.get(f"{url}/metrics", headers=said, verify=TRUSTING).status_code == 401
    # Who comes from where proxies are is one.
    assert httpx.get(f"{service.url}/api/cameras", headers=said).status_code == 200


def test_a_browser_plays_there(addresses: tuple[str, str], chromium: Chromium) -> None:
    page = f"{addresses[1]}/watch/street?token={ADMIN_TOKEN}"
    with playing(chromium, page, "--ignore-certificate-errors") as player:
        player.until(lambda now: now["frames"] >= 5)
