"""Who may come in: whether anybody can sign in, with what, and for how long that is good."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509

from streamer.access.accounts import FILE, Account, Accounts
from streamer.access.exposure import exposed, is_private
from streamer.doctor.finding import Finding
from streamer.errors import StreamerError, WrongOption
from streamer.tls.context import OPTION, server_context

if TYPE_CHECKING:
    from streamer.config.tree import Config, HttpConfig
    from streamer.loading import Place

SOON_DAYS: Final = 14
"""What ends sooner is told."""
DAY_S: Final = 86400.0
OPEN: Final = "sightline users add NAME --role admin, and no --insecure"
IN_THE_CLEAR: Final = "set http.tls: auto, or put a proxy with a certificate in front"


def access(config: Config, place: Place | None = None, now: float | None = None) -> Iterator[Finding]:
    """Every check of who may come in; nothing is made or changed.

    Args:
        config: what would run.
        place: where its options stand; None when no file says them.
        now: seconds since 1970; of this machine's clock unless said.
    """
    now = time.time() if now is None else now
    private = is_private(config.http.host)
    try:
        users, tokens = _accounts(config)
    except StreamerError as error:
        yield Finding(
            False, str(error), "see who may read and write it, or choose another folder with --data"
        )
    else:
        yield _ways_in(config.http, private, [*users, *tokens], place)
        yield from _ending(tokens, now)
    yield from _believed(config.http)
    yield from _encryption(config.http, private, place, now)


def _accounts(config: Config) -> tuple[Sequence[Account], Sequence[Account]]:
    """Users and tokens; a folder where there are none stays as it is."""
    if config.http.accounts is None and not (config.data / FILE).exists():
        return (), ()
    accounts = Accounts.of(config.data, config.http)
    accounts.open()
    try:
        return accounts.all("user"), accounts.all("token")
    finally:
        accounts.close()


def _ways_in(http: HttpConfig, private: bool, known: Sequence[Account], place: Place | None) -> Finding:
    ways = [_count(sum(each.kind == kind for each in known), kind) for kind in ("user", "token")]
    ways += ["http.token"] if http.token else []
    ways += ["who a proxy lets in"] if http.auth_header else []
    if not known and len(ways) == 2:
        if http.insecure:
            return Finding(
                True, "anybody may watch and change everything: insecure", None if private else OPEN
            )
        if private:
            return Finding(True, "anybody on this machine may come in, until there is a user or a token")
        return Finding(False, _told(WrongOption(("http", "host"), exposed(http)), place))
    may_change = http.token or http.auth_header or any(each.role == "admin" for each in known)
    advice = None if may_change else "nobody may change anything: sightline users add NAME --role admin"
    return Finding(True, f"may come in: {', '.join(ways)}", advice)


def _ending(tokens: Sequence[Account], now: float) -> Iterator[Finding]:
    for token in tokens:
        if token.expires_at is None or token.expires_at > now + SOON_DAYS * DAY_S:
            continue
        day = datetime.fromtimestamp(token.expires_at, UTC).date()
        word = "ended" if token.is_over(now) else "ends"
        advice = f"sightline tokens remove {token.name}; if it is still needed, tokens add {token.name} again"
        yield Finding(True, f"token {token.name}: {word} on {day}", advice)


def _believed(http: HttpConfig) -> Iterator[Finding]:
    everybody = [each for each in http.trusted_proxies if ip_network(each).prefixlen == 0]
    if everybody:
        text = f"http.trusted_proxies: anybody's word is believed ({', '.join(everybody)})"
        # Whoever sends the header is whom they like to be.
        yield Finding(http.auth_header is None, text, "name the proxies alone")


def _encryption(http: HttpConfig, private: bool, place: Place | None, now: float) -> Iterator[Finding]:
    tls = http.tls
    if tls is None:
        if not private and not http.trusted_proxies:
            yield Finding(True, "passwords and pictures go over the network in the clear", IN_THE_CLEAR)
    elif tls.certificate is not None and tls.key is not None:
        try:
            server_context(tls.certificate, tls.key)
            yield certificate(tls.certificate, now)
        except WrongOption as error:
            yield Finding(False, _told(error, place))
        except ValueError as error:
            yield Finding(False, f"{tls.certificate}: broken: {error}")


def certificate(path: Path, now: float) -> Finding:
    """For whom a certificate (PEM) is, and for how long; ValueError where it cannot be read."""
    found = x509.load_pem_x509_certificate(path.read_bytes())
    begins, ends = found.not_valid_before_utc, found.not_valid_after_utc
    option = ".".join(OPTION)
    text = (
        f"{option}: {path}: of {', '.join(_names(found)) or 'nobody'}, from {begins.date()} to {ends.date()}"
    )
    if not begins.timestamp() <= now < ends.timestamp():
        return Finding(
            False, f"{text}: browsers do not believe it now", "renew it, or see this machine's clock"
        )
    soon = ends.timestamp() < now + SOON_DAYS * DAY_S
    return Finding(True, text, "renew it soon, and start the service again" if soon else None)


def _names(found: x509.Certificate) -> list[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(each.value) for each in names]


def _told(error: WrongOption, place: Place | None) -> str:
    return place(error.path, error.text) if place else str(error)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
