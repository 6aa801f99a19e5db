"""``sightline users``: people who may sign in."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from pathlib import Path

from streamer.commands.accounts import accounts, add_rights, cameras, print_all
from streamer.commands.parsers import Subparsers, add_place
from streamer.errors import ConfigError

ADMIN_HINT = "sightline: no user is an admin yet: sightline users add NAME --role admin"


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("users", help="people who may sign in")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="let somebody in")
    add_rights(add)
    add.set_defaults(run=run_add)
    listed = actions.add_parser("list", help="who may come in")
    listed.set_defaults(run=run_list)
    remove = actions.add_parser("remove", help="let somebody in no more")
    remove.set_defaults(run=run_remove)
    password = actions.add_parser("password", help="give somebody another password; it ends their sessions")
    password.set_defaults(run=run_password)
    for action in (add, remove, password):
        action.add_argument("name", metavar="NAME")
    for action in (add, password):
        action.add_argument(
            "--password-file", type=Path, metavar="F|-", help="its first line, instead of being asked"
        )
    for action in (add, listed, remove, password):
        add_place(action)


def run_add(options: argparse.Namespace) -> int:
    """Keep a user; their password is asked for twice."""
    from streamer.access.accounts import Account
    from streamer.access.names import account_name
    from streamer.access.passwords import hash_password

    name, seen = account_name(options.name), cameras(options)
    with accounts(options) as kept:
        if kept.find("user", name) is not None:
            raise ConfigError(f"{name}: there is a user of this name: sightline users password {name}")
        secret = hash_password(new_password(options.password_file))
        kept.add(Account("user", name, options.role, seen, secret, time.time()))
        if not any(user.role == "admin" for user in kept.all("user")):
            print(ADMIN_HINT, file=sys.stderr)
    return 0


def run_list(options: argparse.Namespace) -> int:
    with accounts(options) as kept:
        print_all(kept.all("user"))
    return 0


def run_remove(options: argparse.Namespace) -> int:
    """Their sessions end with them."""
    with accounts(options) as kept:
        kept.remove("user", options.name)
        if not kept.any():
            print("sightline: nobody has to sign in any more, on this machine", file=sys.stderr)
    return 0


def run_password(options: argparse.Namespace) -> int:
    from streamer.access.passwords import hash_password

    with accounts(options) as kept:
        if kept.find("user", options.name) is None:
            raise ConfigError(f"{options.name}: there is no user of this name")
        kept.set_secret("user", options.name, hash_password(new_password(options.password_file)))
    return 0


def new_password(file: Path | None) -> str:
    """From a file, from standard input where that is no terminal, or asked for twice.

    Raises:
        ConfigError: it is too short or too long, or was said differently the second time.
    """
    from streamer.access.names import password_of

    if file is not None and str(file) != "-":
        try:
            with file.open(encoding="utf-8") as opened:
                return password_of(opened.readline().rstrip("\r\n"))
        except OSError as error:
            raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{file}: expected UTF-8 text, received other bytes") from None
    if file is not None or not sys.stdin.isatty():
        return password_of(sys.stdin.readline().rstrip("\r\n"))
    password = password_of(getpass.getpass("Password: "))
    if getpass.getpass("Again: ") != password:
        raise ConfigError("expected the same password twice, received another one")
    return password
