"""Topics, followed as they grow: without a group, through restarts of brokers, and before they exist."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streamer.errors import SinkRefused, SinkUnavailable
from streamer.kafka.client.arguments import connected, explained, trouble
from streamer.kafka.client.reasons import where, who
from streamer.kafka.client.topics import FORBIDDEN, described

if TYPE_CHECKING:
    from streamer.config.bus import KafkaConfig
    from streamer.errors import SinkError
    from streamer.kafka.message import Headers

LOOK_S: Final = 1.0
"""Between looks at which topics and partitions there are."""
POLL_MS: Final = 250
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Received:
    """A record as it was read.

    Attributes:
        at: its time by Kafka: when it was made, or came to the broker.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    at: datetime

    def header(self, name: str) -> str | None:
        """The header of that name, if it has one that is text."""
        value = next((value for each, value in self.headers if each == name), None)
        try:
            return None if value is None else value.decode()
        except UnicodeDecodeError:
            return None


class Following:
    """Reads topics; what is worth saying of that, such as that it waits, is said once."""

    def __init__(self, config: KafkaConfig, topics: Sequence[str], say: Say) -> None:
        """
        Args:
            config: brokers, and who we are.
            topics: names; they need not be there yet.
            say: is told what it waits for.
        """
        self._config = config
        self._topics = tuple(topics)
        self._say = say
        self._away = False
        self._assigned: set[TopicPartition] = set()

    def records(self, from_beginning: bool) -> Iterator[Received | None]:
        """Every record, for ever, and None whenever nothing came for a moment; blocking.

        What comes together comes in the order of its times.

        Args:
            from_beginning: what is there already comes first; else only what comes from now on.

        Raises:
            ConfigError: a PEM file is missing or wrong.
            SinkUnavailable: no broker can be reached at first; later it is waited for.
            SinkRefused: we are not let in, or may not read.
        """
        admin = connected(KafkaAdminClient, self._config)
        try:
            consumer = connected(
                KafkaConsumer,
                self._config,
                group_id=None,
                enable_auto_commit=False,
                # For positions that are gone, and for partitions that came later.
                auto_offset_reset="earliest",
                metrics_enabled=False,
            )
            try:
                yield from self._follow(admin, consumer, from_beginning)
            finally:
                consumer.close(autocommit=False)
        finally:
            admin.close()

    def _follow(self, admin: Any, consumer: Any, from_beginning: bool) -> Iterator[Received | None]:
        looked_at: float | None = None
        while True:
            try:
                if looked_at is None:
                    self._look(admin, consumer, to_the_end=not from_beginning)
                    self._await_missing()
                    looked_at = time.monotonic()
                elif time.monotonic() - looked_at >= LOOK_S:
                    self._look(admin, consumer)
                    looked_at = time.monotonic()
                batches = consumer.poll(POLL_MS)
            except (KafkaError, OSError) as error:
                self._wait(trouble(admin, self._config) or explained(error, self._config, "read"))
                yield None
                continue
            if not batches:
                yield None
            yield from sorted(
                map(_received, (each for batch in batches.values() for each in batch)), key=_time
            )

    def _look(self, admin: Any, consumer: Any, to_the_end: bool = False) -> None:
        """Take up the partitions that are new, from their beginning or their end."""
        found = described(admin, self._topics).values()
        if self._away:
            self._away = False
            self._say(f"kafka {where(self._config)}: there again")
        hidden = [topic.name for topic in found if topic.error in FORBIDDEN]
        if hidden:
            listed = ", ".join(map(repr, hidden))
            raise SinkRefused(f"kafka {where(self._config)}: {who(self._config)} may not read {listed}")
        there = {TopicPartition(topic.name, number) for topic in found for number in range(topic.partitions)}
        if there - self._assigned:
            consumer.assign(sorted(self._assigned | there))
            if to_the_end:
                # `seek_to_end` would ask for the end with the next poll only, past what has come until then.
                for partition, end in consumer.end_offsets(sorted(there)).items():
                    consumer.seek(partition, end)
            self._assigned |= there

    def _await_missing(self) -> None:
        there = {partition.topic for partition in self._assigned}
        missing = [name for name in self._topics if name not in there]
        if missing:
            self._say(f"waiting for {', '.join(missing)}, not there yet")

    def _wait(self, problem: SinkError) -> None:
        if not isinstance(problem, SinkUnavailable):
            raise problem
        if not self._away:
            self._away = True
            self._say(f"{problem}; waiting")
        time.sleep(POLL_MS / 1000)


def _received(record: Any) -> Received:
    at = EPOCH + timedelta(milliseconds=max(record.timestamp, 0))
    return Received(record.topic, record.key, record.value, tuple(record.headers), at)


def _time(record: Received) -> datetime:
    return record.at
