"""What a conversion may take of the machine."""

import resource
from typing import Final

FILE_BYTES: Final = 4 * 1024**3
CPU_S: Final = 1800


def confine(memory_bytes: int) -> None:
    """Limit this process for good: a model from anywhere must not take the machine with it."""
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))
