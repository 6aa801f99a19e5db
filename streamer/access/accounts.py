"""Users, API tokens and sessions in SQL; every call blocks, so it is made from a worker thread."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from sqlalchemy import URL, Engine, Row, create_engine, delete, event, func, insert, select, update
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from streamer.access.names import key_of
from streamer.access.schema import ACCOUNTS, METADATA, SESSIONS
from streamer.access.secrets import hashed
from streamer.access.visitor import Role, Visitor
from streamer.errors import ConfigError, StreamerError

if TYPE_CHECKING:
    from streamer.config.tree import HttpConfig

Kind: TypeAlias = Literal["user", "token", "file"]
"""``file`` is the token of the configuration, which is no row."""

FILE: Final = "accounts.db"
LOCK_TIMEOUT_MS: Final = 10_000
ADVISORY_LOCK: Final = 0x51474854
"""PostgreSQL tells these apart by a number alone, in each database."""
IDLE_S: Final = 14 * 86400.0
"""A session that is not used for so long ends."""
SLIDE_S: Final = 3600.0
"""A session that is used is written down again so often at most."""


class AccountsUnavailable(StreamerError):
    """The database of accounts does not answer."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user, or a token.

    Attributes:
        secret: hash of the password or of the token.
        created_at, expires_at: seconds since 1970; None for what does not expire.
    """

    kind: Kind
    name: str
    role: Role
    cameras: frozenset[str] | None
    secret: str
    created_at: float
    expires_at: float | None = None

    def is_over(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @property
    def visitor(self) -> Visitor:
        return Visitor(self.name, self.role, self.cameras)


class Accounts:
    """Rows of accounts. A database that does not answer raises AccountsUnavailable.

    Attributes:
        own: the token of the configuration; None where it says none.
    """

    def __init__(self, url: str | URL, token: str | None = None) -> None:
        """
        Args:
            url: of the database (SQLAlchemy).
            token: the one of the configuration.
        """
        self._url = make_url(url)
        self._engine: Engine | None = None
        self.own = None if token is None else Account("file", "http.token", "admin", None, hashed(token), 0.0)

    @classmethod
    def of(cls, data: Path, http: HttpConfig | None = None) -> Accounts:
        """Those of the database that is configured, or of a data folder."""
        url: str | URL = URL.create("sqlite", database=str(data / FILE))
        if http is None:
            return cls(url)
        if http.accounts is not None:
            url = http.accounts.get_secret_value()
        return cls(url, http.token.get_secret_value() if http.token else None)

    def open(self) -> None:
        """Connect, and make the tables that are missing."""
        with _translated():
            if self._url.get_backend_name() == "sqlite" and self._url.database:
                _claim(Path(self._url.database))
            self._engine = _engine(self._url)
            if self._url.get_backend_name() == "sqlite":
                event.listen(self._engine, "connect", _tune_sqlite)
            with self._engine.begin() as connection:
                _alone(connection)
                METADATA.create_all(connection)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    def all(self, kind: Kind) -> tuple[Account, ...]:
        """By name."""
        with self._begin() as connection:
            found = connection.execute(
                select(ACCOUNTS).where(ACCOUNTS.c.kind == kind).order_by(ACCOUNTS.c.key)
            )
            return tuple(_account(row) for row in found)

    def any(self) -> bool:
        """Whether there is one of any kind."""
        if self.own is not None:
            return True
        with self._begin() as connection:
            return connection.execute(select(ACCOUNTS.c.key).limit(1)).first() is not None

    def find(self, kind: Kind, name: str) -> Account | None:
        with self._begin() as connection:
            row = connection.execute(select(ACCOUNTS).where(*_named(kind, name))).first()
            return None if row is None else _account(row)

    def add(self, account: Account) -> None:
        """ConfigError where there is one of that name."""
        row = {
            "kind": account.kind,
            "key": key_of(account.name),
            "name": account.name,
            "role": account.role,
            "cameras": None if account.cameras is None else sorted(account.cameras),
            "secret": account.secret,
            "created_at": account.created_at,
            "expires_at": account.expires_at,
        }
        try:
            with self._begin() as connection:
                connection.execute(insert(ACCOUNTS).values(row))
        except IntegrityError:
            raise ConfigError(f"{account.name}: there is a {account.kind} of this name") from None

    def set_secret(self, kind: Kind, name: str, secret: str) -> None:
        """Its sessions end with it; ConfigError where there is none of that name."""
        with self._begin() as connection:
            changed = connection.execute(update(ACCOUNTS).where(*_named(kind, name)).values(secret=secret))
        _require(changed.rowcount, kind, name)

    def remove(self, kind: Kind, name: str) -> None:
        """With its sessions.

        Raises:
            ConfigError: there is none of that name, or it is the last admin among other users.
        """
        with self._begin() as connection:
            # Others that come or go meanwhile would be counted wrongly: SQLite locks with the first change.
            _alone(connection)
            this = delete(ACCOUNTS).where(*_named(kind, name)).returning(ACCOUNTS.c.role)
            roles = connection.execute(this).scalars().all()
            _require(len(roles), kind, name)
            if kind == "user" and "admin" in roles:
                _require_admin(connection, name)
            ended = SESSIONS.c.kind == kind, SESSIONS.c.key == key_of(name)
            connection.execute(delete(SESSIONS).where(*ended))

    def of_token(self, token: str, now: float) -> Account | None:
        """Whose token it is, if it has not expired."""
        if self.own is not None and hmac.compare_digest(self.own.secret, hashed(token)):
            return self.own
        with self._begin() as connection:
            condition = ACCOUNTS.c.kind == "token", ACCOUNTS.c.secret == hashed(token)
            row = connection.execute(select(ACCOUNTS).where(*condition)).first()
        account = None if row is None else _account(row)
        return None if account is None or account.is_over(now) else account

    def begin_session(self, session: str, account: Account, now: float) -> None:
        row = {
            "hash": hashed(session),
            "kind": account.kind,
            "key": key_of(account.name),
            "proof": hashed(account.secret),
            "created_at": now,
            "expires_at": now + IDLE_S,
        }
        with self._begin() as connection:
            connection.execute(insert(SESSIONS).values(row))

    def of_session(self, session: str, now: float) -> Account | None:
        """Who is signed in by it; from now on it lasts for ``IDLE_S`` again."""
        with self._begin() as connection:
            this = SESSIONS.c.hash == hashed(session)
            kept = connection.execute(select(SESSIONS).where(this, SESSIONS.c.expires_at > now)).first()
            if kept is None:
                return None
            account = self._signed_in(connection, kept.kind, kept.key)
            if account is None or account.is_over(now) or hashed(account.secret) != kept.proof:
                return None
            if kept.expires_at < now + IDLE_S - SLIDE_S:
                connection.execute(update(SESSIONS).where(this).values(expires_at=now + IDLE_S))
            return account

    def _signed_in(self, connection: Connection, kind: str, key: str) -> Account | None:
        if kind == "file":
            return self.own
        whose = ACCOUNTS.c.kind == kind, ACCOUNTS.c.key == key
        row = connection.execute(select(ACCOUNTS).where(*whose)).first()
        return None if row is None else _account(row)

    def end_session(self, session: str) -> None:
        with self._begin() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.hash == hashed(session)))

    def forget_sessions(self, now: float) -> None:
        """Delete those that have expired."""
        with self._begin() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_at <= now))

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        assert self._engine is not None, "opened first"
        with _translated(), self._engine.begin() as connection:
            yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        # Its first line has no values of rows in it.
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise AccountsUnavailable(f"accounts: {reason}") from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return create_engine(url)
    try:
        # A connection that the database has given up is found out before it is used.
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ModuleNotFoundError:
        raise ConfigError("http.accounts: expected psycopg: pip install 'psycopg[binary]'") from None


def _alone(connection: Connection) -> None:
    """No other transaction that asks so goes on until this one ends; in SQLite one writes anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))


def _claim(path: Path) -> None:
    """Make the file one that only we can read; hashes are in it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _tune_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={LOCK_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _named(kind: Kind, name: str) -> tuple[Any, Any]:
    return ACCOUNTS.c.kind == kind, ACCOUNTS.c.key == key_of(name)


def _account(row: Row[Any]) -> Account:
    cameras = None if row.cameras is None else frozenset(row.cameras)
    return Account(row.kind, row.name, row.role, cameras, row.secret, row.created_at, row.expires_at)


def _require(found: int, kind: Kind, name: str) -> None:
    if not found:
        raise ConfigError(f"{name}: there is no {kind} of this name")


def _require_admin(connection: Connection, removed: str) -> None:
    users = select(func.count()).select_from(ACCOUNTS).where(ACCOUNTS.c.kind == "user")
    left = connection.execute(users).scalar_one()
    if left and not connection.execute(users.where(ACCOUNTS.c.role == "admin")).scalar_one():
        text = "the last admin stays while there are other users: remove them first, or add another admin"
        raise ConfigError(f"{removed}: {text}")
