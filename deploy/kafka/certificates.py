"""Certificates of a day for TLS on loopback: an authority, a server, and clients of any name."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.kafka.jars import program
from deploy.kafka.trouble import BrokerFailed

KEY: Final = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
DAYS: Final = "1"


@dataclass(frozen=True, slots=True)
class Identity:
    """Two PEM files: a certificate, and its private key (PKCS#8, no password)."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder of its own; its files are made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def certificate(self) -> Path:
        """PEM; what a client trusts."""
        return self._root().certificate

    def server(self) -> Identity:
        """For 127.0.0.1 and localhost.

        Raises:
            BrokerUnavailable: no openssl.
            BrokerFailed: openssl fails.
        """
        return self._issue("server", "serverAuth", "subjectAltName=IP:127.0.0.1,DNS:localhost")

    def client(self, name: str) -> Identity:
        """For a client that the broker knows as ``User:CN=<name>``; raises what ``server`` raises."""
        return self._issue(name, "clientAuth", f"subjectAltName=DNS:{name}")

    def keystore(self, identity: Identity) -> Path:
        """One PEM file of a key and a certificate, as Kafka wants it."""
        store = identity.key.with_suffix(".keystore.pem")
        store.touch(mode=0o600)
        store.write_text(identity.key.read_text() + identity.certificate.read_text())
        return store

    def _root(self) -> Identity:
        extensions = ["basicConstraints=critical,CA:true", "keyUsage=critical,keyCertSign"]
        return self._make("authority", [], extensions)

    def _issue(self, name: str, use: str, names: str) -> Identity:
        root = self._root()
        signing = ["-CA", str(root.certificate), "-CAkey", str(root.key)]
        extensions = ["basicConstraints=critical,CA:false", f"extendedKeyUsage={use}", names]
        return self._make(name, signing, extensions)

    def _make(self, name: str, signing: list[str], extensions: list[str]) -> Identity:
        made = Identity(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        if made.certificate.exists():
            return made
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [program("openssl", "openssl"), "req", "-x509", *KEY, *signing]
        command += ["-subj", f"/CN={name}", "-days", DAYS]
        command += [word for extension in extensions for word in ("-addext", extension)]
        command += ["-keyout", str(made.key), "-out", str(made.certificate)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = (done.stderr.strip() or "nothing").splitlines()[-1]
            raise BrokerFailed(f"openssl made no certificate for {name}: {said}")
        return made
