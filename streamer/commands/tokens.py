"""``sightline tokens``: programs that may use the service."""

from __future__ import annotations

import argparse
import time

from streamer.commands.accounts import accounts, add_rights, cameras, print_all
from streamer.commands.parsers import Subparsers, add_place, positive

DAY_S = 86400.0


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("tokens", help="programs that may use the service")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a token, and print it once")
    add_rights(add)
    add.add_argument("--days", type=positive, metavar="N", help="how long it is good (for ever)")
    add.set_defaults(run=run_add)
    listed = actions.add_parser("list", help="what tokens there are")
    listed.set_defaults(run=run_list)
    remove = actions.add_parser("remove", help="let a program in no more")
    remove.set_defaults(run=run_remove)
    for action in (add, remove):
        action.add_argument("name", metavar="NAME")
    for action in (add, listed, remove):
        add_place(action)


def run_add(options: argparse.Namespace) -> int:
    """Print a new token; only its hash is kept."""
    from streamer.access.accounts import Account
    from streamer.access.names import account_name
    from streamer.access.secrets import hashed, new_token

    name, seen, now = account_name(options.name), cameras(options), time.time()
    ends = None if options.days is None else now + options.days * DAY_S
    token = new_token()
    with accounts(options) as kept:
        kept.add(Account("token", name, options.role, seen, hashed(token), now, ends))
    print(token)
    return 0


def run_list(options: argparse.Namespace) -> int:
    with accounts(options) as kept:
        print_all(kept.all("token"))
    return 0


def run_remove(options: argparse.Namespace) -> int:
    with accounts(options) as kept:
        kept.remove("token", options.name)
    return 0
