"""What the container image is made of, as far as it shows without building it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from system.serving import serving

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "deploy" / "Containerfile"
HEALTHY: Final = ROOT / "deploy" / "healthy.py"


def instructions() -> list[str]:
    """Each with its continuation lines, without comments."""
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    return [each.replace("\\\n", " ") for each in re.split(r"(?<!\\)\n", "\n".join(lines)) if each.strip()]


def said(word: str) -> list[str]:
    return [each.removeprefix(word).strip() for each in instructions() if each.startswith(f"{word} ")]


def project(folder: Path) -> dict[str, Any]:
    with (folder / "pyproject.toml").open("rb") as opened:
        return dict(tomllib.load(opened)["project"])


def test_only_the_runtime_for_processors_is_taken(tmp_path: Path) -> None:
    """The image's own commands change which onnxruntime is asked for, and nothing else."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    commands = re.findall(r"sed -i '[^']+' \S+", FILE.read_text())
    assert len(commands) == 2
    for command in commands:
        subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True)
    before, after = project(ROOT)["dependencies"], project(tmp_path)["dependencies"]
    kept = [line for line in before if not line.startswith("onnxruntime")]
    assert [line for line in after if not line.startswith("onnxruntime")] == kept
    assert [line for line in after if line.startswith("onnxruntime")] == ["onnxruntime>=1.22"]
    pinned = [line.partition("==")[0] for line in (tmp_path / "constraints.txt").read_text().splitlines()]
    assert "onnxruntime" in pinned
    assert "onnxruntime-gpu" not in pinned


def test_what_is_copied_is_there_and_is_let_in() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [name for each in said("COPY") if not each.startswith("--from") for name in each.split()[:-1]]
    assert sorted(copied) == sorted({*let_in})
    assert all((ROOT / name).exists() for name in copied)


def test_it_is_careful() -> None:
    (base,) = {each.split()[0] for each in said("FROM")}
    assert base == "docker.io/library/debian:bookworm-slim"
    assert said("USER") == ["10001:10001"]
    assert said("VOLUME") == ["/srv/sightline-data"]
    assert said("EXPOSE") == ["8080"]
    assert '"--insecure"' not in FILE.read_text()


@pytest.mark.parametrize("tls", [(), ("--tls", "auto")])
def test_a_service_is_found_healthy_while_it_lives(tmp_path: Path, tls: tuple[str, ...]) -> None:
    source = "sim://street?size=320x180&fps=1"
    with serving("run", "--source", source, *tls, folder=tmp_path) as service:
        check = [sys.executable, HEALTHY, service.url.rpartition(":")[2]]
        assert subprocess.run(check, check=False).returncode == 0
        service.stop()
        assert subprocess.run(check, check=False).returncode == 1
