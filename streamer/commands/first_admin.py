"""A first admin where nobody can sign in yet, as on the first start of a container."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamer.config.tree import Config

NAME: Final = "admin"


def make_first_admin(config: Config) -> None:
    """Keep a user whose password is told on standard error, once; nothing where there is a way to sign in.

    Raises:
        StreamerError: the accounts cannot be opened or written.
    """
    from streamer.access.accounts import Account
    from streamer.access.passwords import hash_password
    from streamer.access.secrets import new_password
    from streamer.commands.accounts import accounts_in

    if config.http.token is not None or config.http.auth_header is not None or config.http.insecure:
        return
    with accounts_in(config.data, config.http) as kept:
        if kept.any():
            return
        password = new_password()
        kept.add(Account("user", NAME, "admin", None, hash_password(password), time.time()))
    print(
        f"sightline: nobody could sign in yet. The first admin: {NAME}, password: {password}\n"
        f"sightline: it is told only now; another one: sightline users password {NAME}",
        file=sys.stderr,
        flush=True,
    )
