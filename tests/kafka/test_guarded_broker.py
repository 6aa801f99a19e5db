"""Who may not come in stays out, and who may not write does not: passwords, tokens, certificates, ACLs."""

from __future__ import annotations

import gc
import secrets
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ACL, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType
from kafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaTimeoutError,
    TopicAuthorizationFailedError,
)

from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from tests.kafka.brokers import Kcat
from tests.kafka.clients import connected, make_topic, read, write
from tests.kafka.tokens import UnsignedToken

PASSWORD_MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True)
class Guarded:
    """A broker with ACLs, and how clients come in; ``writer`` may write to any topic, ``guest`` to none."""

    broker: Broker
    passwords: dict[str, str]

    def login(
        self, name: str, mechanism: str = "SCRAM-SHA-512", password: str | None = None
    ) -> dict[str, Any]:
        return {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": mechanism,
            "sasl_plain_username": name,
            "sasl_plain_password": password or self.passwords[name],
        }

    def tls(self, certificate_of: str | None = None) -> dict[str, Any]:
        trust = {"security_protocol": "SSL", "ssl_cafile": str(self.broker.authority.certificate)}
        if certificate_of is None:
            return trust
        identity = self.broker.authority.client(certificate_of)
        return trust | {"ssl_certfile": str(identity.certificate), "ssl_keyfile": str(identity.key)}


@pytest.fixture(scope="module")
def guarded(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    passwords = {name: f'{secrets.token_hex(4)} \\"é=;{name}' for name in ("writer", "guest", "boss")}
    options = Options(
        listeners=("sasl", "tls", "mutual_tls", "sasl_tls"),
        users=passwords,
        acls=True,
        super_users=("boss",),
    )
    broker = Broker(tmp_path_factory.mktemp("guarded"), options)
    try:
        broker.start()
        with connected(KafkaAdminClient, broker.address) as admin:
            admin.create_acls([may_write("User:writer"), may_write("User:CN=writer")])
        yield Guarded(broker, passwords)
    finally:
        broker.kill()


def assert_kept_out(address: str, **login: Any) -> None:
    """The client asks again and again, and gives up in the end."""
    # It forgets the sockets of TLS that failed.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        assert_gives_up(address, **login)
        gc.collect()


def assert_gives_up(address: str, **login: Any) -> None:
    with (
        pytest.raises(KafkaTimeoutError, match="Unable to bootstrap"),
        connected(KafkaProducer, address, bootstrap_timeout_ms=1000, **login),
    ):
        pass


def may_write(principal: str) -> ACL:
    return ACL(
        principal=principal,
        host="*",
        operation=ACLOperation.WRITE,
        permission_type=ACLPermissionType.ALLOW,
        resource_pattern=ResourcePattern(ResourceType.TOPIC, "*"),
    )


@pytest.fixture
def topic(guarded: Guarded, topic_name: str) -> str:
    make_topic(guarded.broker.address, topic_name)
    return topic_name


@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
def test_a_password_opens(guarded: Guarded, topic: str, mechanism: str) -> None:
    address = guarded.broker.addresses["sasl"]
    write(address, topic, b"hello", **guarded.login("writer", mechanism))
    assert read(guarded.broker.address, topic, 1) == [b"hello"]


@pytest.mark.parametrize("mechanism", PASSWORD_MECHANISMS)
def test_a_wrong_password_does_not(guarded: Guarded, mechanism: str) -> None:
    login = guarded.login("writer", mechanism, password="wrong")
    assert_kept_out(guarded.broker.addresses["sasl"], **login)


def test_another_client_is_told_that_its_password_is_wrong(guarded: Guarded, kcat: Kcat) -> None:
    def listed(password: str) -> subprocess.CompletedProcess[str]:
        # Not SCRAM: Debian 12's librdkafka mistakes a part of it, and Kafka is strict.
        settings = {
            "security.protocol": "SASL_PLAINTEXT",
            "sasl.mechanisms": "PLAIN",
            "sasl.username": "writer",
            "sasl.password": password,
        }
        words = [word for name, value in settings.items() for word in ("-X", f"{name}={value}")]
        return kcat.run(guarded.broker.addresses["sasl"], "-L", "-m", "2", *words)

    assert listed(guarded.passwords["writer"]).returncode == 0
    refused = listed("wrong")
    assert refused.returncode == 1
    assert "Authentication failed" in refused.stderr


def test_a_token_opens_while_it_is_valid(guarded: Guarded, topic: str) -> None:
    def login(token: UnsignedToken) -> dict[str, Any]:
        return {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "OAUTHBEARER",
            "sasl_oauth_token_provider": token,
        }

    address = guarded.broker.addresses["sasl"]
    write(address, topic, b"hello", **login(UnsignedToken("writer")))
    assert_kept_out(address, **login(UnsignedToken("writer", life_s=-60)))
    with pytest.raises(TopicAuthorizationFailedError):
        write(address, topic, b"hello", **login(UnsignedToken("guest")))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls_wants_a_client_that_trusts_it(guarded: Guarded, topic: str, host: str) -> None:
    address = guarded.broker.addresses["tls"].replace("127.0.0.1", host)
    write(address, topic, b"hello", **guarded.tls())
    assert_kept_out(address, security_protocol="SSL")


def test_tls_can_be_had_with_a_password(guarded: Guarded, topic: str) -> None:
    login = guarded.tls() | guarded.login("writer") | {"security_protocol": "SASL_SSL"}
    write(guarded.broker.addresses["sasl_tls"], topic, b"hello", **login)
    assert read(guarded.broker.address, topic, 1) == [b"hello"]


def test_a_client_without_certificate_is_refused(guarded: Guarded, topic: str) -> None:
    address = guarded.broker.addresses["mutual_tls"]
    assert_kept_out(address, **guarded.tls())
    with pytest.raises(TopicAuthorizationFailedError):
        write(address, topic, b"hello", **guarded.tls("guest"))
    write(address, topic, b"hello", **guarded.tls("writer"))
    assert read(guarded.broker.address, topic, 1) == [b"hello"]


def test_who_may_not_write_does_not(guarded: Guarded, topic: str, kcat: Kcat) -> None:
    address = guarded.broker.addresses["sasl"]
    with pytest.raises(TopicAuthorizationFailedError):
        write(address, topic, b"hello", **guarded.login("guest"))
    write(address, topic, b"hello", **guarded.login("boss"))
    assert kcat.read(guarded.broker.address, topic) == ["hello"]


def test_who_may_only_write_makes_no_topics(guarded: Guarded, topic_name: str) -> None:
    address = guarded.broker.addresses["sasl"]
    with (
        connected(KafkaAdminClient, address, **guarded.login("writer")) as admin,
        pytest.raises((ClusterAuthorizationFailedError, TopicAuthorizationFailedError)),
    ):
        admin.create_topics([topic_name])
    with connected(KafkaAdminClient, address, **guarded.login("boss")) as admin:
        admin.create_topics([topic_name], wait_for_metadata=True)
        assert topic_name in admin.list_topics()
