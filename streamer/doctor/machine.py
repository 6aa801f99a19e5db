"""The machine: processor, memory, libraries, folder and port."""

from __future__ import annotations

import os
import platform
import shutil
import socket
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from streamer.config.tree import Config, HttpConfig
from streamer.doctor.finding import Finding, bytes_told

LIBRARIES: Final = ("opencv-python", "av", "supervision", "numpy", "anyio")
CPU_FEATURES: Final = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimddp")
LEAST_FREE_BYTES: Final = 10**9


def machine() -> Iterator[Finding]:
    """Processor and libraries; nothing here can fail."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Finding(True, f"{platform.system()} {platform.machine()}, Python {platform.python_version()}")
    features = sorted(cpu_features() & set(CPU_FEATURES))
    yield Finding(True, f"{cores} cores{', ' + ' '.join(features) if features else ''}")
    found = (f"{name} {installed}" for name in LIBRARIES if (installed := installed_version(name)))
    yield Finding(True, ", ".join(found))


def installed_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def cpu_features() -> set[str]:
    """Instruction sets that the processor says it has; empty where it cannot be asked."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return set()
    flags = (line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features")))
    return set(next(flags, []))


def data_folder(config: Config) -> Iterator[Finding]:
    """Whether the data folder can be written, and has room."""
    folder = config.data.absolute()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        yield Finding(False, f"{folder} cannot be written", "choose another folder with --data")
        return
    free = shutil.disk_usage(nearest).free
    needed = min(config.storage.bytes, LEAST_FREE_BYTES)
    advice = (
        None if free >= needed else "free some space, or set storage.bytes; snapshots pause when it is full"
    )
    yield Finding(free >= needed, f"{folder}: {bytes_told(free)} free", advice)


def port(http: HttpConfig) -> Iterator[Finding]:
    """Whether the HTTP port is free."""
    where = f"{http.host}:{http.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            http.host, http.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        yield Finding(False, f"{where}: {error.strerror}", "choose another port with --port")
    else:
        yield Finding(True, f"{where} is free")
