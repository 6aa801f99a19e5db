"""What brokers say of themselves and of our topics, asked without writing a record or making a topic."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from streamer.kafka.client.arguments import connected, explained
from streamer.kafka.client.topics import Topic, described, options_of, refusals

if TYPE_CHECKING:
    from streamer.config.bus import KafkaConfig


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the clock of the cluster's controller is ahead of ours.

    Attributes:
        seconds: negative where it is behind.
        within_s: what the measurement may be off by: half the time that the answer took.
    """

    seconds: float
    within_s: float


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found out.

    Attributes:
        version: the newest Kafka whose protocol is spoken there, as far as the client knows.
        brokers: how many there are.
        topics: by name, in the order that was asked for.
        options: the settings of topics that are there, as far as we may read them.
        refusals: why a missing topic cannot be made, by its name; others can be.
        clock: None where we may not ask, or where Kafka is older than 3.3.
    """

    cluster: str
    version: str
    brokers: int
    topics: Mapping[str, Topic]
    options: Mapping[str, Mapping[str, str]]
    refusals: Mapping[str, str]
    clock: ClockOffset | None


def survey(config: KafkaConfig, names: Sequence[str]) -> Survey:
    """Ask the brokers; blocking.

    Raises:
        ConfigError: a PEM file is missing or wrong.
        SinkError: the brokers cannot be reached, or do not let us in.
    """
    admin = connected(KafkaAdminClient, config)
    try:
        return _survey(admin, config, names)
    except (KafkaError, OSError) as error:
        raise explained(error, config) from None
    finally:
        admin.close()


def _survey(admin: Any, config: KafkaConfig, names: Sequence[str]) -> Survey:
    cluster = admin.describe_cluster()
    topics = described(admin, names)
    missing = [name for name, topic in topics.items() if topic.missing]
    refused = refusals(admin, config.topics, missing, only_ask=True) if missing else {}
    return Survey(
        cluster=cluster["cluster_id"],
        version=admin.get_broker_version_data(cluster["brokers"][0]["broker_id"]).broker_version_str,
        brokers=len(cluster["brokers"]),
        topics=topics,
        options=options_of(admin, [name for name, topic in topics.items() if topic.error is None]),
        refusals={name: str(error.args[0] or type(error).__name__) for name, error in refused.items()},
        clock=_clock(admin),
    )


def _clock(admin: Any) -> ClockOffset | None:
    """By the quorum's leader, which reports its own time as that at which it last caught up (KIP-836)."""
    before = time.time()
    try:
        answer = admin.describe_metadata_quorum()
    except KafkaError:
        # No right to ask, or too old to know.
        return None
    after = time.time()
    quorum = answer["topics"][0]["partitions"][0]
    leader = quorum["leader_id"]
    states = (state for state in quorum["current_voters"] if state["replica_id"] == leader)
    at = next((state.get("last_caught_up_timestamp", -1) for state in states), -1)
    return None if at < 0 else ClockOffset(at / 1000 - (before + after) / 2, (after - before) / 2)
