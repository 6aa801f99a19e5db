"""A broker behind passwords, tokens, certificates and ACLs, and the configurations of who comes to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
)

from deploy.kafka.certificates import Identity
from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from streamer.config.bus import KafkaConfig

PASSWORD = 'pa"ss w\\ord;é='
MECHANISMS = ("plain", "scram-sha-256", "scram-sha-512")
OPEN_TO_WRITER = "written"
OPEN_TO_READER = "readable"
"""Prefixes of topics."""


@dataclass(frozen=True, slots=True)
class Gates:
    """``boss`` may do all, ``writer`` write to and read ``OPEN_TO_WRITER``, ``reader`` only read
    ``OPEN_TO_READER``, ``guest`` nothing."""

    broker: Broker

    def config(self, listener: str, **sections: Any) -> KafkaConfig:
        return KafkaConfig.model_validate({"brokers": self.broker.addresses[listener], **sections})

    def as_user(self, name: str, mechanism: str = "scram-sha-256", **sections: Any) -> KafkaConfig:
        return self.config("sasl", sasl=self.sasl(name, mechanism), **sections)

    def sasl(self, name: str, mechanism: str, password: str = PASSWORD) -> dict[str, Any]:
        return {"mechanism": mechanism, "username": name, "password": password}

    @property
    def ca(self) -> Path:
        return self.broker.authority.certificate

    def tls(self, identity: Identity | None = None, **more: Any) -> dict[str, Any]:
        ours = {} if identity is None else {"certificate": identity.certificate, "key": identity.key}
        return {"ca": self.ca, **ours, **more}


def allowed(name: str, operation: str, prefix: str) -> ACL:
    return ACL(
        principal=f"User:{name}",
        host="*",
        operation=ACLOperation[operation],
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(ResourceType.TOPIC, prefix, ACLResourcePatternType.PREFIXED),
    )


RULES = [
    allowed("writer", "WRITE", OPEN_TO_WRITER),
    allowed("writer", "READ", OPEN_TO_WRITER),
    allowed("reader", "READ", OPEN_TO_READER),
]


@pytest.fixture(scope="session")
def gates(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gates]:
    options = Options(
        listeners=("sasl", "tls", "mutual_tls", "sasl_tls"),
        users=dict.fromkeys(("boss", "writer", "reader", "guest"), PASSWORD),
        acls=True,
        super_users=("boss",),
        properties={"listener.name.sasl_tls.sasl.enabled.mechanisms": "PLAIN"},
    )
    broker = Broker(tmp_path_factory.mktemp("gates"), options)
    try:
        broker.start()
        with KafkaAdminClient(bootstrap_servers=broker.address) as admin:
            admin.create_acls(RULES)
        yield Gates(broker)
    finally:
        broker.kill()
