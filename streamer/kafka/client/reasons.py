"""Errors of the Kafka client as one line for a person, and whether it is worth trying again."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from kafka import errors

from streamer.errors import MessageRejected, SinkError, SinkRefused, SinkUnavailable
from streamer.kafka.client.link import Unreachable, refuses, tls_error, tls_reason

if TYPE_CHECKING:
    from streamer.config.bus import KafkaConfig

REJECTED: Final = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.InvalidRecordError,
    errors.InvalidTimestampError,
    errors.UnsupportedForMessageFormatError,
)
"""What is wrong with one record, and stays so."""

REFUSED: Final = (
    errors.AuthorizationError,
    errors.IllegalSaslStateError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IncompatibleBrokerVersion,
    errors.UnsupportedVersionError,
    errors.UnsupportedCodecError,
    errors.UnsupportedCompressionTypeError,
    errors.InvalidTopicError,
    errors.InvalidPartitionsError,
    errors.InvalidReplicationFactorError,
    errors.InvalidConfigurationError,
    errors.PolicyViolationError,
    errors.SecurityDisabledError,
)
"""What a person has to change."""

TEXTS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (errors.MessageSizeTooLargeError, "a record is larger than the topic allows (max.message.bytes)"),
    (errors.RecordListTooLargeError, "a batch is larger than the topic's segments"),
    (errors.InvalidRecordError, "a record is not valid for its topic"),
    (errors.InvalidTimestampError, "a record's time is not one that the topic takes"),
    (errors.UnknownTopicOrPartitionError, "there is no such topic"),
    (errors.UnknownTopicIdError, "there is no such topic"),
    (errors.NotLeaderForPartitionError, "the leader of a partition has changed"),
    (errors.LeaderNotAvailableError, "a partition has no leader"),
    (errors.NotEnoughReplicasError, "fewer replicas than min.insync.replicas are there"),
    (errors.NotEnoughReplicasAfterAppendError, "fewer replicas than min.insync.replicas are there"),
    (errors.KafkaStorageError, "the broker cannot write to its disk"),
    (errors.ThrottlingQuotaExceededError, "the quota is used up"),
    (errors.InvalidPartitionsError, "the number of partitions is not allowed"),
    (errors.InvalidReplicationFactorError, "there are fewer brokers than replicas are asked for"),
    (errors.PolicyViolationError, "a policy of the cluster forbids it"),
    (errors.IncompatibleBrokerVersion, "its version of Kafka is too old"),
    (errors.UnsupportedVersionError, "its version of Kafka is too old"),
    (errors.UnsupportedCompressionTypeError, "the topic does not take that compression"),
    (errors.NodeNotReadyError, "no broker is ready"),
    (errors.RequestTimedOutError, "no answer in time"),
    (errors.KafkaTimeoutError, "no answer in time"),
    (errors.InvalidReceiveError, "what answers there does not speak Kafka; does it expect TLS (kafka.tls)?"),
)

CONNECTING: Final = (
    ("ECONNREFUSED", "nobody listens there"),
    ("DNS lookup failed", "the host name cannot be resolved"),
    ("EHOSTUNREACH", "the host cannot be reached"),
    ("ENETUNREACH", "the network cannot be reached"),
    ("timed out", "no answer in time"),
)
"""What the library says of a connection that fails, and what that means."""

LOST: Final = re.compile(r"disconnected|ECONNRESET|EPIPE|Connection reset|Broken pipe|EOF occurred")
CLOSED: Final = "the connection was closed"
TOPIC: Final = re.compile(r"[A-Za-z0-9._-]+")
LONGEST: Final = 200


def explained(error: BaseException, config: KafkaConfig, doing: str = "write to") -> SinkError:
    """The error as one line: where, and what is wrong; never with a password, token or secret.

    Args:
        error: of the client, the network or TLS.
        config: what the client was made from.
        doing: what was not allowed, where it is a topic that we have no right to.

    Returns:
        `SinkUnavailable`: it is worth trying again. `SinkRefused`: a person has to change something.
        `MessageRejected`: of a record that will never be taken.
    """
    if isinstance(error, Unreachable) and error.failures:
        return unreachable(error.failures, config, at_first=True)
    told = f"kafka {where(config)}: {reason(error, config, doing)}"
    if isinstance(error, REJECTED):
        return MessageRejected(told)
    return SinkRefused(told) if isinstance(error, REFUSED) or refuses(error) else SinkUnavailable(told)


def unreachable(failures: Mapping[str, BaseException], config: KafkaConfig, *, at_first: bool) -> SinkError:
    """What each broker said; the same words only once.

    Args:
        failures: by ``host:port``.
        config: what the client was made from.
        at_first: none was ever reached, so that an option may be missing.
    """
    reasons: dict[str, list[str]] = {}
    for broker, failure in sorted(failures.items()):
        why = reason(failure, config)
        hint = _missing(config) if at_first and why == CLOSED else ""
        reasons.setdefault(why + hint, []).append(broker)
    told = "; ".join(f"{', '.join(brokers)}: {why}" for why, brokers in reasons.items())
    refused = all(refuses(failure) for failure in failures.values())
    return SinkRefused(f"kafka {told}") if refused else SinkUnavailable(f"kafka {told}")


def _missing(config: KafkaConfig) -> str:
    """What may be wrong where a broker hangs up on who comes without it."""
    options = {"kafka.tls": config.tls, "kafka.sasl": config.sasl}
    missing = [option for option, given in options.items() if given is None]
    return f"; does it expect {' or '.join(missing)}?" if missing else ""


def reason(error: BaseException, config: KafkaConfig, doing: str = "write to") -> str:
    """What is wrong, without where."""
    if isinstance(error, SinkError):
        return str(error)
    for explain in (_tls, _identity, _authorization, _known, _connection):
        if (told := explain(error, config, doing)) is not None:
            return told
    return _bare(error, config)


def _tls(error: BaseException, config: KafkaConfig, _doing: str) -> str | None:
    cause = tls_error(error)
    said = tls_reason(cause)
    match cause:
        case None:
            return None
        case ssl.SSLCertVerificationError():
            message = cause.verify_message.rstrip(".")
            option = "check_hostname" if "mismatch" in message else "ca"
            return f"its certificate is not trusted: {message} (kafka.tls.{option})"
        case ssl.SSLEOFError():
            return "it hangs up on TLS; does that port speak it (kafka.tls)?"
    if "WRONG_VERSION_NUMBER" in said or "UNKNOWN_PROTOCOL" in said or "RECORD" in said:
        return "what answers there does not speak TLS (kafka.tls)"
    if "ALERT" in said and ("CERT" in said or "UNKNOWN_CA" in said):
        if config.tls is None or config.tls.certificate is None:
            return "it requires a client certificate: set kafka.tls.certificate and kafka.tls.key"
        return f"it does not accept our certificate, {config.tls.certificate} (kafka.tls.certificate)"
    return f"TLS failed: {said.lower().replace('_', ' ') or type(cause).__name__}"


def _identity(error: BaseException, config: KafkaConfig, _doing: str) -> str | None:
    sasl = config.sasl
    match error:
        case errors.SaslAuthenticationFailedError() if sasl is not None and sasl.token is not None:
            return f"the token of {sasl.token.client_id!r} is not accepted ({sasl.mechanism})"
        case errors.SaslAuthenticationFailedError() if sasl is not None:
            return f"wrong user name or password for {sasl.username!r} ({sasl.mechanism})"
        case errors.UnsupportedSaslMechanismError() if sasl is not None:
            return f"it does not offer {sasl.mechanism} (kafka.sasl.mechanism)"
        case errors.IllegalSaslStateError():
            return "that port wants no user name: leave kafka.sasl out, or name another port"
    return None


def _authorization(error: BaseException, config: KafkaConfig, doing: str) -> str | None:
    match error:
        case errors.TopicAuthorizationFailedError():
            topics = ", ".join(repr(topic) for topic in _topics(error))
            return (
                f"{who(config)} may not {doing} topic {topics}"
                if topics
                else f"{who(config)} may not {doing} it"
            )
        case errors.ClusterAuthorizationFailedError():
            return f"{who(config)} has no right to do that in this cluster"
        case errors.AuthorizationError():
            return f"{who(config)} has no right to do that"
    return None


def _topics(error: BaseException) -> Iterator[str]:
    """The topics of an error, whose arguments are a name, or a set of names."""
    for part in error.args:
        names = [part] if isinstance(part, str) else part
        yield from sorted(name for name in names if TOPIC.fullmatch(str(name)))


def _known(error: BaseException, _config: KafkaConfig, _doing: str) -> str | None:
    return next((text for kind, text in TEXTS if isinstance(error, kind)), None)


def _connection(error: BaseException, _config: KafkaConfig, _doing: str) -> str | None:
    said = str(error)
    if LOST.search(said):
        return CLOSED
    return next((text for mark, text in CONNECTING if mark in said), None)


def _bare(error: BaseException, config: KafkaConfig) -> str:
    """What is said where nothing better is known: one line without secrets."""
    said = str(error.strerror if isinstance(error, OSError) and error.strerror else error)
    said = "".join(each if each.isprintable() else " " for each in said)
    for secret in secrets(config):
        said = said.replace(secret, "***")
    return said[:LONGEST] or type(error).__name__


def secrets(config: KafkaConfig) -> Iterator[str]:
    """What no message may contain."""
    sasl, tls = config.sasl, config.tls
    values = (
        sasl.password if sasl is not None else None,
        sasl.token.client_secret if sasl is not None and sasl.token is not None else None,
        tls.key_password if tls is not None else None,
    )
    for value in values:
        if value is not None and value.get_secret_value():
            yield value.get_secret_value()


def where(config: KafkaConfig) -> str:
    """The brokers that were configured."""
    return ", ".join(config.brokers)


def who(config: KafkaConfig) -> str:
    """Who we are to the brokers."""
    sasl = config.sasl
    if sasl is None:
        return (
            "our certificate" if config.tls is not None and config.tls.certificate is not None else "nobody"
        )
    return repr(sasl.token.client_id if sasl.token is not None else sasl.username)
