"""How often something may go wrong, for each who tries: a bucket that fills up and drains evenly."""

from __future__ import annotations


class Limiter:
    """Counts failures by key (generic cell rate algorithm, as of ITU-T I.371).

    A key that failed ``most`` times in a row waits; one failure is forgotten each ``every_s``. At most
    ``most_keys`` are remembered: beyond that, those go whose failures are nearest to being forgotten.
    """

    def __init__(self, most: int, every_s: float, most_keys: int = 10_000) -> None:
        self._allowed_s = (most - 1) * every_s
        self._every_s = every_s
        self._most_keys = most_keys
        self._empty_at: dict[str, float] = {}

    def wait_s(self, key: str, now: float) -> float:
        """How long this key has to wait before its next try; 0 where it may try now."""
        return max(0.0, self._empty_at.get(key, now) - now - self._allowed_s)

    def failed(self, key: str, now: float) -> None:
        """Counted before it is known: many tries at once would all be let through otherwise."""
        self._empty_at[key] = max(self._empty_at.get(key, now), now) + self._every_s
        if len(self._empty_at) > self._most_keys:
            self._forget(now)

    def succeeded(self, key: str) -> None:
        """What was counted as a failure before was none."""
        if key in self._empty_at:
            self._empty_at[key] -= self._every_s

    def _forget(self, now: float) -> None:
        lasting = sorted(((at, key) for key, at in self._empty_at.items() if at > now), reverse=True)
        # Half of them, so that it isn't sorted again at each failure.
        self._empty_at = {key: at for at, key in lasting[: self._most_keys // 2]}
