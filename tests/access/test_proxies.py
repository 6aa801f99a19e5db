"""Who a proxy says that somebody is, and where they come from: heard from those who are trusted alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from access.door import Door, opened
from hypothesis import given
from hypothesis import strategies as st

from streamer.access.limiter import Limiter
from streamer.access.proxies import is_ours, origin_of
from streamer.config.tree import HttpConfig

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("::1")]
BY_PROXY = HttpConfig(
    trusted_proxies=("10.0.0.0/8",), auth_header={"user": "X-Remote-User", "role": "X-Remote-Role"}
)


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "127.0.0.1, rubbish, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "rubbish", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("::ffff:10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("203.0.113.1", "127.0.0.1", "203.0.113.1"),
        (None, "127.0.0.1", None),
    ],
)
def test_the_last_stranger_on_the_way_asks(peer: str | None, said: str, client: str | None) -> None:
    assert origin_of(peer, {"x-forwarded-for": [said]}, TRUSTED).client == client


def test_what_is_no_address_is_not_passed_on() -> None:
    told = {
        "x-forwarded-host": ["evil.example/../?"],
        "x-forwarded-proto": ["javascript"],
        "x-forwarded-prefix": ["//evil.example"],
    }
    found = origin_of("10.0.0.1", told, TRUSTED)
    assert (found.host, found.scheme, found.path, found.forwarded) == (None, None, None, True)
    told = {
        "x-forwarded-host": ["cams.example:8443"],
        "x-forwarded-proto": ["http, https"],
        "x-forwarded-prefix": ["/a/b/"],
    }
    found = origin_of("10.0.0.1", told, TRUSTED)
    assert (found.host, found.scheme, found.path) == ("cams.example:8443", "https", "/a/b")


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1:1", True),
        ("[::1]", True),
        ("LOCALHOST", True),
        ("localhost.evil.example", False),
        (None, False),
    ],
)
def test_names_of_this_machine(host: str | None, ours: bool) -> None:
    assert is_ours(host) == ours


@pytest.fixture(scope="module")
async def proxied(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    async with opened(tmp_path_factory.mktemp("proxied"), BY_PROXY) as door:
        yield door


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("peer", "said", "status", "cameras"),
    [
        ("10.0.0.1", {"X-Remote-User": "somebody"}, 200, ["gate", "yard"]),
        ("10.0.0.1", {"X-Remote-User": "gus"}, 200, ["gate"]),
        ("10.0.0.1", {"X-Remote-User": "gus", "X-Remote-Role": "viewer"}, 200, ["gate"]),
        ("10.0.0.1", {"X-Remote-User": "gus", "X-Remote-Role": "admin"}, 200, ["gate", "yard"]),
        ("10.0.0.1", {"X-Remote-User": "gus", "X-Remote-Role": "king"}, 401, None),
        ("10.0.0.1", {"X-Remote-User": "x" * 300}, 401, None),
        ("10.0.0.1", {"X-Remote-User": ""}, 401, None),
        ("10.0.0.1", {"X-Remote-Role": "admin"}, 401, None),
        ("203.0.113.1", {"X-Remote-User": "anna", "X-Forwarded-For": "10.0.0.1"}, 401, None),
    ],
)
async def test_whom_a_proxy_lets_in(proxied: Door, peer, said, status, cameras) -> None:
    async with proxied.client(peer) as client:
        answer = await client.get("/api/cameras", headers=said)
        assert answer.status_code == status
        if cameras is not None:
            assert [each["name"] for each in answer.json()["items"]] == cameras


@pytest.mark.anyio
async def test_two_names_are_none(proxied: Door) -> None:
    async with proxied.client("10.0.0.1") as client:
        two = [("X-Remote-User", "vera"), ("X-Remote-User", "anna")]
        assert (await client.get("/api/cameras", headers=two)).status_code == 401


@given(st.lists(st.floats(0, 1000), max_size=60))
def test_never_more_failures_than_are_allowed(pauses: list[float]) -> None:
    """Of those that are let through, no more than ``most`` within the time in which one is forgotten."""
    limiter, now, let_through = Limiter(3, 10.0), 0.0, []
    for pause in pauses:
        now += pause
        if limiter.wait_s("key", now) == 0:
            limiter.failed("key", now)
            let_through.append(now)
    for n in range(len(let_through) - 3):
        assert let_through[n + 3] - let_through[n] >= 10.0 - 1e-6


def test_a_limiter_remembers_only_so_many() -> None:
    limiter = Limiter(1, 10.0, most_keys=100)
    for n in range(10_000):
        limiter.failed(f"key {n}", n / 1000)
    assert len(limiter._empty_at) <= 100
    assert limiter.wait_s("key 9999", 10.0) > 0
    assert limiter.wait_s("key 9999", 30.0) == 0
