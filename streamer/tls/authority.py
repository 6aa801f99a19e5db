"""A certificate authority of this installation alone, and the certificate that it gives the service."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from streamer.errors import ConfigError

AUTHORITY_LASTS: Final = timedelta(days=3650)
SERVICE_LASTS: Final = timedelta(days=397)
"""Phones believe no certificate that lasts much longer."""
RENEWED_BEFORE: Final = timedelta(days=30)
CLOCKS_DIFFER: Final = timedelta(days=1)


class Authority:
    """Makes and keeps ``ca.crt``, ``ca.key``, ``server.crt`` and ``server.key`` in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = folder / "server.crt"
        self.key = folder / "server.key"

    def renew(self, names: Collection[str], now: datetime) -> bool:
        """Make what is missing, ends soon, or is of other names; whether there is a new certificate.

        Raises:
            ConfigError: the folder cannot be written, or what is kept there is broken.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            authority, key = self._authority(now)
            if self._is_good(authority, names, now):
                return False
            made = ec.generate_private_key(ec.SECP256R1())
            _write(self.key, _private(made))
            _write(self.certificate, _pem(_issued(authority, key, made, names, now)))
        except OSError as error:
            raise ConfigError(f"{self._folder}: cannot be written: {error.strerror}") from None
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{self._folder}: broken, delete it to begin anew: {error}") from None
        return True

    def shown(self) -> bytes:
        """The certificate of the authority (PEM), which devices are told to believe."""
        return (self._folder / "ca.crt").read_bytes()

    def fingerprint(self) -> str:
        """SHA-256 of that certificate, as browsers write it."""
        return x509.load_pem_x509_certificate(self.shown()).fingerprint(hashes.SHA256()).hex(":").upper()

    def _authority(self, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        certificate, key = self._folder / "ca.crt", self._folder / "ca.key"
        if certificate.exists() and key.exists():
            kept = x509.load_pem_x509_certificate(certificate.read_bytes())
            if kept.not_valid_after_utc - SERVICE_LASTS > now:
                return kept, _loaded(key)
        made = ec.generate_private_key(ec.SECP256R1())
        authority = _self_signed(made, now)
        _write(key, _private(made))
        _write(certificate, _pem(authority))
        return authority, made

    def _is_good(self, authority: x509.Certificate, names: Collection[str], now: datetime) -> bool:
        if not self.certificate.exists() or not self.key.exists():
            return False
        kept = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        if kept.not_valid_after_utc - RENEWED_BEFORE <= now or kept.issuer != authority.subject:
            return False
        alternatives = kept.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        said = {str(each.value) for each in alternatives}
        same_key = kept.public_key() == _loaded(self.key).public_key()
        return same_key and said == set(names)


def names_here(advertised: Collection[str] = ()) -> frozenset[str]:
    """What this machine may be called by browsers: its names, its addresses, and those seen from outside."""
    host = socket.gethostname().lower()
    names = {"localhost", "127.0.0.1", "::1", *advertised}
    if host.isascii():
        names |= {host, f"{host.partition('.')[0]}.local"}
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            address = ip_address(each.ip if isinstance(each.ip, str) else each.ip[0])
            if not address.is_link_local:
                names.add(str(address))
    return frozenset(names)


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    # A name of its own each time: browsers mix up authorities of one name and different keys.
    serial = x509.random_serial_number()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Sightline {serial:x}"[:40])])
    uses = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"), False
    ) | dict.fromkeys(("key_agreement", "encipher_only", "decipher_only"), False)
    usage = x509.KeyUsage(**uses, key_cert_sign=True, crl_sign=True)
    builder = _begun(name, name, key.public_key(), now, AUTHORITY_LASTS).serial_number(serial)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return builder.sign(key, hashes.SHA256())


def _issued(
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    names: Collection[str],
    now: datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Sightline")])
    builder = _begun(subject, authority.subject, key.public_key(), now, SERVICE_LASTS)
    builder = builder.serial_number(x509.random_serial_number())
    alternatives = x509.SubjectAlternativeName(list(map(_general_name, sorted(names))))
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(issuer_key, critical=False)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = builder.add_extension(usage, critical=False)
    return builder.sign(authority_key, hashes.SHA256())


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .not_valid_before(now - CLOCKS_DIFFER)
        .not_valid_after(now + lasts - CLOCKS_DIFFER)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _loaded(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} is of another kind")
    return key


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, for us alone."""
    made = path.with_name(f".{path.name}.new")
    made.unlink(missing_ok=True)
    with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)


def utc_now() -> datetime:
    return datetime.now(UTC)
