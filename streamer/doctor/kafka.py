"""The message bus: whether its brokers let us in, take what is sent, and agree on the time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import cv2
import numpy as np
from anyio import to_thread

from streamer.doctor.finding import Finding, bytes_told
from streamer.errors import ConfigError, SinkError, SinkRefused
from streamer.kafka.client.reasons import who
from streamer.kafka.client.survey import survey
from streamer.kafka.client.topics import RETENTION, command
from streamer.kafka.format.cloudevents import Topics
from streamer.kafka.output import FOLDER

if TYPE_CHECKING:
    from streamer.config.bus import JpegConfig, KafkaConfig
    from streamer.kafka.client.survey import ClockOffset, Survey
    from streamer.kafka.client.topics import Topic

CLOCK_TOLERANCE_S: Final = 2.0
FUTURE_MS: Final = "message.timestamp.after.max.ms"
LARGEST: Final = "max.message.bytes"
USUAL: Final = 0.2
"""Size of a usual picture beside one of pure noise."""


async def examine_kafka(config: KafkaConfig, data: Path) -> list[Finding]:
    """Every check of the bus, its brokers side by side; nothing is written to it."""
    found: dict[str, Survey | ConfigError | SinkError] = {}

    async def ask(broker: str) -> None:
        alone = config.model_copy(update={"brokers": (broker,)})
        found[broker] = await to_thread.run_sync(_asked, alone)

    async with anyio.create_task_group() as tasks:
        for broker in config.brokers:
            tasks.start_soon(ask, broker)
    findings = [_broker(broker, found[broker], config) for broker in config.brokers]
    seen = next((each for each in found.values() if not isinstance(each, ConfigError | SinkError)), None)
    if seen is not None:
        findings += _cluster(seen, config)
    return [*findings, *_spool(config, data / FOLDER)]


def _asked(config: KafkaConfig) -> Survey | ConfigError | SinkError:
    try:
        return survey(config, Topics.used(config))
    except (ConfigError, SinkError) as error:
        return error


def _broker(broker: str, found: Survey | ConfigError | SinkError, config: KafkaConfig) -> Finding:
    match found:
        case ConfigError():
            return Finding(False, str(found), "check the files that kafka.tls names, and the key's password")
        case SinkRefused():
            return Finding(False, str(found), "check kafka.sasl and kafka.tls, or ask who runs the brokers")
        case SinkError():
            return Finding(False, str(found), "check kafka.brokers, the firewall, and that the broker runs")
    sasl = config.sasl
    login = f"signed in as {who(config)} ({sasl.mechanism})" if sasl is not None else "no user name"
    text = f"{broker}: answers, {login}, {'encrypted' if config.tls is not None else 'not encrypted'}"
    if sasl is not None and config.tls is None:
        return Finding(True, text, "what proves who we are goes over the network in the clear: set kafka.tls")
    return Finding(True, text)


def _cluster(seen: Survey, config: KafkaConfig) -> Iterator[Finding]:
    many = "" if seen.brokers == 1 else "s"
    yield Finding(True, f"cluster {seen.cluster}: {seen.brokers} broker{many}, Kafka {seen.version}")
    for topic in seen.topics.values():
        yield _missing(topic, seen, config) if topic.missing else _topic(topic, seen, config)
    if config.frames != "off":
        yield _frames(seen, config)
    yield clock_finding(seen.clock, seen)


def _missing(topic: Topic, seen: Survey, config: KafkaConfig) -> Finding:
    make = command(config, topic.name)
    if not config.topics.create:
        return Finding(False, f"{topic.name}: not there, and kafka.topics.create is false", make)
    if topic.name in seen.refusals:
        why = seen.refusals[topic.name]
        return Finding(False, f"{topic.name}: not there, and cannot be made: {why}", make)
    if topic.rights and "WRITE" not in topic.rights:
        return Finding(
            False, f"{topic.name}: not there; it can be made, but not written to", _grant(topic, config)
        )
    return Finding(True, f"{topic.name}: not there yet; it can be made{_right(topic)}")


def _topic(topic: Topic, seen: Survey, config: KafkaConfig) -> Finding:
    grant = _grant(topic, config)
    if topic.error is not None:
        return Finding(False, f"{topic.name}: {who(config)} may not see it", grant)
    retention = seen.options.get(topic.name, {}).get(RETENTION)
    text = f"{topic.name}: {_count(topic.partitions, 'partition')}, {_count(topic.replication, 'replica')}"
    text += _kept(retention)
    if topic.rights and "WRITE" not in topic.rights:
        return Finding(False, f"{text}; {who(config)} may not write to it", grant)
    return Finding(True, text + _right(topic))


def _grant(topic: Topic, config: KafkaConfig) -> str:
    return f"let {who(config)} write to it: kafka-acls.sh --add --producer --topic {topic.name}"


def _right(topic: Topic) -> str:
    return "; we may write to it" if topic.rights else "; whether we may write to it is not told"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _kept(retention: str | None) -> str:
    if retention is None:
        return ""
    hours = int(retention) / 3_600_000
    return (
        ", kept for ever"
        if hours < 0
        else f", kept {hours / 24:.1f} days"
        if hours >= 24
        else f", kept {hours:.1f} h"
    )


def _frames(seen: Survey, config: KafkaConfig) -> Finding:
    name = Topics(config.prefix).frames
    limit = seen.options.get(name, {}).get(LARGEST)
    worst = noise_bytes(config.jpeg)
    size = f"{config.jpeg.width} px at quality {config.jpeg.quality}"
    picture = f"a picture of {size} takes up to {bytes_told(worst)}"
    if limit is None:
        return Finding(True, f"{name}: {picture}; what it takes can be read once it is there")
    text = f"{name}: takes {bytes_told(int(limit))} a record; {picture}"
    if worst <= int(limit):
        return Finding(True, text)
    advice = f"set kafka.jpeg.width or quality lower, or the topic's {LARGEST} to {worst}"
    return Finding(int(limit) >= USUAL * worst, text, f"{advice}; a larger picture is left out")


def noise_bytes(jpeg: JpegConfig) -> int:
    """Bytes of a picture of noise, 4:3, which no camera's picture exceeds."""
    shape = (jpeg.width * 3 // 4, jpeg.width, 3)
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return len(cv2.imencode(".jpg", noise, (cv2.IMWRITE_JPEG_QUALITY, jpeg.quality))[1])


def clock_finding(clock: ClockOffset | None, seen: Survey) -> Finding:
    """Whether the brokers' time and ours are the same, as far as it matters."""
    if clock is None:
        return Finding(
            True,
            "clock: not compared",
            "Kafka tells its time only from version 3.3 on, and to who may Describe the cluster",
        )
    off, way = abs(clock.seconds), "ahead of" if clock.seconds > 0 else "behind"
    text = f"clock: the brokers' is {off:.3f} s {way} ours (within {clock.within_s:.3f} s)"
    if off - clock.within_s <= CLOCK_TOLERANCE_S:
        return Finding(True, text)
    limits = [int(options[FUTURE_MS]) / 1000 for options in seen.options.values() if FUTURE_MS in options]
    good = clock.seconds > 0 or off < min(limits, default=3600.0)
    return Finding(good, text, "set both by NTP; records from far in the future are refused")


def _spool(config: KafkaConfig, folder: Path) -> Iterator[Finding]:
    nearest = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not nearest.is_dir():
        text = f"spool {folder}: expected a folder, received a file: {nearest}"
        yield Finding(False, text, "move it, or choose another folder with --data")
        return
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding(False, f"spool {folder}: cannot be written", "choose another folder with --data")
        return
    usage = shutil.disk_usage(nearest)
    taken = sum(file.stat().st_size for file in folder.glob("*") if file.is_file()) if folder.exists() else 0
    wanted = config.spool.bytes - taken
    text = f"spool {folder}: {bytes_told(usage.free)} free, up to {bytes_told(config.spool.bytes)} may wait"
    yield Finding(
        usage.free >= wanted,
        text,
        None if usage.free >= wanted else "free some space, or set kafka.spool.bytes",
    )
