"""A real PostgreSQL server on loopback, run by somebody who may do nothing else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from access.proxy import free_port
from system.commanding import PATIENCE_S
from system.serving import until

PASSWORD: Final = "pa55-of-the-database"
READY: Final = "ready to accept connections"


def programs() -> Path:
    """The folder of ``initdb`` and ``postgres``; Debian keeps them off the path."""
    found = shutil.which("postgres")
    if found:
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not debian and os.environ.get("CI") != "true":
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    return debian[-1].parent


def somebody() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database, with its password."""
    binaries = programs()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.getuid() == 0:
            shutil.chown(folder, "nobody", "nogroup")
        secret = folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        made = ["--username=sightline", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync"]
        subprocess.run(
            [binaries / "initdb", folder / "db", "--no-locale", "--encoding=UTF8", *made],
            check=True,
            capture_output=True,
            timeout=PATIENCE_S,
            cwd=folder,
            **somebody(),
        )
        port = free_port()
        options = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
        command = [binaries / "postgres", "-D", folder / "db", "-p", str(port)]
        command += [part for option in options for part in ("-c", option)]
        log = folder / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(command, stderr=out, cwd=folder, **somebody())
            try:
                until(lambda: process.poll() is not None or READY in log.read_text())
                assert process.poll() is None, log.read_text()
                yield f"postgresql://sightline:{PASSWORD}@127.0.0.1:{port}/postgres"
            finally:
                process.send_signal(signal.SIGINT)  # at once, whoever is connected
                process.wait(PATIENCE_S)
