"""Where a model can run on this machine, and what is missing where it cannot."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Final, Literal

from detectors.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

Provider = Literal["auto", "cpu", "cuda", "tensorrt"]

RUNTIME_NAMES: Final[Mapping[str, str]] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
LIBRARIES: Final[Mapping[str, str]] = {
    "cuda": "libonnxruntime_providers_cuda.so",
    "tensorrt": "libonnxruntime_providers_tensorrt.so",
}
AUTO: Final = ("cuda", "cpu")
"""Best first. TensorRT builds its engine for minutes: only for those who ask."""
DRIVER: Final = "libcuda.so.1"


def candidates(wanted: Provider) -> tuple[str, ...]:
    """The providers to try, in order."""
    return AUTO if wanted == "auto" else (wanted,)


def missing(provider: str, available: Collection[str]) -> str | None:
    """What this provider lacks here, as far as one can tell without starting it; None when nothing.

    ``available`` is what the runtime was built with, which says nothing of the machine: it lists CUDA on
    every one.
    """
    if provider == "cpu":
        return None
    if RUNTIME_NAMES[provider] not in available:
        return "this onnxruntime is built without it (the package onnxruntime-gpu has it)"
    return unloadable(DRIVER, "no NVIDIA driver")


def why_not_started(provider: str, runtime: Path) -> str:
    """The reason why onnxruntime could not start a provider; it tells only its own log.

    Args:
        provider: that did not start.
        runtime: folder of onnxruntime's libraries.
    """
    reason = unloadable(str(runtime / LIBRARIES[provider]), "a library is missing")
    return reason or "its libraries are there, but it does not start (driver and CUDA version may not match)"


def unloadable(library: str, what: str) -> str | None:
    """``what`` and the linker's message, when a shared library does not load."""
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return f"{what} ({one_line(error)})"
    return None
