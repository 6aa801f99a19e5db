"""When a lost source is tried again: bounded exponential back-off with jitter."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class BackoffLimits:
    """Delays in seconds; ``jitter`` is the share of a delay that is drawn at random, 0..1.

    A connection that lasted ``settled_s`` counts as good: the next failure starts from ``first_s``.
    """

    first_s: float = 0.5
    longest_s: float = 15.0
    factor: float = 2.0
    jitter: float = 0.3
    settled_s: float = 5.0


class Backoff:
    """Counts failures in a row; touches no clock, ``now`` is monotonic seconds."""

    def __init__(self, limits: BackoffLimits, random: Random) -> None:
        self._limits = limits
        self._random = random
        self._failures = 0
        self._live_since: float | None = None

    def live(self, now: float) -> None:
        """Pictures come."""
        if self._live_since is None:
            self._live_since = now

    def failed(self, now: float) -> float:
        """Seconds to wait before the next attempt, in ``[(1 - jitter) * delay, delay]``."""
        limits = self._limits
        if self._live_since is not None and now - self._live_since >= limits.settled_s:
            self._failures = 0
        self._live_since = None
        # The exponent is bounded too: a float overflows after a thousand failures.
        delay_s = min(limits.longest_s, limits.first_s * limits.factor ** min(self._failures, 64))
        self._failures += 1
        return delay_s * (1 - limits.jitter * self._random.random())
