"""Runs an image as somebody does who has just read how, and looks at what it does."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Final, TypeVar
from urllib.parse import urlencode

from deploy.image.container import Container
from deploy.image.engine import Engine
from deploy.image.trouble import ImageFailed

T = TypeVar("T")

PATIENCE_S: Final = 90.0
PAUSE_S: Final = 0.1
FIRST_ADMIN: Final = re.compile(r"first admin: (\w+), password: (\w+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said: status, text and cookie."""

    status: int
    text: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was seen: ``start_s`` is the time until it answers, ``stop_s`` that from the signal to the end."""

    start_s: float
    stop_s: float
    user: str


def ask(container: Container, path: str, form: dict[str, str] | None = None, cookie: str = "") -> Answer:
    """One request from outside."""
    connection = HTTPConnection("127.0.0.1", container.port, timeout=PATIENCE_S)
    body = None if form is None else urlencode(form)
    headers = {"Cookie": cookie} | (
        {} if form is None else {"Content-Type": "application/x-www-form-urlencoded"}
    )
    try:
        connection.request("GET" if form is None else "POST", path, body, headers)
        response = connection.getresponse()
        told = (response.getheader("Set-Cookie") or "").partition(";")[0]
        return Answer(response.status, response.read().decode(), told)
    finally:
        connection.close()


def until(container: Container, what: str, look: Callable[[], T | None]) -> T:
    """Looks until there is something to see; ImageFailed where the container ends, or it takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while (seen := look()) is None:
        if not container.runs() or time.monotonic() > deadline:
            raise ImageFailed(f"expected {what}, and it said:\n{container.log()}")
        time.sleep(PAUSE_S)
    return seen


def answer(container: Container, path: str, cookie: str = "") -> Answer | None:
    """What it says; None before it listens."""
    try:
        return ask(container, path, cookie=cookie)
    except (OSError, HTTPException):
        return None


def live(container: Container, cookie: str) -> str | None:
    """The name of a camera that pictures come from."""
    items = json.loads(ask(container, "/api/cameras", cookie=cookie).text)["items"]
    return next((item["name"] for item in items if item["state"] == "live"), None)


def require(wanted: object, received: object, what: str) -> None:
    if received != wanted:
        raise ImageFailed(f"{what}: expected {wanted!r}, received {received!r}")


def sign_in(container: Container, name: str, password: str) -> str:
    """The cookie of who has signed in."""
    said = ask(container, "/login", {"name": name, "password": password})
    require(303, said.status, "signing in as the first admin")
    return said.cookie


@contextmanager
def started(engine: Engine, image: str, volume: str, port: int) -> Iterator[Container]:
    """A container from when it answers on."""
    container = engine.start(image, volume, port)
    try:
        alive = until(container, "an answer", lambda: answer(container, "/healthz"))
        require(200, alive.status, "/healthz")
        yield container
    finally:
        container.remove()


def free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


def stopped(container: Container) -> float:
    """Seconds from the signal to the end."""
    began = time.monotonic()
    require(0, container.stop(), "the status with which SIGTERM ends it")
    return time.monotonic() - began


def check(engine: Engine, image: str, volume: str) -> Checked:
    """Start, sign in, see a camera, stop, and find in another container what was kept.

    Raises:
        ImageFailed: something of that is not as it should be.
    """
    # The same for both, as it would be: a browser's cookie is of one port.
    port, began = free_port(), time.monotonic()
    with started(engine, image, volume, port) as container:
        start_s = time.monotonic() - began
        container.check_health()
        (admin,) = FIRST_ADMIN.findall(container.log())
        require(401, ask(container, "/api/cameras").status, "/api/cameras for a stranger")
        cookie = sign_in(container, *admin)
        until(container, "a camera with pictures", lambda: live(container, cookie))
        user = container.execute(["id", "--user"])
        stop_s = stopped(container)
    with started(engine, image, volume, port) as container:
        require([], FIRST_ADMIN.findall(container.log()), "first admins of the second start")
        require(200, ask(container, "/api/cameras", cookie=cookie).status, "/api/cameras with the old cookie")
        sign_in(container, *admin)
        stopped(container)
    return Checked(start_s, stop_s, user)
