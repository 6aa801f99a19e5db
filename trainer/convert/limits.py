"""What a conversion may take of the machine."""

import resource
from typing import Final

FILE_BYTES: Final = 4 * 1024**3


def confine(memory_bytes: int | None, cpu_s: int | None) -> None:
    """Limit this process for good: a model from anywhere must not take the machine with it.

    Args:
        memory_bytes: of addresses; any number when None.
        cpu_s: of CPU time; the signal that says so comes first, then the one that nothing survives.
    """
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_CORE, 0),
    ):
        if most is None:
            continue
        _, hard = resource.getrlimit(kind)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        later = soft + 1 if kind == resource.RLIMIT_CPU and soft != hard else soft
        resource.setrlimit(kind, (soft, later))
