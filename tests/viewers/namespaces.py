"""A network of three: a service, a viewer, and a router between them that only forwards some ports.

The router is this process, in the namespace it is in: it owns the address that the viewer knows, and passes
packets on as Docker's own proxy does, from a port of its own for each peer.
"""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pytest

SERVICE: Final = "sight-service"
VIEWER: Final = "sight-viewer"
LINKS: Final = {
    SERVICE: ("sight-s", "198.18.0.1", "198.18.0.2"),
    VIEWER: ("sight-v", "198.19.0.1", "198.19.0.2"),
}


@dataclass(frozen=True, slots=True)
class Network:
    """The addresses of it.

    Attributes:
        service: of the service, which the viewer has no way to.
        inside: of the router, as the service sees it.
        outside: the same, as the viewer does.
    """

    service: str
    inside: str
    outside: str


def inside(namespace: str) -> list[str]:
    """What a command begins with to run there."""
    return ["ip", "netns", "exec", namespace]


@contextmanager
def network() -> Iterator[Network]:
    """Skips the test where namespaces cannot be made."""
    if os.geteuid() != 0:
        pytest.skip("namespaces of the network can only be made by root")
    try:
        for namespace in LINKS:
            _make(namespace)
    except (OSError, subprocess.CalledProcessError) as error:
        _unmake()
        pytest.skip(f"namespaces of the network cannot be made here: {error}")
    try:
        yield Network(LINKS[SERVICE][2], LINKS[SERVICE][1], LINKS[VIEWER][1])
    finally:
        _unmake()


def _make(namespace: str) -> None:
    link, here, there = LINKS[namespace]
    _ip("netns", "add", namespace)
    _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace)
    _ip("address", "add", f"{here}/30", "dev", link)
    _ip("link", "set", link, "up")
    for command in (
        ("link", "set", "lo", "up"),
        ("address", "add", f"{there}/30", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
    ):
        _ip("-n", namespace, *command)


def _unmake() -> None:
    for namespace, (link, _, _) in LINKS.items():
        subprocess.run(["ip", "link", "del", link], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", namespace], capture_output=True, check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@contextmanager
def forwarding(network: Network, ports: range) -> Iterator[None]:
    """Passes these UDP ports of the router on to the service, and what comes back to whom it is for."""
    stop_here, stop_there = socket.socketpair()
    forwarder = threading.Thread(target=_forward, args=(network, ports, stop_there))
    forwarder.start()
    try:
        yield
    finally:
        stop_here.close()
        forwarder.join()
        stop_there.close()


def _forward(network: Network, ports: range, stop: socket.socket) -> None:
    back: dict[socket.socket, tuple[socket.socket, tuple[str, int]]] = {}
    ways: dict[tuple[int, tuple[str, int]], socket.socket] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(stop, selectors.EVENT_READ)
        for port in ports:
            outer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            outer.bind((network.outside, port))
            selector.register(outer, selectors.EVENT_READ, port)
        while True:
            for key, _ in selector.select():
                if key.fileobj is stop:
                    for each in [*back, *(key.fileobj for key in selector.get_map().values())]:
                        if each is not stop:
                            each.close()
                    return
                received: socket.socket = key.fileobj
                packet, sender = received.recvfrom(65535)
                if received in back:
                    outer, peer = back[received]
                    outer.sendto(packet, peer)
                    continue
                way = ways.get((key.data, sender))
                if way is None:
                    way = ways[key.data, sender] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    way.connect((network.service, key.data))
                    back[way] = (received, sender)
                    selector.register(way, selectors.EVENT_READ)
                way.send(packet)
