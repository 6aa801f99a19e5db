"""The authority that is made here: what it signs, when it signs anew, and who believes it."""

from __future__ import annotations

import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from system.serving import Service, serving

from streamer.config.tree import HttpConfig
from streamer.errors import ConfigError, WrongOption
from streamer.tls.authority import Authority, names_here
from streamer.tls.context import server_context
from streamer.tls.welcome import reachable

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMES = frozenset({"localhost", "127.0.0.1", "::1", "203.0.113.7"})


def test_it_signs_anew_when_it_has_to(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    assert authority.renew(NAMES, NOW)
    first, ca = authority.certificate.read_bytes(), authority.shown()
    assert not authority.renew(NAMES, NOW + timedelta(days=300))
    assert authority.renew(NAMES, NOW + timedelta(days=380))
    assert authority.renew(NAMES | {"192.0.2.1"}, NOW + timedelta(days=380))
    assert not authority.renew(NAMES | {"192.0.2.1"}, NOW + timedelta(days=380))
    assert authority.certificate.read_bytes() != first
    assert authority.shown() == ca
    assert authority.renew(NAMES, NOW + timedelta(days=3600))
    assert authority.shown() != ca


def test_what_is_kept_is_kept_from_others(tmp_path: Path) -> None:
    Authority(tmp_path / "tls").renew(NAMES, NOW)
    kept = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "tls").iterdir()}
    assert kept == dict.fromkeys(("ca.crt", "ca.key", "server.crt", "server.key"), 0o600)
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("option", "name", "status"),
    [
        ("-verify_ip", "203.0.113.7", 0),
        ("-verify_ip", "127.0.0.1", 0),
        ("-verify_hostname", "localhost", 0),
        ("-verify_ip", "203.0.113.8", 2),
    ],
)
def test_openssl_believes_it(tmp_path: Path, option: str, name: str, status: int) -> None:
    authority = Authority(tmp_path)
    authority.renew(names_here(["203.0.113.7"]), datetime.now(UTC))
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        "ca.crt",
        option,
        name,
    ]
    done = subprocess.run([*command, "server.crt"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr


@pytest.mark.parametrize("broken", ["server.crt", "ca.crt", "ca.key"])
def test_what_is_broken_is_said(tmp_path: Path, broken: str) -> None:
    authority = Authority(tmp_path)
    authority.renew(NAMES, NOW)
    (tmp_path / broken).write_text("hello")
    with pytest.raises(ConfigError, match="broken, delete it to begin anew"):
        authority.renew(NAMES, NOW + timedelta(days=380))


def test_wrong_files_are_named(tmp_path: Path) -> None:
    one, other = Authority(tmp_path / "one"), Authority(tmp_path / "other")
    for each in (one, other):
        each.renew(NAMES, NOW)
    text = tmp_path / "text"
    text.write_text("hello")
    for certificate, key, said in (
        (tmp_path / "none", one.key, "http.tls.certificate: .*none: No such file"),
        (text, one.key, "http.tls.certificate: .*text: expected a certificate in PEM"),
        (one.certificate, text, "http.tls.key: .*text: expected a private key in PEM"),
        (one.certificate, other.key, "http.tls.key: expected the key of .*one.*, received that of another"),
    ):
        with pytest.raises(WrongOption, match=said):
            server_context(certificate, key)


def test_the_address_for_other_devices() -> None:
    assert reachable("https://0.0.0.0:8080", NAMES) == "https://203.0.113.7:8080"
    assert reachable("https://192.0.2.1:8080", NAMES) == "https://192.0.2.1:8080"
    assert reachable("https://0.0.0.0:8080", frozenset({"localhost"})) == "https://localhost:8080"
    assert HttpConfig(tls="auto").tls == HttpConfig(tls={"auto": True}).tls


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("secure")
    source = "sim://street?size=320x180&fps=1"
    with serving("run", "--source", source, "--tls", "auto", folder=folder) as service:
        yield service


def test_who_believes_the_authority_is_served(service: Service) -> None:
    assert service.url.startswith("https://127.0.0.1:")
    trusting = ssl.create_default_context(cafile=service.folder / "sightline-data" / "tls" / "ca.crt")
    assert httpx.get(f"{service.url}/healthz", verify=trusting).text == "ok"
    here = service.url.replace("127.0.0.1", "localhost")
    assert httpx.get(f"{here}/api/cameras", verify=trusting).status_code == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{service.url}/healthz")


def test_a_person_is_told_where_to_go(service: Service) -> None:
    shown = httpx.get(f"{service.url}/ca.crt", verify=False)
    assert shown.headers["content-type"] == "application/x-x509-ca-cert"
    fingerprint = x509.load_pem_x509_certificate(shown.content).fingerprint(SHA256()).hex(":").upper()
    assert fingerprint in service.log
    assert f"open {service.url} on any device" in service.log
    assert "▄" in service.log


def test_plain_http_is_answered_in_words(service: Service) -> None:
    answer = httpx.get(f"{service.url.replace('https', 'http')}/healthz")
    assert answer.status_code == 400
    assert "write https://" in answer.text
    port = int(service.url.rpartition(":")[2])
    for noise in (b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 100, b""):
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass
    assert "Traceback" not in service.log
