"""Apache Kafka's jars, fetched once through Maven into the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from deploy.kafka.trouble import BrokerUnavailable

POM: Final = Path(__file__).with_name("pom.xml")
JAVA: Final = "default-jre-headless"
COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/sightline/kafka``, or the same below ``~/.cache``; not made here."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "sightline" / "kafka"


def program(name: str, package: str) -> str:
    """The path of an installed program.

    Raises:
        BrokerUnavailable: it is not on the PATH; ``package`` is the Debian package that has it.
    """
    found = shutil.which(name)
    if found is None:
        raise BrokerUnavailable(f"expected the program {name}, found none: install {package}")
    return found


def kafka_jars() -> Path:
    """A folder with Kafka and all that it needs; fetched when this version of ``pom.xml`` never was.

    Raises:
        BrokerUnavailable: no Maven, or Maven does not reach its repository.
    """
    version = hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    cache = cache_folder()
    jars = cache / f"jars-{version}"
    if jars.is_dir():
        return jars
    cache.mkdir(parents=True, exist_ok=True)
    # Maven's own repository doesn't like two writers either, so the second one waits.
    with (cache / "fetching.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            _fetch(jars)
    return jars


def class_archive() -> Path:
    """Where ``archive.py`` keeps the classes of these jars for the Java that is installed now.

    Raises:
        BrokerUnavailable: no Java, or no jars.
    """
    java = Path(program("java", JAVA)).resolve()
    version = hashlib.sha256(f"{java} {java.stat().st_mtime_ns}".encode()).hexdigest()[:16]
    jars = kafka_jars()
    return jars.with_name(f"{jars.name}-{version}.jsa")


def _fetch(jars: Path) -> None:
    maven = program("mvn", "maven")
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=jars.parent) as scratch:
        fetched = Path(scratch) / "jars"
        command = [maven, "--batch-mode", "--quiet", "--file", str(POM), "process-resources"]
        command += [f"-DoutputDirectory={fetched}", "-DincludeScope=runtime"]
        # Nothing of a build is left beside the pom, which may be read-only.
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BrokerUnavailable(f"Maven could not fetch Kafka: {_complaint(done.stdout + done.stderr)}")
        fetched.rename(jars)


def _complaint(output: str) -> str:
    """The first error of Maven's; the later ones say how to ask for more."""
    lines = [COLOUR.sub("", line).strip() for line in output.splitlines()]
    errors = [line.removeprefix("[ERROR]").strip() for line in lines if line.startswith("[ERROR]")]
    said = next((line for line in errors or lines if line), "it said nothing")
    return said.removesuffix(" -> [Help 1]")
