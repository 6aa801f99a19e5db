"""All checks, in the order in which they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from detectors.errors import DetectorError
from detectors.store import models_in
from streamer.doctor.access import access
from streamer.doctor.cameras import examine_camera
from streamer.doctor.finding import Finding
from streamer.doctor.machine import data_folder, machine, port
from streamer.doctor.runtime import runtime
from streamer.errors import ConfigError
from streamer.loading import load_detector

if TYPE_CHECKING:
    from pathlib import Path

    from streamer.config.tree import Config, DetectorConfig
    from streamer.loading import Place

Section = tuple[str, list[Finding]]


async def examine(config: Config, place: Place | None = None) -> list[Section]:
    """Every check of the machine and of the configuration; cameras are opened side by side.

    Args:
        config: what would run.
        place: where its options stand; None when no file says them.
    """
    detectors = [
        await to_thread.run_sync(detector, name, detector_config, place, models_in(config.data))
        for name, detector_config in config.detectors.items()
    ]
    return [
        ("machine", [*machine(), *await to_thread.run_sync(_runtime)]),
        ("detectors", detectors),
        ("cameras", await _cameras(config, place)),
        *await _kafka(config),
        ("data", list(data_folder(config))),
        ("http", list(port(config.http))),
        ("access", await to_thread.run_sync(_access, config, place)),
    ]


def detector(
    name: str, config: DetectorConfig, place: Place | None = None, models: Path | None = None
) -> Finding:
    """Whether a model loads and runs, where, and how fast."""
    try:
        loaded = load_detector(name, config, place, models)
        policy = loaded.warm_up()
    except ConfigError as error:
        return Finding(False, str(error))
    except DetectorError as error:
        return Finding(False, f"{name}: {error}")
    text = f"{name}: {loaded.manifest.name} ({loaded.manifest.family}) on {policy}"
    return Finding(True, f"{text}; {policy.passed_over}" if policy.passed_over else text)


def _runtime() -> list[Finding]:
    return list(runtime())


def _access(config: Config, place: Place | None) -> list[Finding]:
    return list(access(config, place))


async def _kafka(config: Config) -> list[Section]:
    if config.kafka is None:
        return []
    # Here and not at the top: most configurations have none, and its client takes a while to import.
    from streamer.doctor.kafka import examine_kafka

    return [("kafka", await examine_kafka(config.kafka, config.data))]


async def _cameras(config: Config, place: Place | None) -> list[Finding]:
    findings: dict[str, list[Finding]] = {}

    async def check(name: str) -> None:
        findings[name] = await examine_camera(name, config.cameras[name], place)

    async with anyio.create_task_group() as tasks:
        for name in config.cameras:
            tasks.start_soon(check, name)
    return [finding for name in config.cameras for finding in findings[name]]
