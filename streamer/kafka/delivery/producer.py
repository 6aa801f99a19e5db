"""The client's producer, as the sender wants it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError

from streamer.kafka.client.arguments import connected, explained
from streamer.kafka.client.topics import ensure_topics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamer.config.bus import KafkaConfig
    from streamer.kafka.delivery.sender import Receipt
    from streamer.kafka.message import Message

SEND_TIMEOUT_MS: Final = 2000
"""For a topic that is not known (any more)."""
DELIVERY_TIMEOUT_MS: Final = 3_600_000
"""A frozen broker is waited for, without sending twice."""
FORGET_LIMITS_S: Final = 60.0
"""After so long it is tried again whether a topic takes larger records."""
REQUEST_BYTES: Final = 16 * 2**20
"""The broker's own limit on a record decides, not the client's."""
CLOSE_S: Final = 0.5


class SizeLimits:
    """What is known to be too large for a topic, so that it is not tried with every picture."""

    def __init__(self) -> None:
        self._limits: dict[str, tuple[int, float]] = {}

    def note(self, message: Message) -> None:
        """A message was too large."""
        limit, _ = self._limits.get(message.topic, (message.size, 0.0))
        self._limits[message.topic] = min(limit, message.size), time.monotonic() + FORGET_LIMITS_S

    def refuse(self, message: Message) -> bool:
        """Whether a message is as large as one that was."""
        limit, until = self._limits.get(message.topic, (0, 0.0))
        return time.monotonic() < until and message.size >= limit


class Producer:
    """An idempotent producer (KIP-98) that stops for good at the first failure.

    It has one batch of a partition under way at a time. When that fails, kafka-python goes on with the next
    one, and after some failures fails everything that follows with the same error; so that no record
    overtakes those that have to be sent again, it is stopped from within the callback, before it can.
    """

    def __init__(self, config: KafkaConfig, topics: Sequence[str], limits: SizeLimits) -> None:
        """
        Args:
            config: brokers, and who we are.
            topics: that records go to; made where they are missing.
            limits: what is known from earlier connections.

        Raises:
            SinkUnavailable, SinkRefused: it cannot be used.
        """
        self._config = config
        self._topics = tuple(topics)
        self._limits = limits
        self._told: set[str] = set()
        self.check()
        self._producer: Any = connected(
            KafkaProducer,
            config,
            acks="all",
            compression_type=None if config.compression == "none" else config.compression,
            max_block_ms=SEND_TIMEOUT_MS,
            delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
            max_request_size=REQUEST_BYTES,
            allow_auto_create_topics=False,
        )

    def send(self, message: Message, receipt: Receipt) -> None:
        if self._limits.refuse(message):
            raise explained(MessageSizeTooLargeError(), self._config)
        try:
            future = self._producer.send(
                message.topic, message.value, key=message.key, headers=list(message.headers)
            )
        except (KafkaError, OSError, RuntimeError) as error:
            # RuntimeError: it was stopped meanwhile, from within `_failed`.
            raise explained(error, self._config) from error
        future.add_callback(lambda _: receipt.acknowledged())
        future.add_errback(partial(self._failed, message, receipt))

    def check(self) -> None:
        ensure_topics(self._config, self._topics, self._told)

    def close(self) -> None:
        self._producer._sender.force_close()
        self._producer.close(timeout=CLOSE_S)

    def _failed(self, message: Message, receipt: Receipt, error: BaseException) -> None:
        if isinstance(error, MessageSizeTooLargeError):
            self._limits.note(message)
        # The reason first: from here on whatever is handed over fails, too.
        receipt.failed(explained(error, self._config))
        self._producer._sender.force_close()
