"""Sends what waits to the brokers, in order, until each message is acknowledged."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Final, Protocol

from streamer.errors import ConfigError, MessageRejected, SinkError, SinkUnavailable, StreamerError
from streamer.kafka.message import Message, Queued

if TYPE_CHECKING:
    from streamer.kafka.delivery.backlog import Backlog

log = logging.getLogger(__name__)

IN_FLIGHT: Final = 2000
IN_FLIGHT_BYTES: Final = 16 * 2**20
AT_ONCE: Final = 200
WAIT_S: Final = 0.1
FULL_WAIT_S: Final = 0.002
FORGET_EVERY_S: Final = 0.2
STALLED_S: Final = 5.0
"""Without an acknowledgement for so long, it is looked what is wrong."""
GIVEN_UP_S: Final = 60.0
"""Without one for so long from brokers that answer, the connection is given up."""
REFUSALS_EVERY_S: Final = 60.0
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
FLUSH_S: Final = 1.5
CLOSE_S: Final = 1.0


class Connection(Protocol):
    """A connected producer: what it is given goes out in order, camera by camera."""

    def send(self, message: Message, receipt: Receipt) -> None:
        """Hand over a message; a SinkError when it cannot be. Its receipt is told from another thread.

        Once a receipt was told of a failure, nothing more goes out, and no other failure means anything.
        """

    def check(self) -> None:
        """See to the topics again; SinkUnavailable or SinkRefused says what is wrong."""

    def close(self) -> None:
        """Send nothing more."""


class Receipt(Protocol):
    """What becomes of one message."""

    def acknowledged(self) -> None: ...

    def failed(self, error: SinkError) -> None: ...


class Store(Protocol):
    """Where messages lie until they were delivered."""

    def remove(self, delivered: Sequence[Queued]) -> None: ...

    def keep_aside(self, message: Message, reason: str) -> None: ...


class DeliveryObserver(Protocol):
    """Counts; called from any thread."""

    def delivered(self, topic: str, seconds: float) -> None: ...

    def retried(self, topic: str) -> None: ...

    def left_out(self, topic: str, reason: str, count: int = 1) -> None: ...


class ReachObserver(Protocol):
    """Hears how the brokers do, again and again; called from the sender's thread."""

    def reached(self, problem: StreamerError | None) -> None:
        """The brokers take messages, or why they don't."""


@dataclass(slots=True, eq=False)
class InFlight:
    """A message that was handed over; the receipt of it.

    Attributes:
        connection: number of the one it was handed to; what is heard of an earlier one means nothing.
        done: acknowledged, or refused for ever; ``refusal`` says why.
    """

    sender: Sender
    queued: Queued
    connection: int
    done: bool = False
    refusal: MessageRejected | None = None

    def acknowledged(self) -> None:
        self.done = True
        self.sender.progress(self.queued.message)

    def failed(self, error: SinkError) -> None:
        if self.sender.fail(error, self.connection) and isinstance(error, MessageRejected):
            self.refusal, self.done = error, True


class Sender:
    """Empties the backlog on a thread of its own.

    Messages that are not acknowledged stay in order in its hands. When one of them fails, the connection is
    given up and all of them are sent again over a new one: some may arrive twice, none out of order.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        backlog: Backlog,
        store: Store,
        observer: DeliveryObserver,
        reach: ReachObserver,
    ) -> None:
        """
        Args:
            connect: connects, and sees to the topics; SinkUnavailable or SinkRefused says why it cannot.
            backlog: what is to be sent.
            store: where delivered messages are forgotten.
            observer: counts and measures.
            reach: hears whether the brokers take anything.
        """
        self._connect = connect
        self._backlog = backlog
        self._store = store
        self._observer = observer
        self._reach = reach
        self._in_flight: deque[InFlight] = deque()
        self._connection = 0
        self._size = 0
        self._delivered: list[Queued] = []
        self._forgotten_at = 0.0
        self._progress_at = self._looked_at = 0.0
        self._problem: SinkError | None = None
        self._refusal_told_at: dict[str, float] = {}
        self._told: StreamerError | None = None
        self._closing = Event()
        self._deadline = math.inf
        self._thread = Thread(target=self._work, name="kafka-sender", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> list[Message]:
        """Send what waits for at most ``FLUSH_S``, then stop.

        Returns:
            What was not acknowledged and is only in memory, in order.
        """
        self._deadline = time.monotonic() + FLUSH_S
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(FLUSH_S + CLOSE_S)
        left = [each.queued for each in self._in_flight if not each.done]
        return [each.message for each in left if each.number is None] + self._backlog.close()

    @property
    def count(self) -> int:
        """Messages on their way."""
        return len(self._in_flight)

    @property
    def busy(self) -> bool:
        """Whether anything is on its way, or delivered and not yet forgotten."""
        return bool(self._in_flight or self._delivered)

    # Told by the network's thread.

    def progress(self, message: Message) -> None:
        """A message was acknowledged."""
        self._progress_at = now = time.monotonic()
        self._observer.delivered(message.topic, now - message.made_at)

    def fail(self, error: SinkError, connection: int) -> bool:
        """A connection has failed; whether this is the first reason, which is the one that counts."""
        if self._problem is not None or connection != self._connection:
            return False
        self._problem = error
        return True

    # On its own thread.

    def _work(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._finished():
            began = time.monotonic()
            try:
                self._serve()
            except (SinkError, ConfigError) as error:
                # A refusal is told where its message is left out; the brokers are well.
                if not isinstance(self._problem, MessageRejected):
                    self._tell(error)
            except Exception as error:  # whatever the client does, what waits is tried again
                log.exception("the connection to kafka has failed")
                self._tell(SinkUnavailable(f"kafka: {error}"))
            if self._progress_at > began:
                pause_s = FIRST_PAUSE_S
            if self._closing.wait(pause_s):
                time.sleep(WAIT_S)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self._forget(time.monotonic(), at_once=True)

    def _serve(self) -> None:
        """Send until it is to end, or the connection fails."""
        # What the last connection said, or says yet, is not said of this one.
        self._connection += 1
        self._problem = None
        connection = self._connect()
        try:
            self._progress_at = time.monotonic()
            self._tell(None)
            for each in self._begin_anew():
                self._observer.retried(each.queued.message.topic)
                self._hand_over(connection, each)
            while not self._finished():
                self._go_on(connection)
        finally:
            connection.close()

    def _begin_anew(self) -> list[InFlight]:
        """What has to be sent again over a new connection."""
        before, self._in_flight = self._in_flight, deque()
        for each in before:
            if each.done:
                self._let_go(each)
            else:
                self._in_flight.append(InFlight(self, each.queued, self._connection))
        return list(self._in_flight)

    def _go_on(self, connection: Connection) -> None:
        if self._problem is not None:
            raise self._problem
        now = time.monotonic()
        self._settle()
        self._forget(now)
        if self._told is not None and self._progress_at > self._looked_at:
            self._tell(None)
        if self._in_flight and now - max(self._progress_at, self._looked_at) > STALLED_S:
            self._look(connection)
        room = IN_FLIGHT - len(self._in_flight)
        if room <= 0 or self._size > IN_FLIGHT_BYTES:
            # Through an outage there is no hurry.
            time.sleep(FULL_WAIT_S if now - self._progress_at < WAIT_S else WAIT_S)
            return
        taken = self._backlog.take(min(room, AT_ONCE), WAIT_S)
        if taken and not self._in_flight:
            self._progress_at = time.monotonic()
        entries = [InFlight(self, queued, self._connection) for queued in taken]
        self._in_flight.extend(entries)
        self._size += sum(queued.message.size for queued in taken)
        for entry in entries:
            self._hand_over(connection, entry)

    def _hand_over(self, connection: Connection, entry: InFlight) -> None:
        try:
            connection.send(entry.queued.message, entry)
        except MessageRejected as error:
            entry.refusal, entry.done = error, True

    def _settle(self) -> None:
        """Let go of what is done, oldest first."""
        while self._in_flight and self._in_flight[0].done:
            self._let_go(self._in_flight.popleft())

    def _let_go(self, entry: InFlight) -> None:
        message = entry.queued.message
        self._size -= message.size
        if entry.refusal is not None:
            self._refused(message, entry.refusal)
        if entry.queued.number is not None:
            self._delivered.append(entry.queued)

    def _refused(self, message: Message, refusal: MessageRejected) -> None:
        self._observer.left_out(message.topic, "refused")
        now = time.monotonic()
        if now - self._refusal_told_at.get(message.topic, -math.inf) > REFUSALS_EVERY_S:
            self._refusal_told_at[message.topic] = now
            log.error(
                "%s; left out a record of %d bytes for %s, and will say so once a minute",
                refusal,
                message.size,
                message.topic,
            )
        if message.lasting:
            self._store.keep_aside(message, str(refusal))

    def _forget(self, now: float, *, at_once: bool = False) -> None:
        """Delete what was delivered from the disk, many at a time."""
        if not self._delivered or (now - self._forgotten_at < FORGET_EVERY_S and not at_once):
            return
        self._forgotten_at = now
        try:
            self._store.remove(self._delivered)
        except SinkUnavailable as error:
            # They stay in line: what is delivered twice has the same id.
            log.debug("%s", error)
        else:
            self._delivered = []

    def _look(self, connection: Connection) -> None:
        """Nothing is acknowledged: say why, and make a topic again that was deleted."""
        self._looked_at = time.monotonic()
        try:
            connection.check()
        except SinkError as error:
            self._tell(error)
        else:
            if self._looked_at - self._progress_at > GIVEN_UP_S:
                raise SinkUnavailable("kafka: brokers answer, but acknowledge nothing")

    def _finished(self) -> bool:
        if not self._closing.is_set():
            return False
        idle = not self._in_flight and not self._backlog.waiting
        return idle or time.monotonic() >= self._deadline

    def _tell(self, problem: StreamerError | None) -> None:
        self._told = problem
        self._backlog.brokers_away(problem is not None)
        self._reach.reached(problem)
