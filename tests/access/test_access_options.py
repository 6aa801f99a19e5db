"""What is wrong among the options of the HTTP interface, told with file and line."""

from __future__ import annotations

import pytest

from streamer.config.file import parse
from streamer.errors import ConfigError

BEGIN = 'cameras: {a: {source: "sim://street"}}\nhttp:\n  '


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("tls: true", "c.yaml:3: http.tls: expected 'auto', or certificate and key, received true"),
        ("tls: Auto", "c.yaml:3: http.tls: expected 'auto', or certificate and key, received 'Auto'"),
        ("tls: {key: a}", "c.yaml:3: http.tls: expected auto, or certificate and key, received key"),
        ("tls: {}", "c.yaml:3: http.tls: expected auto, or certificate and key, received none"),
        (
            "tls: {auto: true, key: a}",
            "c.yaml:3: http.tls: expected either auto or key, received both",
        ),
        ("base_path: /a b", "c.yaml:3: http.base_path: expected a path like /sightline, received '/a b'"),
        (
            "base_path: /a/../b",
            "c.yaml:3: http.base_path: expected a path like /sightline, received '/a/../b'",
        ),
        (
            "trusted_proxies: [10.0.0.1/8]",
            "c.yaml:3: http.trusted_proxies.0: expected an address or a network like 10.0.0.0/8,"
            " received '10.0.0.1/8'",
        ),
        (
            "auth_header: {user: X-Remote-User}",
            "c.yaml:2: http: expected trusted_proxies for auth_header, received none:"
            " nobody would be believed",
        ),
        (
            'auth_header: {user: "X User"}',
            "c.yaml:3: http.auth_header.user: expected the name of a header like X-Remote-User,"
            " received 'X User'",
        ),
        (
            "accounts: mysql://us:hush@db/x",
            "c.yaml:3: http.accounts: expected an address like postgresql://user:password@host/name,"
            " received one that is not shown",
        ),
        ("insecure: 1", "c.yaml:3: http.insecure: expected true or false, received 1"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(option: str, told: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        parse(f"{BEGIN}{option}\n", "c.yaml")
    assert str(wrong.value) == told


def test_what_is_right() -> None:
    http = parse(
        f"{BEGIN}tls: off\n  base_path: sightline/\n  trusted_proxies: 10.0.0.0/8\n"
        "  auth_header: {user: X-Remote-User, role: X-Remote-Role}\n",
        "c.yaml",
    ).http
    assert (http.tls, http.base_path, http.trusted_proxies) == (None, "/sightline", ("10.0.0.0/8",))
    assert http.auth_header is not None
    assert (http.auth_header.user, http.auth_header.role) == ("x-remote-user", "x-remote-role")
