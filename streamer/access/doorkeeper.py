"""Knows who may come in: asks the accounts, remembers their answers for a moment, and counts failures."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
from anyio import TASK_STATUS_IGNORED, CancelScope, CapacityLimiter, to_thread

from streamer.access.accounts import AccountsUnavailable
from streamer.access.limiter import Limiter
from streamer.access.names import key_of
from streamer.access.passwords import is_password
from streamer.access.proxies import network_of
from streamer.access.secrets import new_session
from streamer.access.visitor import ANYBODY, Role, Visitor

if TYPE_CHECKING:
    from anyio.abc import TaskStatus

    from streamer.access.accounts import Account, Accounts

log = logging.getLogger(__name__)

T = TypeVar("T")

BELIEVED_S: Final = 1.0
"""How long an answer of the accounts is remembered; what is changed there is seen after that."""
MOST_REMEMBERED: Final = 1000
TIDY_EVERY_S: Final = 3600.0
TRIES_OF_ADDRESS: Final = 10
TRIES_OF_NAME: Final = 20
FORGOTTEN_EVERY_S: Final = 30.0
AT_A_TIME: Final = 2
"""Passwords that are looked at; each takes 64 MiB and a processor."""
MOST_WAITING: Final = 20
BUSY_S: Final = 5.0
MOST_NAME: Final = 200
"""Characters of what a proxy calls somebody."""
ROLES: Final[Mapping[str, Role]] = {"viewer": "viewer", "admin": "admin"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """How somebody shows who they are; each may be missing.

    Attributes:
        token: of an API.
        session: what the cookie says.
        name, role: of whom a proxy in front has let in.
    """

    token: str | None = None
    session: str | None = None
    name: str | None = None
    role: str | None = None


class WrongPassword(Exception):
    """Nobody has this name and password."""


class TooManyTries(Exception):
    """Too much was wrong; after ``wait_s`` seconds it may be tried again."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"try again in {wait_s:.0f} s")
        self.wait_s = wait_s


class Doorkeeper:
    """Says who asks. Where no login is asked for, that is anybody."""

    def __init__(self, accounts: Accounts, *, by_proxy: bool, lets_all_in: bool) -> None:
        """
        Args:
            accounts: users, tokens and sessions; opened and closed here.
            by_proxy: people are let in by a proxy in front.
            lets_all_in: anybody may come in while there is no other way.
        """
        self._accounts = accounts
        self._by_proxy = by_proxy
        self._lets_all_in = lets_all_in
        self._seen: dict[Credentials, tuple[float, Visitor | None]] = {}
        self._asking = CapacityLimiter(4)
        self._hashing = CapacityLimiter(AT_A_TIME)
        self._by_address = Limiter(TRIES_OF_ADDRESS, FORGOTTEN_EVERY_S)
        self._by_name = Limiter(TRIES_OF_NAME, FORGOTTEN_EVERY_S)

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Until it is cancelled; ready once the accounts are open.

        Raises:
            StreamerError: they cannot be opened.
        """
        await self._ask(self._accounts.open)
        try:
            task_status.started()
            while True:
                await anyio.sleep(TIDY_EVERY_S)
                await self._tidy()
        finally:
            with CancelScope(shield=True):
                await self._ask(self._accounts.close)

    async def ways_in(self) -> bool:
        """Whether there is any way to say who one is."""
        return self._by_proxy or await self._ask(self._accounts.any)

    async def known(self) -> tuple[Account, ...]:
        """All who may come in: users, then tokens."""
        own = () if self._accounts.own is None else (self._accounts.own,)
        users = await self._ask(lambda: self._accounts.all("user"))
        return (*users, *await self._ask(lambda: self._accounts.all("token")), *own)

    async def who(self, credentials: Credentials, now: float) -> Visitor | None:
        """Who asks; None where they have to say it first.

        Args:
            credentials: what they show.
            now: seconds since 1970, as below.
        """
        seen = self._seen.get(credentials)
        if seen is None or not 0 <= now - seen[0] < BELIEVED_S:
            if len(self._seen) >= MOST_REMEMBERED:
                self._seen.clear()
            seen = now, await self._who(credentials, now)
            self._seen[credentials] = seen
        return seen[1]

    async def _who(self, credentials: Credentials, now: float) -> Visitor | None:
        token, session, name = credentials.token, credentials.session, credentials.name
        if self._lets_all_in and not await self.ways_in():
            return ANYBODY
        if token is not None:
            account = await self._ask(lambda: self._accounts.of_token(token, now))
        elif name is not None:
            return await self._of_proxy(name, credentials.role)
        elif session is not None:
            account = await self._ask(lambda: self._accounts.of_session(session, now))
        else:
            account = None
        return None if account is None else account.visitor

    async def _of_proxy(self, name: str, role: str | None) -> Visitor | None:
        """Whom a proxy has let in: with the role that it says, else as our user of that name."""
        if not name.isprintable() or len(name) > MOST_NAME or (role is not None and role not in ROLES):
            return None
        user = await self._ask(lambda: self._accounts.find("user", name))
        known = Visitor(name, "viewer") if user is None else user.visitor
        if role is None:
            return known
        return Visitor(name, ROLES[role], None if role == "admin" else known.cameras)

    async def sign_in(self, name: str, password: str, address: str | None, now: float) -> str:
        """The secret of a new session; without a name, the password is a token.

        Raises:
            WrongPassword: nobody has these.
            TooManyTries: too many were wrong, from that address or for that name.
        """
        tries = [(self._by_address, network_of(address))]
        if name:
            tries.append((self._by_name, key_of(name)))
        wait_s = max(limiter.wait_s(key, now) for limiter, key in tries)
        if self._hashing.statistics().tasks_waiting >= MOST_WAITING:
            wait_s = max(wait_s, BUSY_S)
        if wait_s > 0:
            raise TooManyTries(wait_s)
        for limiter, key in tries:
            limiter.failed(key, now)
        account = await self._proven(name, password, now)
        if account is None:
            if any(limiter.wait_s(key, now) for limiter, key in tries):
                log.warning("too many wrong passwords from %s", address)
            raise WrongPassword
        for limiter, key in tries:
            limiter.succeeded(key)
        session = new_session()
        await self._ask(lambda: self._accounts.begin_session(session, account, now))
        log.info("%s signed in from %s", account.name, address)
        return session

    async def _proven(self, name: str, password: str, now: float) -> Account | None:
        if not name:
            return await self._ask(lambda: self._accounts.of_token(password, now))
        user = await self._ask(lambda: self._accounts.find("user", name))
        kept = None if user is None else user.secret
        right = await to_thread.run_sync(is_password, password, kept, limiter=self._hashing)
        return user if right else None

    async def sign_out(self, session: str) -> None:
        self._seen.clear()
        await self._ask(lambda: self._accounts.end_session(session))

    async def _tidy(self) -> None:
        try:
            now = time.time()
            await self._ask(lambda: self._accounts.forget_sessions(now))
        except AccountsUnavailable as error:
            log.warning("%s", error)

    async def _ask(self, ask: Callable[[], T]) -> T:
        return await to_thread.run_sync(ask, limiter=self._asking)
