"""Disks that are full, on either side, and an outage that lasts: with a real broker, nothing is lost."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import pytest
from anyio import to_thread
from system.small_disk import fill, small_disk

from deploy.kafka.node import Broker
from streamer.config.bus import KafkaConfig
from streamer.kafka.delivery import reach, sender
from tests.kafka.brokers import Kcat, StartBroker
from tests.kafka.outputs import CAMERAS, Running, running, watching
from tests.kafka.received import received, without_duplicates

WHOLE = bool(os.environ.get("SIGHTLINE_SOAK"))
OUTAGE_S, REMIND_S, STALLED_S = (150, 60, sender.STALLED_S) if WHOLE else (6, 2, 1.0)

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(900 if WHOLE else 240)]


async def until(look: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not look():
            await anyio.sleep(0.02)


async def arrived(one: Running, kcat: Kcat, address: str) -> None:
    """All that was given is on its topic, each camera's in its order."""
    for topic, sent in one.sent.items():
        records = await to_thread.run_sync(received, kcat, address, topic)
        found = without_duplicates(records)
        assert {camera: [each.id for each in found if each.camera == camera] for camera in sent} == sent


@pytest.mark.soak
async def test_an_outage_that_lasts_costs_nothing_and_is_told_again(
    tmp_path: Path,
    start_broker: StartBroker,
    kcat: Kcat,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(reach, "REMIND_EVERY_S", float(REMIND_S))
    monkeypatch.setattr(sender, "STALLED_S", STALLED_S)
    caplog.set_level(logging.INFO, reach.__name__)
    broker = start_broker()
    async with running(KafkaConfig(brokers=(broker.address,)), tmp_path) as one:
        async with watching(one):
            await until(lambda: one.series("produced_total", topic="sightline.events") > 5)
            broker.freeze()
            await until(lambda: one.series("reached") == 0)
            await anyio.sleep(OUTAGE_S)
            waiting = one.series("spool_records")
            assert "kafka brokers" in one.status.details()
            broker.thaw()
            await until(lambda: one.series("reached") == 1)
        await one.drained()
        await until(lambda: not one.status.details())
        print(
            f"frozen for {OUTAGE_S} s: {waiting:.0f} on disk, a camera waited {one.slowest_s * 1000:.0f} ms"
            f" at most, sent again: {one.series('retried_total', topic='sightline.events'):.0f} events"
        )
    assert set(one.sent["sightline.events"]) == set(CAMERAS)
    await arrived(one, kcat, broker.address)
    told = [each.getMessage() for each in caplog.records if each.name == reach.__name__]
    reminders = [each for each in told if "min now" in each]
    # It lasts a little longer, until it is over for the sender as well.
    assert 1 <= len(reminders) <= OUTAGE_S // REMIND_S + 1
    assert len(told) == len(reminders) + 2


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 4 * 2**20) as folder:
        yield folder


async def test_events_wait_in_memory_while_the_disk_is_full(
    disk: Path, tmp_path: Path, start_broker: StartBroker, kcat: Kcat, caplog: pytest.LogCaptureFixture
) -> None:
    broker = start_broker()
    async with running(KafkaConfig(brokers=(broker.address,)), disk) as one:
        await one.tell("gate", 0)
        await one.drained()
        broker.kill()
        number = 1
        await one.tell("yard", number)
        await until(lambda: one.series("reached") == 0)
        ballast = fill(disk)
        with anyio.fail_after(60):
            # What was allotted before has room for some; from then on nobody waits for the disk.
            while one.output._journal.problem is None or number < 400:
                number += 1
                await one.tell(CAMERAS[number % 2], number)
        assert "events wait in memory" in caplog.text
        broker.start()
        await until(lambda: one.series("produced_total", topic="sightline.events") == number + 1)
        ballast.unlink()
        await one.tell("gate", number + 1)
        await until(lambda: one.output._journal.problem is None)
        await one.drained()
        assert one.series("dropped_total", topic="sightline.events", reason="disk") == 0
    await arrived(one, kcat, broker.address)


async def test_a_broker_whose_disk_is_full_is_waited_for(
    kafka_here: None, tmp_path: Path, kcat: Kcat
) -> None:
    with small_disk(tmp_path / "brokers", 48 * 2**20) as disk:
        broker = Broker(disk / "broker")
        try:
            await to_thread.run_sync(broker.start)
            async with running(KafkaConfig(brokers=(broker.address,)), tmp_path / "data") as one:
                await one.tell("gate", 0)
                await one.drained()
                ballast = fill(disk)
                # Until not even what the broker had allotted before takes more.
                while one.series("reached") == 1:
                    await one.tell("gate", 1)
                    one.pass_on("yard", os.urandom(20_000).hex().encode())
                    await anyio.sleep(0.02)
                ballast.unlink()
                # Kafka gives up a folder that it cannot write to, until it is started again.
                await to_thread.run_sync(broker.kill)
                await to_thread.run_sync(broker.start)
                await one.drained()
            await arrived(one, kcat, broker.address)
        finally:
            broker.kill()


@pytest.mark.parametrize("compression", ["gzip", "lz4", "zstd"])
async def test_another_client_reads_what_is_compressed(
    compression: str, kafka_broker: Broker, topic_name: str, tmp_path: Path, kcat: Kcat
) -> None:
    config = KafkaConfig.model_validate(
        {"brokers": kafka_broker.address, "prefix": topic_name, "compression": compression}
    )
    value = b'{"objects": [' + b'"person", ' * 1000 + b'"person"]}'
    async with running(config, tmp_path) as one:
        for _ in range(100):
            one.pass_on("gate", value)
        await one.drained()
    await arrived(one, kcat, kafka_broker.address)
    records = await to_thread.run_sync(received, kcat, kafka_broker.address, f"{topic_name}.detections")
    assert {each.value.encode() for each in records} == {value}
    folder = kafka_broker.log.parent / "data" / f"{topic_name}.detections-0"
    assert sum(file.stat().st_size for file in folder.glob("*.log")) < 100 * len(value) / 3
