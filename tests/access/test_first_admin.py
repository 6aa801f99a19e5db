"""The first admin, whom the service makes itself where nobody can sign in yet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import httpx
import pytest
from access.door import PASSWORD
from access.test_commands import RUN, done
from system.serving import serving

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
def test_nobody_is_made_where_there_is_another_way(tmp_path: Path, http: str) -> None:
    config = tmp_path / "cameras.yaml"
    config.write_text(f'cameras: {{gate: {{source: "sim://street?size=320x180&fps=1"}}}}\nhttp: {{{http}}}\n')
    with serving("run", config, "--host", "0.0.0.0", "--first-admin", folder=tmp_path) as service:
        assert not TOLD.search(service.log)
        service.stop()
    assert done("users", "list", folder=tmp_path) == ""


def test_nobody_is_made_beside_others(tmp_path: Path) -> None:
    done("users", "add", "anna", "--role", "admin", folder=tmp_path, said=PASSWORD)
    with serving(*FROM_OUTSIDE, folder=tmp_path) as service:
        assert not TOLD.search(service.log)
        service.stop()
    assert [line.split()[0] for line in done("users", "list", folder=tmp_path).splitlines()] == ["anna"]
