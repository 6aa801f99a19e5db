"""Whom the address that is listened on lets come, and whether that is meant."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from streamer.access.proxies import is_loopback

if TYPE_CHECKING:
    from streamer.config.tree import HttpConfig


def is_private(host: str) -> bool:
    """Whether only programs on this machine reach this address; it blocks while a name is looked up."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        # Nobody can listen there, either, which is told when it is tried.
        return True
    return all(is_loopback(str(each[4][0])) for each in found)


def exposed(http: HttpConfig) -> str:
    """What to say where anybody could come in from other machines."""
    users = "sightline users add NAME --role admin, sightline run --first-admin"
    return (
        f"{http.host}: expected a way to sign in, where other machines reach the service: {users},"
        " http.token, or http.auth_header behind a proxy;"
        " --insecure lets anybody in"
    )
