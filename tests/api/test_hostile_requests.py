"""What nobody means well by, sent to a service: values of cameras, paths, cursors, bodies and headers."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from access.door import ADMIN_TOKEN, token
from system.serving import PATIENCE_S, Service, serving, write_config

from streamer.access.accounts import Accounts
from streamer.config.tree import CameraConfig

PROBLEM: Final = "application/problem+json"
ADMIN: Final = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
HOSTILE: Final = {
    "script": "<script>alert(1)</script>",
    "emoji": "\U0001f600" * 10,
    "long": "x" * 10_000,
    "empty": "",
    "blank": " ",
    "nul": "a\0b",
    "surrogate": "a\ud800b",
    "lines": "a\nb\r\nc",
    "backwards": "a\u202eb",
    "variable": "${HOME}",
    "yaml": "!!python/object:os.system",
    "path": "../../../../etc/passwd",
    "number": 3,
    "huge": 10**400,
    "null": None,
    "true": True,
    "list": ["\ud800"],
    "section": {"\ud800": {"\0": "\ud800"}},
}


SHOWN: Final = {"script": ("/", "/system"), **dict.fromkeys(("emoji", "long", "backwards"), ("/",))}
"""On which pages is looked for what is kept of a kind."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One for all, with an admin's token; what it was asked for left no fault in its log."""
    folder = tmp_path_factory.mktemp("hostile")
    data = folder / "sightline-data"
    data.mkdir()
    accounts = Accounts.of(data)
    accounts.open()
    accounts.add(token("script", ADMIN_TOKEN, "admin"))
    accounts.close()
    config = write_config(
        folder,
        {"gate": {"source": "whip://"}},
        http={"trusted_proxies": ["10.0.0.0/8"], "auth_header": {"user": "X-User", "role": "X-Role"}},
    )
    with serving("run", config, folder=folder) as running:
        yield running
        for wrong in ("Traceback", "ERROR", ADMIN_TOKEN):
            assert wrong not in running.log, running.log


def ask(service: Service, method: str, path: str, body: Any) -> httpx.Response:
    """With a body that no client would send: lone surrogates are escaped, as JSON can."""
    headers = {**ADMIN, "Content-Type": "application/json"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.request(method, service.url + path, content=content, headers=headers, timeout=PATIENCE_S)


def require_refused(answer: httpx.Response, *statuses: int) -> None:
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize("field", ["name", *CameraConfig.model_fields, "invented"])
def test_hostile_values_of_a_camera(service: Service, field: str) -> None:
    """Each is taken as it is or refused, and never does anything else."""
    for kind, value in HOSTILE.items():
        login = {"username": "us"} if field == "password" else {}
        camera = {"name": "hostile", "source": "whip://", **login, field: value}
        answer = ask(service, "POST", "/api/cameras", camera)
        if answer.status_code != 201:
            require_refused(answer, 422)
            continue
        assert "surrogate" not in kind
        kept = httpx.get(f"{service.url}/api/cameras/hostile/options", headers=ADMIN)
        assert kept.status_code == 200, kind
        if field in ("source", "username", "title"):
            assert kept.json()["options"].get(field) == value, kind
        for path in SHOWN.get(kind, ()):
            page = httpx.get(service.url + path, headers={**ADMIN, "Accept": "text/html"})
            assert (page.status_code, "<script>alert(1)" in page.text) == (200, False), kind
        patched = ask(service, "PATCH", "/api/cameras/hostile", {field: value})
        assert patched.status_code == 200, (kind, patched.text)
        assert ask(service, "DELETE", "/api/cameras/hostile", None).status_code == 204


@pytest.mark.parametrize("depth", [21, 300, 700, 950, 5000, 100_000])
def test_values_within_values_without_an_end(service: Service, depth: int) -> None:
    for left, right in ((b'{"a":', b"}"), (b"[", b"]")):
        deep = left * depth + b"1" + right * depth
        for method, path in (
            ("POST", "/api/cameras"),
            ("POST", "/api/cameras/check"),
            ("PATCH", "/api/cameras/gate"),
        ):
            body = b'{"name": "deep", "source": "whip://", "zones": ' + deep + b"}"
            require_refused(ask(service, method, path, body), 400, 422)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_megabytes_is_refused_before_it_comes(service: Service, chunked: bool) -> None:
    place = urlsplit(service.url)
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 100000000"
    head = b"POST /api/cameras HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n%b\r\n%b\r\n\r\n" % (
        f"Authorization: Bearer {ADMIN_TOKEN}".encode(),
        length,
    )
    with socket.create_connection((place.hostname, place.port), timeout=PATIENCE_S) as sent:
        sent.sendall(head)
        if chunked:
            part = b" " * 65536
            for _ in range(17):
                sent.sendall(b"%x\r\n%b\r\n" % (len(part), part))
        answer = http.client.HTTPResponse(sent)
        answer.begin()
        assert (answer.status, answer.headers["content-type"]) == (413, PROBLEM)


@pytest.mark.parametrize(
    "path",
    [
        "/api/events/..%2f..%2f..%2fetc%2fpasswd",
        "/api/events/%2fetc%2fpasswd/snapshot.jpg",
        "/api/events/../../../../etc/passwd",
        "/api/events/..%5c..%5caccounts.db/crop.jpg",
        "/pages/../../accounts.db",
        "/pages/..%2f..%2faccounts.db",
        "/pages/%2fetc/passwd",
        "/_nicegui/3/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/_nicegui/../../../etc/passwd",
        "/watch/..%2f..%2fetc%2fpasswd",
        "/api/cameras/..%2f..%2fsettings.yaml/options",
        "/api/cameras/%00/latest.jpg",
        "//etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/api/cameras/\u202e/troubles",
        "/api/cameras/%ff%fe/troubles",
    ],
)
def test_no_path_leads_out(service: Service, path: str) -> None:
    """As it is: clients and proxies would tidy it up."""
    place = urlsplit(service.url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=PATIENCE_S)
    connection._encode_request = lambda request: request.encode()  # type: ignore[attr-defined]
    connection.request("GET", path, headers=ADMIN)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    assert answer.status in (400, 404, 422), content
    assert b"root:" not in content


@pytest.mark.parametrize(
    "cursor", ["0", "A" * 200, "A" * 201, "eyJhIjoxfQ", "MA", "..%2f", "-", "_" * 8, "'--"]
)
def test_a_cursor_that_no_page_gave(service: Service, cursor: str) -> None:
    answer = httpx.get(f"{service.url}/api/events", params={"cursor": cursor}, headers=ADMIN)
    require_refused(answer, 400, 422)


@pytest.mark.parametrize(
    "said",
    [
        [("X-User", "anna"), ("X-Role", "admin")],
        [("x_user", "anna"), ("x_role", "admin")],
        [("X-User ", "anna")],
        [("X-Forwarded-For", "10.0.0.1"), ("X-User", "anna"), ("X-Role", "admin")],
        [("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-For", "127.0.0.1"), ("X-User", "anna")],
        [("Forwarded", "for=10.0.0.1"), ("X-User", "anna"), ("X-Role", "admin")],
        [("X-Real-IP", "10.0.0.1"), ("X-User", "anna"), ("X-Role", "admin")],
        [("Content-Length", "0"), ("Transfer-Encoding", "chunked"), ("X-User", "anna")],
        [("Authorization", "Basic YW5uYTp4"), ("X-User", "anna")],
    ],
)
def test_a_header_of_proxies_from_elsewhere_lets_nobody_in(
    service: Service, said: list[tuple[str, str]]
) -> None:
    place = urlsplit(service.url)
    lines = [b"GET /api/cameras HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close"]
    lines += [f"{name}: {value}".encode() for name, value in said]
    with socket.create_connection((place.hostname, place.port), timeout=PATIENCE_S) as sent:
        sent.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        answer = http.client.HTTPResponse(sent)
        answer.begin()
        content = answer.read()
    assert answer.status in (400, 401), content
    assert b"gate" not in content


def test_the_log_has_no_token_of_an_address(service: Service, tmp_path: Path) -> None:
    for path in ("/watch/gate", "/api/cameras/nowhere/latest.jpg", "/", "/mjpeg/none"):
        for secret in (ADMIN_TOKEN, "sl_somebody-elses-token"):
            httpx.get(service.url + path, params={"token": secret}, headers={"Accept": "text/html"})
    assert ADMIN_TOKEN not in service.log
    assert "sl_somebody" not in service.log
