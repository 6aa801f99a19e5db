"""A real HTTP server that gives out tokens for client credentials (RFC 6749, section 4.4)."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote_plus

CLIENT = "camera house"
SECRET = "s3cr:et+%é"
SCOPE = "kafka write"


@dataclass(slots=True)
class TokenServer:
    """Knows one client.

    Attributes:
        url: where tokens are.
        requests: what came in: the path, the fields of the form.
    """

    url: str
    requests: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)


@contextmanager
def token_server(answer: Callable[[], tuple[int, bytes]]) -> Iterator[TokenServer]:
    """Answers who comes with ``CLIENT`` and ``SECRET`` with ``answer()``, a status and a body.

    ``/moved`` sends to ``/token``; everything else is a token's place.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            served.requests.append((self.path, parse_qs(body)))
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/token")
                self.end_headers()
                return
            status, content = answer() if self._knows() else (401, b'{"error": "invalid_client"}')
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            # Where a redirection would lead.
            self.do_POST()

        def _knows(self) -> bool:
            scheme, _, pair = self.headers["Authorization"].partition(" ")
            name, _, secret = base64.b64decode(pair).decode().partition(":")
            return scheme == "Basic" and (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)

        def log_message(self, *_arguments: object) -> None:
            """Not to the terminal of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = TokenServer(f"http://127.0.0.1:{server.server_port}/token")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def giving(token: str, life_s: float) -> Callable[[], tuple[int, bytes]]:
    body = {"access_token": token, "token_type": "Bearer", "expires_in": life_s}
    return lambda: (200, json.dumps(body).encode())
