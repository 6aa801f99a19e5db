"""Opens the door: who may come in, by which page, and with which certificate."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final, TypeAlias

import anyio
from anyio import to_thread
from fastapi import Response

from streamer.access.accounts import Accounts
from streamer.access.doorkeeper import Doorkeeper
from streamer.access.exposure import exposed, is_private
from streamer.api.login import add_login
from streamer.errors import ConfigError, WrongOption
from streamer.tls.authority import Authority, names_here, utc_now
from streamer.tls.context import ServerContext, server_context
from streamer.tls.welcome import reachable, welcome

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from fastapi import FastAPI

    from streamer.config.tree import Config

log = logging.getLogger(__name__)

Addresses: TypeAlias = tuple[str, ...]
LOOKED_AT_EVERY_S: Final = 3600.0
"""Addresses of this machine may change, and its certificate ends some day."""


async def start_access(services: TaskGroup, app: FastAPI, config: Config) -> Doorkeeper:
    """Knows who may come in, and gives the application a page to sign in on.

    Raises:
        WrongOption: other machines reach the service, and anybody could come in.
        StreamerError: the accounts cannot be opened.
    """
    http = config.http
    private = await to_thread.run_sync(is_private, http.host)
    doorkeeper = Doorkeeper(
        Accounts.of(config.data, http),
        by_proxy=http.auth_header is not None,
        lets_all_in=private or http.insecure,
    )
    await services.start(doorkeeper.run)
    if not private and not http.insecure and not await doorkeeper.ways_in():
        raise WrongOption(("http", "host"), exposed(http))
    add_login(app, doorkeeper)
    return doorkeeper


class Tls:
    """The certificate of the service: files of a person, or one that is made here and kept fresh."""

    def __init__(self, context: ServerContext, authority: Authority | None, advertised: Addresses) -> None:
        self.context = context
        self._authority = authority
        self._advertised = advertised

    async def keep_fresh(self) -> None:
        """New connections get a new certificate, once one is due; it runs until it is cancelled."""
        authority = self._authority
        while authority is not None:
            await anyio.sleep(LOOKED_AT_EVERY_S)
            try:
                if await to_thread.run_sync(_renew, authority, self._advertised):
                    self.context.load_cert_chain(authority.certificate, authority.key)
                    log.info("made a new certificate")
            except ConfigError as error:
                log.warning("%s", error)

    def welcome(self, url: str) -> None:
        """Tell a person how devices come to believe us."""
        if self._authority is not None:
            address = reachable(url, names_here(self._advertised))
            print(welcome(address, self._authority.fingerprint()), file=sys.stderr, flush=True)


async def start_tls(services: TaskGroup, app: FastAPI, config: Config) -> Tls | None:
    """Who we are to browsers; None where they speak plain http.

    Raises:
        ConfigError: a file is missing or broken, or cannot be written.
    """
    tls = config.http.tls
    if tls is None:
        return None
    if tls.certificate is not None and tls.key is not None:
        context = await to_thread.run_sync(server_context, tls.certificate, tls.key)
        return Tls(context, None, ())
    authority, advertised = Authority(config.data / "tls"), config.webrtc.advertise
    await to_thread.run_sync(_renew, authority, advertised)
    made = Tls(server_context(authority.certificate, authority.key), authority, advertised)
    services.start_soon(made.keep_fresh)

    @app.get("/ca.crt", include_in_schema=False)
    async def certificate() -> Response:
        return Response(authority.shown(), media_type="application/x-x509-ca-cert")

    return made


def _renew(authority: Authority, advertised: Addresses) -> bool:
    return authority.renew(names_here(advertised), utc_now())
