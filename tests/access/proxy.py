"""A real nginx in front of the service."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from system.serving import until

from streamer.tls.authority import Authority

NGINX: Final = shutil.which("nginx") or "/usr/sbin/nginx"
CONFIG: Final = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{secure} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    location /sightline/ {{
      proxy_pass {to};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Remote-User "";
    }}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def proxied(url: str, folder: Path, *, strips: bool) -> Iterator[tuple[str, str]]:
    """The addresses of the service behind it, by http and by https; with or without its path taken off."""
    folder.mkdir()
    authority = Authority(folder / "tls")
    authority.renew({"127.0.0.1"}, datetime.now(UTC))
    plain, secure = free_port(), free_port()
    to = f"{url}/" if strips else url
    config = folder / "nginx.conf"
    config.write_text(
        CONFIG.format(
            folder=folder,
            plain=plain,
            secure=secure,
            to=to,
            certificate=authority.certificate,
            key=authority.key,
        )
    )
    with (folder / "stderr").open("wb") as err:
        process = subprocess.Popen([NGINX, "-c", config, "-p", folder], stderr=err, stdin=subprocess.DEVNULL)
        try:
            until(lambda: process.poll() is None and answers(secure))
            yield f"http://127.0.0.1:{plain}/sightline", f"https://127.0.0.1:{secure}/sightline"
        finally:
            process.terminate()
            process.wait()
