"""onnxruntime: which package of it is installed, what that offers, and which one this machine would want."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from detectors.providers import DRIVER, WHEELS, unloadable
from streamer.doctor.finding import Finding

PLAIN: Final = "onnxruntime"
PACKAGES: Final = frozenset({PLAIN, *WHEELS.values()})
INTEL: Final = "0x8086"
AMD_DRIVER: Final = Path("/dev/kfd")
CARDS: Final = Path("/sys/class/drm")


@dataclass(frozen=True, slots=True)
class Hardware:
    """What could run a model faster than the processor's cores do, and by which providers, best first."""

    called: str
    providers: tuple[str, ...]


def runtime() -> Iterator[Finding]:
    """What is installed and offered, and what is missing for the hardware that is there."""
    # Here and not at the top: its import takes a while.
    from detectors.session import offered

    yield from judged(installed(), offered(), tuple(hardware()))


def judged(
    packages: Mapping[str, str], offers: tuple[str, ...], there: tuple[Hardware, ...]
) -> Iterator[Finding]:
    """
    Args:
        packages: of onnxruntime that are installed, with their versions.
        offers: providers that it was built with.
        there: hardware of this machine.
    """
    told = ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
    if len(packages) > 1:
        names = " ".join(sorted(packages))
        yield Finding(
            False,
            f"{told}: packages of one module, of which only the last that was installed is whole",
            f"pip uninstall {names}; then install the one that you need",
        )
    yield Finding(True, f"{told or PLAIN} offers the providers {', '.join(offers)}")
    for each in there:
        if not set(each.providers) & set(offers):
            first = each.providers[0]
            yield Finding(
                True,
                f"{each.called}: not used; provider {' or '.join(each.providers)} would",
                f"pip uninstall {' '.join(sorted(packages)) or PLAIN}; pip install {WHEELS[first]}",
            )
    others = ", ".join(f"{name} in {wheel}" for name, wheel in WHEELS.items() if name not in offers)
    yield Finding(True, f"one package at a time; other providers: {others}")


def installed() -> dict[str, str]:
    """Packages of onnxruntime, with their versions."""
    found = ((each.name.lower().replace("_", "-"), each.version) for each in distributions())
    return {name: version for name, version in found if name in PACKAGES}


def hardware() -> Iterator[Hardware]:
    """What there is, as far as one can tell without its libraries."""
    if unloadable(DRIVER, "") is None:
        yield Hardware("an NVIDIA graphics card", ("cuda", "tensorrt"))
    if AMD_DRIVER.exists():
        yield Hardware("an AMD graphics card", ("migraphx", "rocm"))
    if any(_text(path) == INTEL for path in CARDS.glob("card*/device/vendor")):
        yield Hardware("Intel graphics", ("openvino",))
    if sys.platform == "darwin" and platform.machine() == "arm64":
        yield Hardware("Apple's neural engine", ("coreml",))
    if sys.platform == "win32":
        yield Hardware("graphics by DirectX 12", ("directml",))


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
