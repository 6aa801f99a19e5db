"""Whether the process is ready: its named parts, and why one of them is not."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Final

log = logging.getLogger(__name__)

STARTING: Final = "starting"


class Status:
    """The parts that have to work before this process counts as ready; any thread may tell.

    Parts are named at the start (``storage``, ``detector default``), and none is ready until it says so.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        self._lock = Lock()
        self._reasons: dict[str, str | None] = dict.fromkeys(parts, STARTING)
        self._degraded: dict[str, str] = {}

    def ready(self, part: str) -> None:
        """The part works (again)."""
        self._tell(part, None)

    def not_ready(self, part: str, reason: str) -> None:
        """The part does not work, because of ``reason``: one line for a person, without secrets."""
        self._tell(part, reason)

    def degraded(self, part: str, reason: str | None) -> None:
        """Something outside, which this process can do without for a while, is missing; None when it is back.

        It does not change whether the process is ready.
        """
        with self._lock:
            if reason is None:
                self._degraded.pop(part, None)
            else:
                self._degraded[part] = reason

    @property
    def is_ready(self) -> bool:
        with self._lock:
            return not any(self._reasons.values())

    def parts(self) -> Mapping[str, str | None]:
        """Every part with the reason why it is not ready, None where it is."""
        with self._lock:
            return dict(self._reasons)

    def details(self) -> Mapping[str, str]:
        """Why the parts that are not as they should be are so; not all of them have to be ready."""
        with self._lock:
            unready = {part: f"not ready: {reason}" for part, reason in self._reasons.items() if reason}
            return unready | {part: f"degraded: {reason}" for part, reason in self._degraded.items()}

    def _tell(self, part: str, reason: str | None) -> None:
        with self._lock:
            before = self._reasons.get(part)
            self._reasons[part] = reason
        if reason and reason != before:
            log.warning("not ready: %s: %s", part, reason)
        elif before not in (None, STARTING) and not reason:
            log.info("ready again: %s", part)
