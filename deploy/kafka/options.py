"""What a broker can be started with, and how Kafka is told."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.kafka.certificates import Authority
from deploy.kafka.ports import HOST

PLAIN: Final = "plain"
LISTENERS: Final = {
    PLAIN: "PLAINTEXT",
    "sasl": "SASL_PLAINTEXT",
    "tls": "SSL",
    "mutual_tls": "SSL",
    "sasl_tls": "SASL_SSL",
}
"""Names of listeners, and what is spoken there."""

MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
SCRAMS: Final = MECHANISMS[1:3]
LOGIN: Final = "org.apache.kafka.common.security."

# A broker of one node, which starts at once and never waits for others.
ALONE: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": PLAIN.upper(),
    # A killed broker is let in again only when its last session has run out.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How a broker is set up; what concerns users is settled when its folder is first used.

    Attributes:
        listeners: names of ``LISTENERS`` besides ``plain``, which is always there. ``sasl`` and ``sasl_tls``
            take PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and unsigned OAUTHBEARER tokens; ``mutual_tls`` wants a
            certificate of the client's.
        users: passwords by user name, for PLAIN and SCRAM.
        acls: nobody may do anything that no ACL allows, but those who come through ``plain`` and
            ``super_users``. (Without a certificate a client of ``tls`` has no name either, so it may, too.)
        super_users: names who may do all.
        properties: Kafka's own properties, over those chosen here.
        heap_mb: Java's largest heap.
        java: further options of Java's.
    """

    listeners: tuple[str, ...] = ()
    users: Mapping[str, str] = field(default_factory=dict)
    acls: bool = False
    super_users: tuple[str, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    heap_mb: int = 256
    java: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = [name for name in self.listeners if name not in LISTENERS or name == PLAIN]
        if unknown:
            raise ValueError(f"expected listeners of {', '.join(LISTENERS)}, received {', '.join(unknown)}")


@dataclass(frozen=True, slots=True)
class Places:
    """Where a broker keeps its records, and the ports it listens on: one a listener, and its controller's."""

    data: Path
    ports: Mapping[str, int]
    controller_port: int


def server_properties(options: Options, places: Places, authority: Authority) -> str:
    """The text of Kafka's ``server.properties``."""
    properties = {
        **ALONE,
        **_addresses(places),
        **(_sasl(options) if any("sasl" in name for name in options.listeners) else {}),
        **(_tls(options, authority) if any("tls" in name for name in options.listeners) else {}),
        **(_acls(options) if options.acls else {}),
        **options.properties,
    }
    return "".join(f"{escaped(name)}={escaped(value)}\n" for name, value in properties.items())


def scram_users(options: Options) -> list[str]:
    """What Kafka's tool is told of users when it formats a folder."""
    return [
        f"{mechanism}=[name={name},password={password}]"
        for mechanism in SCRAMS
        for name, password in options.users.items()
    ]


def escaped(text: str) -> str:
    """Text as it stands in a file of Java properties, which are Latin-1 with UTF-16 escapes."""
    units = [unit for (unit,) in struct.iter_unpack(">H", text.encode("utf-16-be"))]
    plain = {unit for unit in range(33, 127) if chr(unit) not in "\\=:#!"}
    return "".join(chr(unit) if unit in plain else f"\\u{unit:04x}" for unit in units)


def _addresses(places: Places) -> dict[str, str]:
    listening = [f"{name.upper()}://{HOST}:{port}" for name, port in places.ports.items()]
    spoken = [f"{name.upper()}:{LISTENERS[name]}" for name in places.ports]
    controller = f"{HOST}:{places.controller_port}"
    return {
        "log.dirs": str(places.data),
        "listeners": ",".join([*listening, f"CONTROLLER://{controller}"]),
        "advertised.listeners": ",".join(listening),
        "listener.security.protocol.map": ",".join([*spoken, "CONTROLLER:PLAINTEXT"]),
        # Not kept in the records' folder, so that the next start may use another port.
        "controller.quorum.voters": f"1@{controller}",
    }


def _sasl(options: Options) -> dict[str, str]:
    passwords = "".join(f" {quoted('user_' + name)}={quoted(word)}" for name, word in options.users.items())
    modules = {
        "PLAIN": f"{LOGIN}plain.PlainLoginModule required{passwords};",
        **dict.fromkeys(SCRAMS, f"{LOGIN}scram.ScramLoginModule required;"),
        "OAUTHBEARER": f"{LOGIN}oauthbearer.OAuthBearerLoginModule required;",
    }
    return {"sasl.enabled.mechanisms": ",".join(MECHANISMS)} | {
        f"listener.name.{listener}.{mechanism.lower()}.sasl.jaas.config": module
        for listener in options.listeners
        if "sasl" in listener
        for mechanism, module in modules.items()
    }


def _tls(options: Options, authority: Authority) -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(authority.keystore(authority.server())),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.certificate),
        "listener.name.mutual_tls.ssl.client.auth": "required",
    }


def _acls(options: Options) -> dict[str, str]:
    names = ["ANONYMOUS", *options.super_users]
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": ";".join(f"User:{name}" for name in names),
    }


def quoted(text: str) -> str:
    """A string of a JAAS configuration."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
