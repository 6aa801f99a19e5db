"""Runs the tests in lanes beside each other, and once more by itself what failed there.

    python tests/lanes.py [LANE ..]

What a browser shows is told as it goes, the rest at the end. TensorFlow and aiortc crash each other in one
process: the trainer's tests have their own. A test that fails beside the others and passes alone is named at
the end: it is a race, of the test or of the product, and is to be mended. What fails alone too has failed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).resolve().parents[1]
KEPT: Final = ROOT / ".venv" / "lanes"
"""What each lane printed, and which tests failed there."""

OWN: Final[Mapping[str, Sequence[str]]] = {
    "screen": ("tests/viewers", "tests/pages"),
    "system": ("tests/system",),
    "bus": ("tests/kafka",),
    "doors": ("tests/access", "tests/api"),
    "trainer": ("tests/trainer",),
}
REST: Final = [f"--ignore={folder}" for folders in OWN.values() for folder in folders]
LANES: Final[Mapping[str, Sequence[str]]] = {"screen": OWN["screen"], "parts": REST, **OWN}
"""The first is told as it goes; the others follow each other in two rows beside it."""
ROWS: Final = 2
MOST: Final = 5
"""More failures than that are no chance: they are not tried again."""

PASSED, FAILED = 0, 1
"""Of pytest; any other status says that it could not run."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Some of the tests, in a process of their own."""

    name: str

    @property
    def log(self) -> Path:
        return KEPT / f"{self.name}.log"

    def run(self, *options: str, into: IO[str] | None = None) -> int:
        """Aloud, or into a file; the status of pytest."""
        command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={self._cache}", *options]
        told = None if into is None else subprocess.STDOUT
        ran = subprocess.run([*command, *LANES[self.name]], cwd=ROOT, stdout=into, stderr=told, check=False)
        return ran.returncode

    def run_silently(self) -> int:
        """With what it says in its log."""
        with self.log.open("w") as log:
            return self.run(into=log)

    def failed(self) -> list[str]:
        """The tests that did not pass when they ran last."""
        try:
            return sorted(json.loads((self._cache / "v" / "cache" / "lastfailed").read_text()))
        except FileNotFoundError:
            return []

    @property
    def _cache(self) -> Path:
        return KEPT / self.name


def run_beside_each_other(lanes: Sequence[Lane]) -> dict[Lane, int]:
    """Each lane with its status."""
    first, *others = lanes
    with ThreadPoolExecutor(ROWS) as rows:
        beside = {lane: rows.submit(lane.run_silently) for lane in others}
        statuses = {first: first.run()}
        for lane, status in beside.items():
            statuses[lane] = status.result()
            print(f"\n== {lane.name}\n{lane.log.read_text()}", flush=True)
    return statuses


def run_again(lanes: Iterable[Lane]) -> bool:
    """Whether all that failed pass alone, which is said."""
    failed = {lane: lane.failed() for lane in lanes}
    if sum(map(len, failed.values())) > MOST:
        return False
    print("\n== Once more by themselves", flush=True)
    statuses = [lane.run("--last-failed") for lane in failed]
    for test in (test for tests in failed.values() for test in tests):
        print(f"FAILED beside the others: {test}", flush=True)
    return not any(statuses)


def main(names: Sequence[str]) -> int:
    """The status of it all."""
    lanes = list(map(Lane, names or LANES))
    if unknown := set(names) - set(LANES):
        print(f"expected some of {', '.join(LANES)}, not {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    statuses = run_beside_each_other(lanes)
    again = [lane for lane, status in statuses.items() if status == FAILED]
    broken = [lane.name for lane, status in statuses.items() if status not in {PASSED, FAILED}]
    if broken:
        print(f"could not run: {', '.join(broken)}", flush=True)
    return 1 if broken or (again and not run_again(again)) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
