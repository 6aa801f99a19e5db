"""The topics: made where they are missing, and what is known of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from kafka import KafkaAdminClient, errors
from kafka.admin import ConfigResource

from streamer.config.bus import FOREVER
from streamer.errors import SinkRefused, SinkUnavailable
from streamer.kafka.client.arguments import connected, explained
from streamer.kafka.client.reasons import where, who

if TYPE_CHECKING:
    from streamer.config.bus import KafkaConfig, TopicsConfig

log = logging.getLogger(__name__)

READY_MS: Final = 10_000
DEFAULT: Final = -1
"""For partitions and replicas: the brokers' own default (KIP-464, since Kafka 2.4)."""
RETENTION: Final = "retention.ms"
FORBIDDEN: Final = (errors.TopicAuthorizationFailedError, errors.ClusterAuthorizationFailedError)


@dataclass(frozen=True, slots=True)
class Topic:
    """What the brokers say of a topic.

    Attributes:
        error: why they say no more; None where it is there.
        replication: the fewest replicas of a partition.
        rights: what we may do with it: ``WRITE``, ``CREATE`` ..; of a missing topic, too.
    """

    name: str
    error: type[errors.KafkaError] | None
    partitions: int
    replication: int
    rights: frozenset[str]

    @property
    def missing(self) -> bool:
        return self.error is errors.UnknownTopicOrPartitionError


def ensure_topics(config: KafkaConfig, names: Sequence[str], told: set[str] | None = None) -> None:
    """Make the topics that are missing, and wait until all are known; blocking.

    What is there stays as it is, also where it differs from the configuration: that is only logged.

    Args:
        config: brokers, and what new topics are made like.
        names: of the topics.
        told: what was logged already, and need not be again; added to.

    Raises:
        ConfigError: a PEM file is missing or wrong.
        SinkRefused: one is missing and may not be made, or is none of our business.
        SinkUnavailable: the brokers cannot be reached, or are not ready.
    """
    admin = connected(KafkaAdminClient, config)
    try:
        found = described(admin, names)
        hidden = [name for name, topic in found.items() if topic.error in FORBIDDEN]
        if hidden:
            raise SinkRefused(f"kafka {where(config)}: {_rights(config, 'see', hidden)}")
        missing = [name for name, topic in found.items() if topic.missing]
        if missing:
            _make(admin, config, missing)
        if not all(topic.error is None for topic in found.values()):
            _await(admin, config, names)
        there = [topic for topic in found.values() if topic.error is None]
        _tell(differences(admin, config.topics, there), set() if told is None else told)
    except (errors.KafkaError, OSError) as error:
        raise explained(error, config) from None
    finally:
        admin.close()


def described(admin: Any, names: Sequence[str]) -> dict[str, Topic]:
    """What the brokers know of these topics, in that order; none is made by asking."""
    answers = {answer["name"]: answer for answer in admin.describe_topics(list(names))}
    return {name: _topic(answers[name]) for name in names}


def options_of(admin: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """The settings of topics by their names; empty where we may not read them."""
    if not names:
        return {}
    answers = admin.describe_configs([ConfigResource("TOPIC", name) for name in names], config_filter="all")
    topics: Mapping[str, Any] = answers.get("topic", {})
    return {
        name: {
            key: entry["value"] for key, entry in topics.get(name, {}).items() if entry["value"] is not None
        }
        for name in names
    }


def wanted(config: TopicsConfig) -> dict[str, Any]:
    """What a new topic is made like."""
    retention = None if config.retention is None else str(kept_ms(config.retention))
    return {
        "num_partitions": config.partitions or DEFAULT,
        "replication_factor": config.replication or DEFAULT,
        "configs": {} if retention is None else {RETENTION: retention},
    }


def kept_ms(retention: timedelta | Literal["forever"]) -> int:
    """As Kafka has it: -1 is without an end."""
    return -1 if retention == FOREVER else round(retention.total_seconds() * 1000)


def kept(milliseconds: int) -> str:
    """The same for a person, and as the configuration has it."""
    return FOREVER if milliseconds < 0 else f"{milliseconds / 1000:.0f}s"


def refusals(
    admin: Any, config: TopicsConfig, names: Sequence[str], *, only_ask: bool = False
) -> dict[str, errors.KafkaError]:
    """Make topics; why not, by the name of those that were not made.

    Args:
        admin: client.
        config: what they are made like.
        names: of topics.
        only_ask: make none, only find out.
    """
    try:
        answer = admin.create_topics(
            {name: wanted(config) for name in names}, validate_only=only_ask, raise_errors=False
        )
    except RuntimeError as error:
        # The library's word for a cluster that has no controller at present.
        raise errors.NodeNotReadyError(str(error)) from None
    return {
        topic["name"]: errors.for_code(topic["error_code"])(topic["error_message"])
        for topic in answer["topics"]
        if errors.for_code(topic["error_code"]) not in (errors.NoError, errors.TopicAlreadyExistsError)
    }


def differences(admin: Any, config: TopicsConfig, there: Sequence[Topic]) -> Iterator[str]:
    """How topics differ from what the configuration would have made of them."""
    for topic in there:
        if config.partitions is not None and topic.partitions < config.partitions:
            yield f"{topic.name!r} has partitions: {topic.partitions}, not {config.partitions}"
    if config.retention is None:
        return
    ours = wanted(config)["configs"][RETENTION]
    for name, options in options_of(admin, [topic.name for topic in there]).items():
        theirs = options.get(RETENTION, ours)
        if theirs != ours:
            yield f"{name!r} has retention: {kept(int(theirs))}, not {kept(int(ours))}"


def _topic(answer: Mapping[str, Any]) -> Topic:
    kind = errors.for_code(answer["error_code"])
    partitions = answer["partitions"]
    return Topic(
        name=answer["name"],
        error=None if kind is errors.NoError else kind,
        partitions=len(partitions),
        replication=min((len(partition["replica_nodes"]) for partition in partitions), default=0),
        rights=frozenset(answer["authorized_operations"] or ()),
    )


def _make(admin: Any, config: KafkaConfig, names: Sequence[str]) -> None:
    if not config.topics.create:
        raise SinkRefused(
            f"kafka {where(config)}: {_listed(names)} missing, and kafka.topics.create is false;"
            f" {command(config, names[0])}"
        )
    failures = refusals(admin, config.topics, names)
    forbidden = [name for name, error in failures.items() if isinstance(error, FORBIDDEN)]
    if forbidden:
        raise SinkRefused(
            f"kafka {where(config)}: {_rights(config, 'create', forbidden)},"
            f" or {command(config, forbidden[0])}"
        )
    for name, error in failures.items():
        said = error.args[0] or explained(error, config)
        raise type(explained(error, config))(f"kafka {where(config)}: no topic {name!r}: {said}")


def _await(admin: Any, config: KafkaConfig, names: Sequence[str]) -> None:
    try:
        admin.wait_for_topics(list(names), timeout_ms=READY_MS)
    except errors.KafkaTimeoutError:
        waited = f"not ready after {READY_MS // 1000} s"
        raise SinkUnavailable(f"kafka {where(config)}: {_listed(names)} {waited}") from None


def _tell(texts: Iterator[str], told: set[str]) -> None:
    for text in texts:
        if text not in told:
            told.add(text)
            log.info("kafka topic %s as configured; it stays so", text)


def _listed(names: Sequence[str]) -> str:
    quoted = ", ".join(map(repr, names))
    return f"topic {quoted} is" if len(names) == 1 else f"topics {quoted} are"


def _rights(config: KafkaConfig, doing: str, names: Sequence[str]) -> str:
    listed = ", ".join(map(repr, names))
    return f"{who(config)} may not {doing} {listed}; let an administrator allow it (kafka-acls.sh)"


def command(config: KafkaConfig, name: str) -> str:
    """How a person makes a topic."""
    return f"make it: kafka-topics.sh --bootstrap-server {config.brokers[0]} --create --topic {name}"
