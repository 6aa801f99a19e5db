"""The first admin, whom the service makes itself where nobody can sign in yet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import httpx
import pytest
from access.door import user
from access.test_commands import RUN, done
from system.serving import serving

from streamer.commands.accounts import accounts_in
from streamer.commands.first_admin import make_first_admin
from streamer.config.file import parse

FROM_OUTSIDE: Final = (*RUN, "--host", "0.0.0.0", "--first-admin")
TOLD: Final = re.compile(r"The first admin: admin, password: (\w+)")


def signed_in(url: str, password: str) -> int:
    return httpx.post(f"{url}/login", data={"name": "admin", "password": password}).status_code


def test_is_told_once_and_stays(tmp_path: Path) -> None:
    with serving(*FROM_OUTSIDE, folder=tmp_path) as service:
        assert service.get("/api/cameras").status_code == 401
        (password,) = TOLD.findall(service.log)
        assert signed_in(service.url, "another one") == 401
        assert signed_in(service.url, password) == 303
        service.stop()
    with serving(*FROM_OUTSIDE, folder=tmp_path) as service:
        assert not TOLD.search(service.log)
        assert password not in service.log
        assert signed_in(service.url, password) == 303
        service.stop()
    done("users", "password", "admin", folder=tmp_path)
    assert password.encode() not in (tmp_path / "sightline-data" / "accounts.db").read_bytes()


@pytest.mark.parametrize(
    "http",
    ["token: a-token-of-ours", "insecure: true", "trusted_proxies: [127.0.0.1], auth_header: {user: X-User}"],
)
def test_nobody_is_made_where_there_is_another_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], http: str
) -> None:
    text = f'cameras: {{gate: {{source: "sim://street"}}}}\ndata: {tmp_path}\nhttp: {{{http}}}\n'
    make_first_admin(parse(text, "cameras.yaml"))
    assert capsys.readouterr().err == ""
    assert names(tmp_path) == []


def test_nobody_is_made_beside_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with accounts_in(tmp_path) as kept:
        kept.add(user("anna", "admin"))
    make_first_admin(parse(f'cameras: {{gate: {{source: "sim://street"}}}}\ndata: {tmp_path}\n', "c.yaml"))
    assert capsys.readouterr().err == ""
    assert names(tmp_path) == ["anna"]


def names(data: Path) -> list[str]:
    with accounts_in(data) as kept:
        return [each.name for each in kept.all("user")]
