"""What is configured is how brokers are spoken to, and what they refuse is one line that says what to do."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import kafka.errors
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, RetriableError

from deploy.kafka.certificates import Authority, Identity
from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from streamer.config.bus import KafkaConfig, TokenConfig
from streamer.errors import (
    ConfigError,
    MessageRejected,
    SinkError,
    SinkRefused,
    SinkUnavailable,
    StreamerError,
)
from streamer.kafka.client import arguments
from streamer.kafka.client.arguments import connected, explained, trouble
from streamer.kafka.client.oauth import ClientCredentials
from streamer.kafka.client.topics import ensure_topics
from tests.kafka.brokers import StartBroker
from tests.kafka.gates import MECHANISMS, PASSWORD, Gates
from tests.kafka.token_server import CLIENT, SCOPE, SECRET, giving, token_server
from tests.kafka.tokens import UnsignedToken


def cluster_of(config: KafkaConfig) -> str:
    """The id of the cluster that lets us in with this configuration."""
    with closing(connected(KafkaAdminClient, config)) as admin:
        return str(admin.describe_cluster()["cluster_id"])


def refusals_of(*configs: KafkaConfig) -> list[StreamerError]:
    """Why nobody lets us in, asked at the same time: to give up takes a while."""
    with ThreadPoolExecutor(len(configs)) as pool:
        return list(pool.map(refusal_of, configs))


def refusal_of(config: KafkaConfig) -> StreamerError:
    """Why nobody lets us in."""
    with pytest.raises(StreamerError) as refused:
        cluster_of(config)
    assert "\n" not in str(refused.value)
    return refused.value


@pytest.fixture(scope="module")
def cluster(gates: Gates) -> str:
    return cluster_of(gates.config("plain"))


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("kind", [KafkaAdminClient, KafkaConsumer, KafkaProducer])
def test_every_client_comes_in_with_its_password(gates: Gates, mechanism: str, kind: Any) -> None:
    client = connected(kind, gates.as_user("writer", mechanism))
    client.close()


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_a_wrong_password_is_told_with_its_user(gates: Gates, mechanism: str) -> None:
    config = gates.config("sasl", sasl=gates.sasl("writer", mechanism, "another-word"))
    refusal = refusal_of(config)
    assert isinstance(refusal, SinkRefused)
    where = gates.broker.addresses["sasl"]
    assert str(refusal) == f"kafka {where}: wrong user name or password for 'writer' ({mechanism})"


def test_a_mechanism_that_is_not_offered_is_told(gates: Gates, cluster: str) -> None:
    tls = gates.tls()
    assert cluster_of(gates.config("sasl_tls", tls=tls, sasl=gates.sasl("writer", "plain"))) == cluster
    refusal = refusal_of(gates.config("sasl_tls", tls=tls, sasl=gates.sasl("writer", "scram-sha-512")))
    assert isinstance(refusal, SinkRefused)
    assert str(refusal).endswith(": it does not offer scram-sha-512 (kafka.sasl.mechanism)")


def test_a_certificate_is_believed_by_its_authority_only(
    gates: Gates, cluster: str, strangers: Authority
) -> None:
    assert cluster_of(gates.config("tls", tls=gates.tls())) == cluster
    for tls in (True, {"ca": strangers.certificate}):
        refusal = refusal_of(gates.config("tls", tls=tls))
        assert isinstance(refusal, SinkRefused)
        assert "its certificate is not trusted" in str(refusal)
        assert "kafka.tls.ca" in str(refusal)


def test_the_name_in_a_certificate_counts_unless_said_otherwise(kafka_here: None, tmp_path: Path) -> None:
    broker = Broker(tmp_path, Options(listeners=("tls",)))
    authority = broker.authority
    # Made before the broker makes its own.
    authority._issue("server", "serverAuth", "subjectAltName=DNS:elsewhere.invalid")
    with broker:
        address, tls = broker.addresses["tls"], {"ca": authority.certificate}
        refusal = refusal_of(KafkaConfig.model_validate({"brokers": address, "tls": tls}))
        assert isinstance(refusal, SinkRefused)
        assert "kafka.tls.check_hostname" in str(refusal)
        cluster_of(KafkaConfig.model_validate({"brokers": address, "tls": {**tls, "check_hostname": False}}))


def test_a_client_certificate_is_asked_for_and_given(
    gates: Gates, cluster: str, strangers: Authority
) -> None:
    ours = gates.broker.authority.client("writer")
    assert cluster_of(gates.config("mutual_tls", tls=gates.tls(ours))) == cluster
    without = refusal_of(gates.config("mutual_tls", tls=gates.tls()))
    assert isinstance(without, SinkRefused)
    assert "set kafka.tls.certificate and kafka.tls.key" in str(without)
    theirs = strangers.client("writer")
    foreign = refusal_of(gates.config("mutual_tls", tls=gates.tls(theirs)))
    assert isinstance(foreign, SinkRefused)
    assert f"it does not accept our certificate, {theirs.certificate}" in str(foreign)


def test_a_key_may_have_a_password(gates: Gates, cluster: str, locked: Identity) -> None:
    config = gates.config("mutual_tls", tls=gates.tls(locked, key_password=PASSWORD))
    assert cluster_of(config) == cluster
    for given, received in ({"key_password": "another-word"}, "another"), ({}, "none"):
        wrong = refusal_of(gates.config("mutual_tls", tls=gates.tls(locked, **given)))
        assert isinstance(wrong, ConfigError)
        expected = f"kafka.tls.key_password: expected the password of {locked.key}, received {received}"
        assert str(wrong) == expected


def test_a_wrong_file_is_named_with_its_option(gates: Gates, strangers: Authority, tmp_path: Path) -> None:
    ours, theirs = gates.broker.authority.client("writer"), strangers.client("writer")
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
    missing = tmp_path / "missing.pem"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"ca": missing}, f"kafka.tls.ca: {missing}: No such file or directory"),
        ({"ca": tmp_path}, f"kafka.tls.ca: {tmp_path}: Is a directory"),
        ({"ca": ours.key}, f"kafka.tls.ca: {ours.key}: expected a certificate in PEM"),
        ({"ca": broken}, f"kafka.tls.ca: {broken}: expected a certificate in PEM, received a broken one"),
        ({"certificate": missing}, f"kafka.tls.certificate: {missing}: No such file"),
        ({"certificate": ours.certificate}, f"kafka.tls.key: {ours.certificate}: expected a private key"),
        (
            {"certificate": ours.certificate, "key": theirs.key},
            f"kafka.tls.key: expected the key of {ours.certificate}, received that of another: {theirs.key}",
        ),
        ({"certificate": broken, "key": ours.key}, f"kafka.tls.certificate: {broken}: expected"),
    ]
    for tls, expected in wrong:
        told = refusal_of(gates.config("tls", tls={"ca": gates.ca, **tls}))
        assert isinstance(told, ConfigError)
        assert str(told).startswith(expected)


def test_who_speaks_another_protocol_is_told_which_option_may_be_missing(gates: Gates) -> None:
    sasl = gates.sasl("writer", "plain")
    hints = [
        (gates.config("tls"), "does it expect TLS (kafka.tls)?"),
        (gates.config("sasl"), "does it expect kafka.tls or kafka.sasl?"),
        (gates.config("plain", tls=gates.tls()), "does that port speak it (kafka.tls)?"),
        (gates.config("plain", sasl=sasl), "leave kafka.sasl out"),
    ]
    told = refusals_of(*(config for config, _ in hints))
    for refusal, (_, hint) in zip(told, hints, strict=True):
        assert hint in str(refusal)


# Not soon given up: on a busy machine the name of the second is looked for later than after a second.
def test_brokers_that_cannot_be_reached_are_worth_waiting_for(free_port: int) -> None:
    brokers = f"127.0.0.1:{free_port},nowhere.invalid:9092"
    told = refusal_of(KafkaConfig.model_validate({"brokers": brokers}))
    assert isinstance(told, SinkUnavailable)
    assert f"127.0.0.1:{free_port}: nobody listens there" in str(told)
    assert "nowhere.invalid:9092: the host name cannot be resolved" in str(told)


def test_one_broker_of_the_list_is_enough(kafka_broker: Broker, free_port: int) -> None:
    brokers = [f"127.0.0.1:{free_port}", kafka_broker.address]
    cluster_of(KafkaConfig.model_validate({"brokers": brokers}))


def test_who_takes_a_connection_and_says_nothing_is_given_up(strangers: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        configs = [
            KafkaConfig.model_validate({"brokers": address, "tls": tls})
            for tls in (None, {"ca": strangers.certificate})
        ]
        for told in refusals_of(*configs):
            assert isinstance(told, SinkUnavailable)
            assert "no answer in time" in str(told)


@pytest.mark.usefixtures("soon_given_up")
def test_nothing_is_left_behind_by_a_client_that_did_not_come_in(free_port: int) -> None:
    before = set(threading.enumerate())
    refusal_of(KafkaConfig.model_validate({"brokers": f"127.0.0.1:{free_port}"}))
    assert set(threading.enumerate()) <= before


def test_asking_for_a_topic_makes_none(start_broker: StartBroker) -> None:
    broker = start_broker(Options(properties={"auto.create.topics.enable": "true"}))
    config = KafkaConfig.model_validate({"brokers": broker.address})
    producer = connected(KafkaProducer, config, max_block_ms=1000)
    with closing(producer), pytest.raises(KafkaTimeoutError):
        producer.partitions_for("asked-for")
    with closing(connected(KafkaAdminClient, config)) as admin:
        assert admin.list_topics() == []


def test_a_client_says_why_its_broker_is_away_until_it_is_back(start_broker: StartBroker) -> None:
    broker = start_broker()
    config = KafkaConfig.model_validate({"brokers": broker.address})
    admin = connected(KafkaAdminClient, config)
    with closing(admin):
        admin.list_topics()
        assert trouble(admin, config) is None
        broker.kill()
        while "nobody listens there" not in str(trouble(admin, config)):
            with pytest.raises(KafkaError):
                admin.list_topics()
        broker.start()
        while trouble(admin, config) is not None:
            with suppress(KafkaError):
                admin.list_topics()
        admin.list_topics()


def test_a_topic_that_may_not_be_written_to_is_named(gates: Gates, topic_name: str) -> None:
    ensure_topics(gates.as_user("boss"), [topic_name])
    config = gates.as_user("writer")
    producer = connected(KafkaProducer, config)
    with closing(producer), pytest.raises(KafkaError) as refused:
        producer.send(topic_name, b"x").get(60)
    refusal = explained(refused.value, config)
    assert isinstance(refusal, SinkRefused)
    assert str(refusal).endswith(f": 'writer' may not write to topic '{topic_name}'")


def test_a_record_that_is_too_large_is_rejected_alone(kafka_broker: Broker, topic_name: str) -> None:
    config = KafkaConfig.model_validate({"brokers": kafka_broker.address})
    ensure_topics(config, [topic_name])
    producer = connected(KafkaProducer, config, max_request_size=2**24)
    with closing(producer), pytest.raises(KafkaError) as refused:
        producer.send(topic_name, b"x" * 2_000_000).get(60)
    assert isinstance(explained(refused.value, config), MessageRejected)


# Tokens.


def oauth(url: str, secret: str = SECRET, **more: Any) -> dict[str, Any]:
    token = {"url": url, "client_id": CLIENT, "client_secret": secret, **more}
    return {"mechanism": "oauthbearer", "token": token}


def test_a_token_opens(gates: Gates, cluster: str) -> None:
    with token_server(giving(UnsignedToken("writer").token(), 600)) as server:
        assert cluster_of(gates.config("sasl", sasl=oauth(server.url, scope=SCOPE))) == cluster
    [(_, fields)] = server.requests
    assert fields == {"grant_type": ["client_credentials"], "scope": [SCOPE]}


def test_a_token_that_the_broker_does_not_take_is_told(gates: Gates) -> None:
    expired = UnsignedToken("writer", life_s=-60).token()
    with token_server(giving(expired, 600)) as server:
        refusal = refusal_of(gates.config("sasl", sasl=oauth(server.url)))
    assert isinstance(refusal, SinkRefused)
    assert f"the token of '{CLIENT}' is not accepted (oauthbearer)" in str(refusal)
    assert expired not in str(refusal)


def test_who_gets_no_token_is_told_why(gates: Gates, free_port: int) -> None:
    with token_server(giving("unused", 600)) as server:
        wrong = refusal_of(gates.config("sasl", sasl=oauth(server.url, "another-word")))
        moved = refusal_of(gates.config("sasl", sasl=oauth(server.url.replace("/token", "/moved"))))
    assert isinstance(wrong, SinkRefused)
    assert f"{server.url}: no token for '{CLIENT}': invalid_client (HTTP 401)" in str(wrong)
    # A redirection would carry the secret to a place that nobody has configured.
    assert isinstance(moved, SinkRefused)
    assert [path for path, _ in server.requests] == ["/token", "/moved"]
    away = refusal_of(gates.config("sasl", sasl=oauth(f"http://127.0.0.1:{free_port}/token")))
    assert isinstance(away, SinkUnavailable)
    assert "no token: Connection refused" in str(away)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b"<html>", SinkRefused),
        (200, b"[]", SinkRefused),
        (200, b'{"access_token": 7}', SinkRefused),
        (200, b'{"access_token": "a\\u0001b"}', SinkRefused),
        (400, b'{"error": "invalid_scope"}', SinkRefused),
        (503, b"busy", SinkUnavailable),
        (429, b"", SinkUnavailable),
    ],
)
def test_a_strange_answer_of_the_token_server_is_one_line(
    status: int, body: bytes, kind: type[SinkError]
) -> None:
    with token_server(lambda: (status, body)) as server, pytest.raises(kind) as told:
        credentials(server.url).token()
    assert server.url in str(told.value)
    assert "\n" not in str(told.value)
    assert SECRET not in str(told.value)


def test_a_token_is_kept_while_it_is_good() -> None:
    with token_server(giving("long", 600)) as server:
        provider = credentials(server.url)
        assert {provider.token() for _ in range(3)} == {"long"}
    assert len(server.requests) == 1
    with token_server(giving("short", 0)) as server:
        provider = credentials(server.url)
        assert {provider.token() for _ in range(3)} == {"short"}
    assert len(server.requests) == 3


def test_an_address_is_told_without_what_is_secret_in_it(free_port: int) -> None:
    host = f"127.0.0.1:{free_port}"
    for address, kind in [
        (f"http://{host}/token?key=secret", SinkUnavailable),
        (f"http://me:secret@{host}/token", SinkRefused),
        (f"http://{host}/token?key=sécret", SinkRefused),
    ]:
        with pytest.raises(kind) as told:
            credentials(address).token()
        assert f"http://{host}/token: " in str(told.value)
        assert "secret" not in str(told.value)
        assert "sécret" not in str(told.value)


def credentials(url: str) -> ClientCredentials:
    return ClientCredentials(
        TokenConfig.model_validate({"url": url, "client_id": CLIENT, "client_secret": SECRET})
    )


# Every error there is.

LOGINS: tuple[dict[str, Any], ...] = (
    {"mechanism": "plain", "username": "viewer", "password": "password-secret"},
    {
        "mechanism": "oauthbearer",
        "token": {"url": "https://t/", "client_id": "me", "client_secret": "token-secret"},
    },
)
TOLD = (
    "at line 1\n with key-secret, password-secret\t in it",
    "at line 1\n with key-secret, token-secret\t in it",
)


def secretive(login: dict[str, Any]) -> KafkaConfig:
    tls = {"certificate": "c.pem", "key": "k.pem", "key_password": "key-secret"}
    return KafkaConfig.model_validate({"brokers": "somewhere:9093", "tls": tls, "sasl": login})


def every_error(told: str) -> Iterator[BaseException]:
    for kind in vars(kafka.errors).values():
        if isinstance(kind, type) and issubclass(kind, KafkaError):
            yield kind(told)
    yield OSError(told)
    yield OSError(111, told)
    yield ssl.SSLError(1, told)
    yield kafka.errors.KafkaConnectionError(ssl.SSLError(1, told))
    yield ValueError(told)


@pytest.mark.parametrize(
    ("error", "login"),
    [(error, login) for told, login in zip(TOLD, LOGINS, strict=True) for error in every_error(told)],
    ids=lambda value: value["mechanism"] if isinstance(value, dict) else type(value).__name__,
)
def test_every_error_is_one_line_without_secrets(error: BaseException, login: dict[str, Any]) -> None:
    told = explained(error, secretive(login))
    assert str(told).startswith("kafka somewhere:9093: ")
    assert str(told).isprintable()
    assert "secret" not in str(told)
    if isinstance(error, RetriableError | OSError):
        assert isinstance(told, SinkUnavailable)


# What the tests need.


@pytest.fixture
def soon_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Brokers that are not there are not there any more after a second than after five."""
    monkeypatch.setattr(arguments, "BOOTSTRAP_MS", 1000)


@pytest.fixture
def free_port() -> Iterator[int]:
    """A port that nobody listens on, and nobody else takes."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(scope="module")
def strangers(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that no broker knows."""
    return Authority(tmp_path_factory.mktemp("strangers"))


@pytest.fixture
def locked(gates: Gates, tmp_path: Path) -> Identity:
    """A client's certificate whose key has a password."""
    identity = gates.broker.authority.client("writer")
    key = tmp_path / "locked.key"
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    command = ["openssl", "pkcs8", "-topk8", "-in", identity.key, "-out", key]
    subprocess.run([*command, "-passout", f"file:{secret}"], check=True, capture_output=True)
    return Identity(identity.certificate, key)
