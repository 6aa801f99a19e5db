"""The client's producer, as the sender wants it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from streamer.errors import MessageRejected
from streamer.kafka.client import connected, explained
from streamer.kafka.topics import ensure_topics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streamer.bus import KafkaConfig
    from streamer.kafka.message import Message
    from streamer.kafka.sender import Receipt

SEND_TIMEOUT_MS: Final = 2000
"""For a topic that is not known (any more)."""
DELIVERY_TIMEOUT_MS: Final = 3_600_000
"""A frozen broker is waited for, without sending twice."""
REQUEST_BYTES: Final = 16 * 2**20
"""The broker's own limit on a record decides, not the client's."""
CLOSE_S: Final = 2.0


class Producer:
    """An idempotent producer (KIP-98) that stops for good at the first failure.

    It has one batch of a partition under way at a time. When that fails, kafka-python goes on with the next
    one; so that records cannot overtake those that have to be sent again, it is stopped from within the
    callback, before it can.
    """

    def __init__(self, config: KafkaConfig, topics: Sequence[str]) -> None:
        """
        Args:
            config: brokers, and who we are.
            topics: that records go to; made where they are missing.

        Raises:
            SinkUnavailable, SinkRefused: it cannot be used.
        """
        self._config = config
        self._topics = tuple(topics)
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
        try:
            future = self._producer.send(
                message.topic, message.value, key=message.key, headers=list(message.headers)
            )
        except (KafkaError, OSError) as error:
            raise explained(error, self._config) from error
        future.add_callback(lambda _: receipt.acknowledged())
        future.add_errback(partial(self._failed, receipt))

    def check(self) -> None:
        ensure_topics(self._config, self._topics, self._told)

    def close(self) -> None:
        self._producer._sender.force_close()
        self._producer.close(timeout=CLOSE_S)

    def _failed(self, receipt: Receipt, error: BaseException) -> None:
        problem = explained(error, self._config)
        if not isinstance(problem, MessageRejected):
            self._producer._sender.force_close()
        receipt.failed(problem)
