"""Asks a broker whether it takes clients, in Kafka's own protocol."""

import socket
import struct
from typing import Final

from deploy.kafka.ports import HOST

METADATA: Final = 3
"""Key of the request for metadata, of which version 1 is asked (https://kafka.apache.org/protocol)."""
ANSWER_S: Final = 5.0


def answers(port: int) -> bool:
    """Whether the listener at ``port``, without TLS or SASL, tells of a broker that may be used.

    A broker listens before its controller lets it serve; until then it tells of none.
    """
    # Version 1, correlation 0, no client's name, and an empty list of topics.
    request = struct.pack(">hhihi", METADATA, 1, 0, -1, 0)
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_S) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            head = _read(connection, 12)
    except OSError:
        return False
    _length, _correlation, brokers = struct.unpack(">iii", head)
    return bool(brokers > 0)


def listens(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=ANSWER_S).close()
    except OSError:
        return False
    return True


def _read(connection: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        more = connection.recv(size - len(read))
        if not more:
            raise ConnectionResetError("the answer was cut short")
        read += more
    return read
