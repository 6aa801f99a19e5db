"""The commands for users and tokens, beside a service that runs."""

from __future__ import annotations

import io
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from access.door import PASSWORD, shown
from system.commanding import PATIENCE_S, SIGHTLINE
from system.serving import serving, until

from streamer.access.doorkeeper import BELIEVED_S
from streamer.cli import main

RUN = ("run", "--source", "sim://street?size=320x180&fps=1")


def sightline(*arguments: str, folder: Path, said: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SIGHTLINE, *arguments],
        cwd=folder,
        input=said,
        text=True,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


def done(*arguments: str, folder: Path, said: str = PASSWORD) -> str:
    """What a command that goes well prints."""
    ended = sightline(*arguments, folder=folder, said=said)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def status_of(arguments: list[str]) -> int:
    """Of a command that runs in this process."""
    try:
        return main(arguments)
    except SystemExit as ended:  # what argparse refuses
        return int(str(ended.code))


def refused(*arguments: str, folder: Path, said: str = PASSWORD) -> str:
    """The one line of a command that is refused."""
    ended = sightline(*arguments, folder=folder, said=said)
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1), ended
    assert said not in ended.stderr + ended.stdout or not said
    return ended.stderr


def test_users_come_and_go(tmp_path: Path) -> None:
    first = sightline("users", "add", "vera", "--camera", "gate", "--camera", "yard", folder=tmp_path)
    assert "no user is an admin yet" in first.stderr
    done("users", "add", "Anna", "--role", "admin", folder=tmp_path)
    assert "there is a user of this name" in refused("users", "add", "anna", folder=tmp_path)
    lines = done("users", "list", folder=tmp_path).splitlines()
    assert [line.split()[:2] for line in lines] == [["Anna", "admin"], ["vera", "viewer"]]
    assert lines[0].endswith("all cameras")
    assert lines[1].endswith("gate, yard")
    assert "the last admin stays" in refused("users", "remove", "anna", folder=tmp_path)
    done("users", "remove", "vera", folder=tmp_path)
    last = sightline("users", "remove", "anna", folder=tmp_path)
    assert last.returncode == 0
    assert "nobody has to sign in any more" in last.stderr
    assert "there is no user of this name" in refused("users", "remove", "anna", folder=tmp_path)
    kept = tmp_path / "sightline-data" / "accounts.db"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PASSWORD.encode() not in kept.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said", "told"),
    [
        (["users", "add", "a b"], PASSWORD, "expected a name of 1 to 64 letters"),
        (["users", "add", ""], PASSWORD, "expected a name"),
        (["users", "add", "x" * 10_000], PASSWORD, "received 10000 characters"),
        (["users", "add", "<script>"], PASSWORD, "expected a name"),
        (["users", "add", "anna"], "short", "expected a password of 8 to 1024 characters, received 5"),
        (["users", "add", "anna"], "", "received 0"),
        (
            ["users", "add", "anna", "--camera", "A B"],
            PASSWORD,
            "--camera: expected a name like 'front-door'",
        ),
        (["users", "add", "anna", "--camera", "a", "--role", "admin"], PASSWORD, "who sees all cameras"),
        (["users", "add", "anna", "--password-file", "none"], PASSWORD, "none: cannot be read: No such file"),
        (["users", "add", "anna", "--role", "king"], PASSWORD, "invalid choice: 'king'"),
        (["users", "add", "anna", "--data", "a-file"], PASSWORD, "a-file: cannot be written: "),
        (["users", "add", "anna", "--config", "none.yaml"], PASSWORD, "none.yaml: cannot be read"),
        (["users", "password", "nobody"], PASSWORD, "there is no user of this name"),
        (["tokens", "remove", "nobody"], PASSWORD, "there is no token of this name"),
        (["tokens", "add", "one", "--days", "0"], PASSWORD, "expected a whole number from 1 on"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
    told: str,
) -> None:
    """In this process: an interpreter for each would be slow."""
    (tmp_path / "a-file").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO(said))
    assert status_of(arguments) == 2
    written = capsys.readouterr()
    assert (written.out, written.err.count("\n")) == ("", 1)
    assert told in written.err
    assert not said or said not in written.err


def test_a_password_is_asked_for_twice(tmp_path: Path) -> None:
    for second, status in ((PASSWORD, 0), ("another one", 2)):
        ours, theirs = pty.openpty()
        command = [SIGHTLINE, "users", "add", f"anna-{status}"]
        process = subprocess.Popen(
            command, cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)
        shown = b""
        for question, answer in ((b"Password: ", PASSWORD), (b"Again: ", second)):
            while question not in shown:
                shown += os.read(ours, 1000)
            os.write(ours, answer.encode() + b"\n")
        assert process.wait(PATIENCE_S) == status
        assert PASSWORD.encode() not in shown
        os.close(ours)


def test_a_viewer_goes_also_where_there_is_no_admin(tmp_path: Path) -> None:
    for name in ("vera", "gus"):
        done("users", "add", name, folder=tmp_path)
    done("users", "remove", "vera", folder=tmp_path)
    assert [line.split()[0] for line in done("users", "list", folder=tmp_path).splitlines()] == ["gus"]


def test_a_service_that_runs_sees_what_changes(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\nmore\n")
    (tmp_path / "c.yaml").write_text('cameras: {a: {source: "sim://street"}}\ndata: kept\n')
    with serving(*RUN, "--data", "kept", folder=tmp_path) as service:
        assert service.get("/api/cameras").status_code == 200
        token = done("tokens", "add", "script", "--config", "c.yaml", "--days", "1", folder=tmp_path).strip()
        bearer = {"Authorization": f"Bearer {token}"}

        def status(headers: dict[str, str]) -> int:
            return httpx.get(f"{service.url}/api/cameras", headers=headers).status_code

        until(lambda: status({}) == 401, BELIEVED_S + 1)
        assert status(bearer) == 200
        assert token not in done("tokens", "list", "--data", "kept", folder=tmp_path)
        done("users", "add", "anna", "--data", "kept", "--password-file", "password", folder=tmp_path)
        signed_in = httpx.post(f"{service.url}/login", data={"name": "anna", "password": PASSWORD})
        assert signed_in.status_code == 303
        cookie = shown(signed_in.cookies)
        assert status(cookie) == 200
        done("users", "add", "vera", "--data", "kept", folder=tmp_path)
        theirs = shown(
            httpx.post(f"{service.url}/login", data={"name": "vera", "password": PASSWORD}).cookies
        )
        assert status(theirs) == 200
        done("users", "remove", "vera", "--data", "kept", folder=tmp_path)
        until(lambda: status(theirs) == 401, BELIEVED_S + 1)
        done("users", "password", "anna", "--data", "kept", folder=tmp_path, said="another password\n")
        until(lambda: status(cookie) == 401, BELIEVED_S + 1)
        done("tokens", "remove", "script", "--data", "kept", folder=tmp_path)
        until(lambda: status(bearer) == 401 or status({}) == 401, BELIEVED_S + 1)
        for secret in (token, PASSWORD, *signed_in.cookies.values()):
            assert secret not in service.log


def test_other_machines_are_not_let_in_by_accident(tmp_path: Path) -> None:
    told = refused(*RUN, "--host", "0.0.0.0", "--port", "0", folder=tmp_path, said="")
    assert "0.0.0.0: expected a way to sign in" in told
    assert "sightline users add NAME --role admin" in told
    assert "--insecure" in told
    with serving(*RUN, "--host", "0.0.0.0", "--insecure", folder=tmp_path) as service:
        assert service.get("/api/cameras").status_code == 200
    done("users", "add", "anna", "--role", "admin", folder=tmp_path)
    with serving(*RUN, "--host", "0.0.0.0", folder=tmp_path) as service:
        assert service.get("/api/cameras").status_code == 401
