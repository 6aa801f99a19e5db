"""The container image, built and run for real."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
NO_ENGINE: Final = 2


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_it_is_built_and_does_what_it_should() -> None:
    if not os.environ.get("SIGHTLINE_SOAK"):
        pytest.skip("building an image takes minutes: `make soak` and `make image` do")
    done = subprocess.run(
        [sys.executable, "-m", "deploy.image", "--tag", "localhost/sightline-test"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == NO_ENGINE:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert "runs as user 10001" in done.stdout
