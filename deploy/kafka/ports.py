"""Ports on loopback that stay a server's own while it is down."""

import random
import socket
from pathlib import Path
from typing import Final

from deploy.kafka.trouble import BrokerFailed

HOST: Final = "127.0.0.1"
LOWEST: Final = 20_000
EPHEMERAL: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
TRIES: Final = 1000


def free_ports(count: int) -> list[int]:
    """Distinct ports that nobody listens on.

    They lie below those which the kernel gives to connections: a client that retries while its broker is
    down could otherwise take the broker's port, or even connect to itself.

    Raises:
        BrokerFailed: none was found.
    """
    highest = int(EPHEMERAL.read_text().split()[0]) if EPHEMERAL.exists() else 32_768
    found: list[int] = []
    for port in random.sample(range(LOWEST, highest), min(TRIES, highest - LOWEST)):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    if len(found) < count:
        raise BrokerFailed(f"expected {count} free ports from {LOWEST} to {highest - 1}, found {len(found)}")
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Kafka does: a port of connections that have just ended counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
