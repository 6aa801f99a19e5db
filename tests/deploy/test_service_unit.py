"""The unit for systemd, as systemd itself judges it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
from system.commanding import PATIENCE_S, SIGHTLINE

UNIT: Final = Path(__file__).parents[2] / "deploy" / "sightline.service"
MOST_EXPOSED: Final = 2.0
"""Of 10; 1.6 is what systemd 252 says of it."""


def analyze(*arguments: str | Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: install the package systemd")
    done = subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sightline.service" not in done.stderr, done.stderr


def test_systemd_understands_it(tmp_path: Path) -> None:
    # It looks for the program, which is not installed where the tests run.
    unit = tmp_path / UNIT.name
    said = UNIT.read_text()
    assert said.count("/opt/sightline/bin/sightline") == 1
    unit.write_text(said.replace("/opt/sightline/bin/sightline", str(SIGHTLINE)))
    analyze("verify", unit)


def test_it_may_do_little() -> None:
    analyze("security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED * 10:.0f}", UNIT)
