"""Inside a process that browsers send to: nothing is kept of them, and what waits is bounded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
MOST_WAITING = 30
FLOOD = 100
NEXT = {"video/H264": ["000000016588", "00000001419a"], "video/VP8": ["1002", "1102"]}


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    command = [sys.executable, "-W", "error", HERE / "publishes_at_home.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_no_task_thread_or_socket_is_left_of_senders(seen: dict[str, Any]) -> None:
    tasks, threads, files = seen["joined"]["last"]
    assert [tasks, threads] == seen["joined"]["first"][:2]
    assert files <= seen["joined"]["first"][2]


def test_what_nobody_came_to_look_at_is_counted(seen: dict[str, Any]) -> None:
    reasons = seen["joined"]["reasons"]
    assert seen["joined"]["received"] == len(reasons) > 0
    assert set(reasons) == {"busy"}


def test_the_library_still_decodes_what_waits_in_our_queue(seen: dict[str, Any]) -> None:
    assert seen["joined"]["decoded"] > 0


@pytest.mark.parametrize("codec", sorted(NEXT))
def test_a_slow_decoder_goes_on_at_the_next_key_frame(seen: dict[str, Any], codec: str) -> None:
    flooded = seen[codec]
    assert flooded["quiet"], "no key frame is asked for while all of it fits"
    assert (flooded["most"], flooded["kept"], flooded["asked"]) == (MOST_WAITING, 0, True)
    assert flooded["left_out"] == MOST_WAITING + FLOOD
    assert flooded["after"] == NEXT[codec]
    assert flooded["end"], "nothing is decoded any more once it ends"
