"""What the commands for users and for tokens share: where accounts lie, and what they may see."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from streamer.commands.parsers import DATA
from streamer.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from streamer.access.accounts import Account, Accounts
    from streamer.config.tree import HttpConfig


def add_rights(parser: argparse.ArgumentParser) -> None:
    """What somebody may do."""
    parser.add_argument(
        "--role", choices=["viewer", "admin"], default="viewer", help="viewers look, admins change (viewer)"
    )
    parser.add_argument(
        "--camera", action="append", metavar="C", dest="cameras", help="only this one; repeatable"
    )


@contextmanager
def accounts(options: argparse.Namespace) -> Iterator[Accounts]:
    """Those of the data folder, which is made where it is missing, or of the database that a file names.

    Raises:
        StreamerError: it cannot be opened.
    """
    if options.config is None:
        with accounts_in(options.data or DATA) as opened:
            yield opened
        return
    from streamer.config.file import load

    config = load(options.config)
    with accounts_in(config.data, config.http) as opened:
        yield opened


@contextmanager
def accounts_in(folder: Path, http: HttpConfig | None = None) -> Iterator[Accounts]:
    """Those of a data folder, or of the database that is configured, as above."""
    from streamer.access.accounts import Accounts

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from None
    opened = Accounts.of(folder, http)
    opened.open()
    try:
        yield opened
    finally:
        opened.close()


def cameras(options: argparse.Namespace) -> frozenset[str] | None:
    """The cameras that are said, None for all."""
    from streamer.config.tree import camera_name

    if options.cameras is None:
        return None
    if options.role == "admin":
        raise ConfigError("--camera: expected the role viewer, received admin, who sees all cameras")
    try:
        return frozenset(map(camera_name, options.cameras))
    except ValueError as error:
        raise ConfigError(f"--camera: {error}") from None


def print_all(found: Sequence[Account]) -> None:
    """A line each: name, role, cameras, and since when."""
    width = max((len(account.name) for account in found), default=0)
    for account in found:
        seen = "all cameras" if account.cameras is None else ", ".join(sorted(account.cameras))
        told = f"{account.name:<{width}}  {account.role:<6}  since {day(account.created_at)}  {seen}"
        if account.expires_at is not None:
            over = "expired" if account.is_over(time.time()) else "until"
            told += f"  {over} {day(account.expires_at)}"
        print(told)


def day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
