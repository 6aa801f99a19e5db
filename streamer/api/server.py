"""Serves the HTTP application on one port, inside the caller's task group."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import anyio
import uvicorn
from anyio.abc import TaskStatus

from streamer.errors import StreamerError

if TYPE_CHECKING:
    from ssl import SSLContext

    from starlette.types import ASGIApp

BACKLOG: Final = 128
FAREWELL_S: Final = 1
"""How long open requests may take to finish when the service stops."""
STALLED_S: Final = 20.0
"""Who takes nothing for so long is cut off; closing would wait until they take what is on its way."""
MOST_RECEIVED_BYTES: Final = 4096
"""In a message of a socket: those who watch have nothing to say."""


class _Server(uvicorn.Server):
    """Leaves the process's signals to the command, which stops everything in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: ASGIApp,
    host: str,
    port: int,
    tls: SSLContext | None = None,
    *,
    task_status: TaskStatus[str] = anyio.TASK_STATUS_IGNORED,
) -> None:
    """Serves until it is cancelled; reports the address once it listens (port 0: a free one).

    Args:
        app: what is served.
        host: address or name to listen on.
        port: TCP port.
        tls: who we are to browsers; plain http without it.

    Raises:
        StreamerError: the address is in use, or not of this machine.
    """
    listening = await anyio.to_thread.run_sync(listen, host, port)
    config = uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        # Who may be believed about whom they speak for is said in the configuration.
        proxy_headers=False,
        server_header=False,
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
        timeout_graceful_shutdown=FAREWELL_S,
        ws="websockets-sansio",
        ws_max_size=MOST_RECEIVED_BYTES,
        # Video is compressed already.
        ws_per_message_deflate=False,
    )
    server = _Server(config)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_run, server, listening)
        try:
            task_status.started(address(listening, secure=tls is not None))
            await anyio.sleep_forever()
        finally:
            server.should_exit = True


async def _run(server: uvicorn.Server, listening: socket.socket) -> None:
    # Cancelled in the middle, uvicorn would leave connections open; it is asked to end instead.
    with anyio.CancelScope(shield=True), listening:
        await server.serve(sockets=[listening])


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; blocks while the name is looked up."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Connections have it from the socket that they come in by (tcp(7)); Linux alone knows it.
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(STALLED_S * 1000))
            listening.bind(where)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise StreamerError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listening


def address(listening: socket.socket, *, secure: bool = False) -> str:
    """``http://127.0.0.1:8080``, with the port that was really taken."""
    host, port = listening.getsockname()[:2]
    scheme = "https" if secure else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
