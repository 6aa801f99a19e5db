"""What ``sightline doctor`` and ``config check`` say of who may come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from access.door import token, user

from streamer.access.accounts import FILE, Account, Accounts
from streamer.access.exposure import exposed
from streamer.cli import main
from streamer.config.file import validated
from streamer.config.tree import Config
from streamer.doctor.access import access
from streamer.doctor.finding import Finding
from streamer.tls.authority import Authority

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY_S: Final = 86400.0


def config(data: Path, **http: Any) -> Config:
    return validated({"cameras": {"gate": {"source": "whip://"}}, "data": data, "http": http})


def found(data: Path, *known: Account, **http: Any) -> list[Finding]:
    if known:
        accounts = Accounts.of(data)
        accounts.open()
        for each in known:
            accounts.add(each)
        accounts.close()
    return list(access(config(data, **http), now=NOW.timestamp()))


def texts(findings: list[Finding]) -> str:
    return "\n".join(each.text for each in findings)


def test_on_this_machine_alone_nothing_is_wrong(tmp_path: Path) -> None:
    (only,) = found(tmp_path)
    assert only == Finding(True, "anybody on this machine may come in, until there is a user or a token")
    assert not (tmp_path / FILE).exists()


def test_what_the_start_would_refuse_is_told_in_its_words(tmp_path: Path) -> None:
    first, clear = found(tmp_path, host="0.0.0.0")
    assert first == Finding(False, f"http.host: {exposed(config(tmp_path, host='0.0.0.0').http)}")
    assert (clear.good, "in the clear" in clear.text) == (True, True)
    assert clear.advice is not None


@pytest.mark.parametrize(
    ("known", "http", "told", "advice"),
    [
        ([user("anna", "admin"), user("vera")], {}, "may come in: 2 users, 0 tokens", None),
        ([user("vera")], {}, "may come in: 1 user, 0 tokens", "nobody may change anything"),
        ([token("wall", "sl_of-the-wall")], {}, "may come in: 0 users, 1 token", "nobody may change"),
        ([], {"token": "hush-hush"}, "may come in: 0 users, 0 tokens, http.token", None),
        ([], {"insecure": True}, "anybody may watch and change everything: insecure", "no --insecure"),
        (
            [],
            {"trusted_proxies": "10.0.0.1", "auth_header": {"user": "X-User"}},
            "may come in: 0 users, 0 tokens, who a proxy lets in",
            None,
        ),
    ],
)
def test_who_may_come_in_from_elsewhere(
    tmp_path: Path, known: list[Account], http: dict[str, Any], told: str, advice: str | None
) -> None:
    first = found(tmp_path, *known, host="0.0.0.0", **http)[0]
    assert (first.good, first.text) == (True, told)
    assert (first.advice is None) == (advice is None)
    assert advice is None or (first.advice is not None and advice in first.advice)


def test_tokens_that_end_soon_are_told(tmp_path: Path) -> None:
    for name, days in (("old", -1), ("soon", 13), ("later", 15)):
        ends = NOW.timestamp() + days * DAY_S
        known = Account("token", name, "admin", None, f"hash of {name}", 0.0, ends)
        findings = found(tmp_path, known)
    assert [each.text for each in findings[1:]] == [
        "token old: ended on 2026-02-28",
        "token soon: ends on 2026-03-14",
    ]
    assert all(each.good and each.advice for each in findings[1:])


@pytest.mark.parametrize("headers", [False, True])
def test_everybody_is_no_proxy(tmp_path: Path, headers: bool) -> None:
    said = {"auth_header": {"user": "X-User"}} if headers else {}
    (wrong,) = found(tmp_path, trusted_proxies=["10.0.0.0/8", "0.0.0.0/0"], **said)[1:]
    assert wrong.good != headers
    assert wrong.text == "http.trusted_proxies: anybody's word is believed (0.0.0.0/0)"


@pytest.mark.parametrize(
    ("days", "good", "advised"), [(0, True, False), (390, True, True), (400, False, True), (-30, False, True)]
)
def test_how_long_a_certificate_is_good(tmp_path: Path, days: int, good: bool, advised: bool) -> None:
    authority = Authority(tmp_path / "tls")
    authority.renew({"cams.example"}, NOW - timedelta(days=days))
    tls = {"certificate": authority.certificate, "key": authority.key}
    (_, told) = found(tmp_path, tls=tls)
    assert (told.good, told.advice is not None) == (good, advised)
    assert "of cams.example, from " in told.text


def test_files_that_are_no_certificate(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        Authority(tmp_path / folder).renew({"cams.example"}, NOW)
    certificate, key = tmp_path / "a" / "server.crt", tmp_path / "b" / "server.key"
    (_, other) = found(tmp_path, tls={"certificate": certificate, "key": key})
    assert (other.good, other.text.startswith("http.tls.key: expected the key of ")) == (False, True)
    (_, missing) = found(tmp_path, tls={"certificate": tmp_path / "none", "key": key})
    assert (missing.good, missing.text.endswith("none: No such file or directory")) == (False, True)


def test_accounts_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    (broken,) = found(tmp_path)
    assert (broken.good, broken.text) == (False, "accounts: file is not a database")


def test_a_check_of_a_file_says_it_without_refusing(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(f"cameras: {{a: {{source: 'whip://'}}}}\nhttp:\n  host: 0.0.0.0\ndata: {tmp_path}\n")
    assert main(["config", "check", str(path)]) == 0
    out, err = capsys.readouterr()
    assert "good, 1 camera" in out
    assert err.startswith(f"sightline: {path}:3: http.host: 0.0.0.0: expected a way to sign in")
