"""A fuzzer asks a service that runs for all that its own description says it can be asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import anyio
import pytest
from api.fuzzing.bounds import KEPT_EVENTS
from api.inside import event, inside
from system.serving import serving, write_config

WHOLE: Final = bool(os.environ.get("SIGHTLINE_SOAK"))
SCHEMATHESIS: Final = Path(sys.executable).with_name("schemathesis")
FUZZING: Final = Path(__file__).with_name("fuzzing")
TOKEN: Final = "an-admin-of-the-fuzzer"
SHORT: Final = ("--max-examples", "8", "--generation-deterministic", "--phases", "examples,fuzzing,stateful")
HOW: Final = ("--max-examples", "300") if WHOLE else SHORT
"""The short form leaves out the phase that tries every boundary of every value, the same ones each time."""

COUNTS: Final = re.compile(r"Selected: (\d+)/(\d+)\s+Tested: (\d+)")
ENDLESS: Final = 2
"""Operations that are left out: their answers have no end."""


async def keep_events(folder: Path) -> None:
    """Those of which the fuzzer knows the ids, with their pictures."""
    async with inside(folder) as within:
        await within.keep(*map(event, range(KEPT_EVENTS)))


@pytest.mark.soak
@pytest.mark.timeout(3600 if WHOLE else 300)
def test_answers_are_as_they_are_described(tmp_path: Path) -> None:
    """No fault, and no answer that the description does not have, also of cameras that come and go."""
    anyio.run(keep_events, tmp_path / "sightline-data")
    cameras = {
        "gate": {"source": "sim://street?size=160x90&fps=5"},
        "phone": {"source": "whip://"},
        "spare": {"source": "whip://"},
    }
    config = write_config(tmp_path, cameras, http={"token": TOKEN}, storage={"days": 100_000})
    with serving("run", config, folder=tmp_path) as service:
        how = ["--config-file", FUZZING / "schemathesis.toml", "run", f"{service.url}/openapi.json", *HOW]
        fuzzed = subprocess.run(
            [SCHEMATHESIS, *how],
            cwd=tmp_path,
            env={**os.environ, "SCHEMATHESIS_HOOKS": str(FUZZING / "bounds.py"), "SIGHTLINE_TOKEN": TOKEN},
            text=True,
            capture_output=True,
            check=False,
        )
        assert fuzzed.returncode == 0, fuzzed.stdout + fuzzed.stderr
        selected, total, tested = map(int, COUNTS.findall(fuzzed.stdout)[0])
        assert total - ENDLESS == selected == tested > 20, fuzzed.stdout
        for wrong in ("Traceback", "ERROR", TOKEN):
            assert wrong not in service.log, service.log
        assert service.stop().status == 0
