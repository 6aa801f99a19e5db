"""Nothing is lost while a real broker is frozen, killed, or loses a topic; what it never takes is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import pytest
from anyio import to_thread
from kafka import KafkaAdminClient

from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from streamer.config.bus import KafkaConfig, SpoolConfig
from streamer.errors import ConfigError
from streamer.kafka.client import arguments
from streamer.kafka.delivery import reach, sender
from streamer.kafka.delivery.backlog import Room
from tests.kafka.brokers import Kcat, StartBroker
from tests.kafka.clients import connected
from tests.kafka.outputs import Running, running, watching
from tests.kafka.received import Received, received, without_duplicates
from tests.kafka.waiting import message

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]

NOT_A_BROKER = "127.0.0.1:9"


def ids_by_camera(records: list[Received]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in records:
        found.setdefault(each.camera, []).append(each.id)
    return found


async def require_everything(one: Running, kcat: Kcat, address: str) -> None:
    """All that was given is on its topic, each camera's in its order."""
    assert len(one.sent) == 2
    for topic, sent in one.sent.items():
        records = await to_thread.run_sync(received, kcat, address, topic)
        assert ids_by_camera(without_duplicates(records)) == sent


async def until(look: Callable[[], bool]) -> None:
    with anyio.fail_after(60):
        while not look():
            await anyio.sleep(0.02)


@pytest.mark.parametrize("fault", ["frozen", "killed"])
async def test_a_broker_that_is_gone_for_a_while_costs_nothing(
    fault: str, tmp_path: Path, start_broker: StartBroker, kcat: Kcat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "STALLED_S", 1.0)
    monkeypatch.setattr(sender, "LONGEST_PAUSE_S", 0.5)
    broker = start_broker()
    async with running(KafkaConfig(brokers=(broker.address,)), tmp_path) as one:
        async with watching(one):
            await until(lambda: one.series("produced_total", topic="sightline.events") > 5)
            await to_thread.run_sync(broker.freeze if fault == "frozen" else broker.kill)
            await until(lambda: one.series("reached") == 0)
            await anyio.sleep(1)
            assert one.series("spool_records") > 0
            await to_thread.run_sync(broker.thaw if fault == "frozen" else broker.start)
            await until(lambda: one.series("reached") == 1)
        await one.drained()
        assert one.series("dropped_total", topic="sightline.detections", reason="full") == 0
    await require_everything(one, kcat, broker.address)


async def test_a_topic_that_was_deleted_is_made_again(
    tmp_path: Path, kafka_broker: Broker, topic_name: str, kcat: Kcat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "STALLED_S", 1.0)
    config = KafkaConfig(brokers=(kafka_broker.address,), prefix=topic_name)
    async with running(config, tmp_path) as one:
        for number in range(3):
            await one.tell("gate", number)
        await one.drained()

        def delete() -> None:
            with connected(KafkaAdminClient, kafka_broker.address) as admin:
                admin.delete_topics([f"{topic_name}.events"])

        await to_thread.run_sync(delete)
        later = [(await one.tell("gate", number)).id for number in range(3, 20)]
        await one.drained()
        records = await to_thread.run_sync(received, kcat, kafka_broker.address, f"{topic_name}.events")
        assert [each.id for each in without_duplicates(records)] == later


async def test_what_waits_longer_than_memory_lasts_comes_from_disk_in_order(
    tmp_path: Path, start_broker: StartBroker, kcat: Kcat
) -> None:
    broker = start_broker()
    config = KafkaConfig(brokers=(broker.address,))
    async with running(config, tmp_path) as one:
        one.pass_on("yard")
        await one.tell("gate", 0)
        await one.drained()
        broker.freeze()
        for number in range(6000):
            one.pass_on("yard", b"x" * 3000)
            if number % 100 == 0:
                await one.tell("gate", number)
        await until(lambda: one.output._spool.state.count > 1000)
        broker.thaw()
        await one.drained()
    await require_everything(one, kcat, broker.address)


async def test_what_an_ended_process_could_not_send_the_next_one_sends(
    tmp_path: Path, start_broker: StartBroker, kcat: Kcat
) -> None:
    broker = start_broker()
    config = KafkaConfig(brokers=(broker.address,))
    async with running(config, tmp_path) as first:
        await first.tell("gate", 0)
        first.pass_on("yard")
        await first.drained()
        broker.freeze()
        await first.tell("gate", 1)
        first.pass_on("yard")
    broker.thaw()
    async with running(config, tmp_path) as second:
        await second.tell("gate", 2)
        second.pass_on("yard")
        await second.drained()
    for topic, sent in second.sent.items():
        for camera, ids in sent.items():
            first.sent[topic][camera] += ids
    await require_everything(first, kcat, broker.address)


async def test_a_record_that_the_topic_does_not_take_is_told_and_the_others_go_on(
    tmp_path: Path, start_broker: StartBroker, kcat: Kcat, caplog: pytest.LogCaptureFixture
) -> None:
    broker = start_broker(Options(properties={"message.max.bytes": "20000"}))
    async with running(KafkaConfig(brokers=(broker.address,), frames="all"), tmp_path) as one:
        for _ in range(3):
            one.film(b"\xff" * 100_000)
        too_large = message("event", b'"' + b"x" * 50_000 + b'"')
        await one.output._journal.keep([too_large])
        await one.tell("gate", 1)
        one.pass_on("gate")
        await one.drained()
        assert one.series("dropped_total", topic="sightline.frames", reason="refused") == 3
        assert one.series("dropped_total", topic="sightline.events", reason="refused") == 1
    await require_everything(one, kcat, broker.address)
    # The command keeps what the client itself logs to itself.
    ours = [each for each in caplog.records if each.name.startswith("streamer.")]
    told = [each.getMessage() for each in ours if each.levelname == "ERROR"]
    assert len(told) == 2
    assert all(broker.address in each and "max.message.bytes" in each for each in told)
    assert {each.split(" for ")[1].split(",")[0] for each in told} == {"sightline.frames", "sightline.events"}
    # A refusal is no outage.
    assert not [each for each in caplog.records if "records wait" in each.getMessage()]
    (line,) = (tmp_path / "kafka" / "refused.jsonl").read_text().splitlines()
    assert json.loads(line)["id"] == too_large.id


async def test_a_full_spool_is_an_alarm_that_ends_and_no_event_is_left_out(
    tmp_path: Path, start_broker: StartBroker, kcat: Kcat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "IN_FLIGHT", 5)
    monkeypatch.setattr(sender, "AT_ONCE", 5)
    broker = start_broker()
    config = KafkaConfig(brokers=(broker.address,), spool=SpoolConfig(bytes=1_000_000))
    async with running(config, tmp_path) as one:
        one.output._backlog._room = Room(count=5)
        await until(lambda: one.status.is_ready)
        broker.freeze()
        for number in range(1000):
            one.pass_on("yard", b"x" * 2000)
            if number % 10 == 0:
                await one.tell("gate", number)
        await until(lambda: not one.status.is_ready)
        (reason,) = one.status.parts().values()
        assert "full" in str(reason)
        assert one.series("spool_full") == 1
        left_out = one.series("dropped_total", topic="sightline.detections", reason="full")
        assert left_out > 100
        broker.thaw()
        await one.drained()
        await until(lambda: one.status.is_ready)
        left_out = one.series("dropped_total", topic="sightline.detections", reason="full")
    read = partial(received, kcat, broker.address)
    events = without_duplicates(await to_thread.run_sync(read, "sightline.events"))
    assert [each.id for each in events] == one.sent["sightline.events"]["gate"]
    results = [each.id for each in without_duplicates(await to_thread.run_sync(read, "sightline.detections"))]
    sent = one.sent["sightline.detections"]["yard"]
    assert len(results) == len(sent) - left_out
    # The oldest that were not yet on their way went; what is left is in order.
    assert [each for each in sent if each in set(results)] == results
    assert results[-1] == sent[-1]


async def test_brokers_that_do_not_answer_are_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguments, "BOOTSTRAP_MS", 1000)
    async with running(KafkaConfig(brokers=(NOT_A_BROKER,)), tmp_path) as one:
        await one.tell("gate", 1)
        one.pass_on("gate")
        nobody = f"kafka {NOT_A_BROKER}: nobody listens there; records wait on disk"
        await until(lambda: any(each.getMessage() == nobody for each in caplog.records))
        assert one.series("reached") == 0
    told = [each.getMessage() for each in caplog.records if each.name == reach.__name__]
    # A machine that is slow for a second gives another reason; none is repeated.
    assert len(told) == len(set(told)) <= 2
    async with running(KafkaConfig(brokers=(NOT_A_BROKER,)), tmp_path) as again:
        assert again.series("spool_records") == 2


async def test_a_clock_that_jumps_disturbs_nothing(
    tmp_path: Path, kafka_broker: Broker, topic_name: str, kcat: Kcat, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = KafkaConfig(brokers=(kafka_broker.address,), prefix=topic_name)
    async with running(config, tmp_path) as one:
        for number, now in enumerate((1.0, 4e9, 1.7e9)):
            monkeypatch.setattr("time.time", lambda now=now: now)
            await one.tell("gate", number)
            one.pass_on("gate")
        await one.drained()
        monkeypatch.undo()
        (slowest,) = (
            sample.value
            for metric in one.registry.collect()
            for sample in metric.samples
            if sample.name == "sightline_kafka_delivery_seconds_sum"
            and sample.labels["topic"] == f"{topic_name}.events"
        )
        assert 0 <= slowest < 60
    await require_everything(one, kcat, kafka_broker.address)


async def test_a_spool_that_cannot_be_written_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "kafka").write_text("")
    with pytest.RaisesGroup(
        pytest.RaisesExc(ConfigError, match=r"^/.*/kafka: expected a folder, received a file$")
    ):
        async with running(KafkaConfig(brokers=(NOT_A_BROKER,)), tmp_path):
            pass
