"""Cameras over HTTP with real bytes: MJPEG multipart, HLS; and servers that only disappoint."""

import base64
import math
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Serve = Callable[[BaseHTTPRequestHandler], None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Cameras are disconnected in mid-sentence; that is no error here."""


@contextmanager
def http_server(serve: Serve, login: str | None = None) -> Iterator[str]:
    """A server on loopback whose GET requests are answered by ``serve``; yields its address.

    Args:
        serve: answers one request.
        login: ``user:password`` that every request must bring.
    """
    wanted = f"Basic {base64.b64encode(login.encode()).decode()}" if login else None

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                if wanted and self.headers.get("Authorization") != wanted:
                    locked(self)
                else:
                    serve(self)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
            """Tests are quiet."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def locked(request: BaseHTTPRequestHandler) -> None:
    """Asks for a user name and a password."""
    request.send_response(401)
    request.send_header("WWW-Authenticate", 'Basic realm="camera"')
    request.send_header("Content-Length", "0")
    request.end_headers()


def mjpeg(pictures: list[bytes], fps: float, count: float = math.inf) -> Serve:
    """A multipart stream, as IP cameras send it; it ends after ``count`` pictures."""

    def serve(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
        request.end_headers()
        began_at, sent = time.monotonic(), 0
        while sent < count:
            picture = pictures[sent % len(pictures)]
            head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            request.wfile.write(head.encode() + picture + b"\r\n")
            sent += 1
            time.sleep(max(0.0, began_at + sent / fps - time.monotonic()))
        request.close_connection = True

    return serve


def segments(folder: Path, seconds: int = 6) -> list[Path]:
    """MPEG-TS segments of a second each."""
    target = folder / "part%02d.ts"
    picture = f"-f lavfi -i testsrc2=size=320x240:rate=20 -t {seconds} -pix_fmt yuv420p"
    coding = "-c:v libx264 -profile:v baseline -preset ultrafast -g 20 -threads 1"
    cutting = "-f segment -segment_time 1 -segment_format mpegts"
    command = ["ffmpeg", "-v", "error", *picture.split(), *coding.split(), *cutting.split(), str(target)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return sorted(folder.glob("part*.ts"))


def hls(parts: list[Path], *, live: bool) -> Serve:
    """A playlist of ``parts``: all of them, or a window that moves on with the clock and starts over."""
    began_at = time.monotonic()

    def playlist() -> str:
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1"]
        if not live:
            listed = [f"#EXTINF:1.0,\n{number}.ts" for number in range(len(parts))]
            return "\n".join([*lines, *listed, "#EXT-X-ENDLIST", ""])
        last = math.floor(time.monotonic() - began_at) + 3
        lines.append(f"#EXT-X-MEDIA-SEQUENCE:{last - 3}")
        for number in range(last - 3, last):
            if number and number % len(parts) == 0:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f"#EXTINF:1.0,\n{number}.ts")
        return "\n".join([*lines, ""])

    def serve(request: BaseHTTPRequestHandler) -> None:
        name = request.path.rpartition("/")[2]
        is_list = name.endswith(".m3u8")
        body = playlist().encode() if is_list else parts[int(name[:-3]) % len(parts)].read_bytes()
        request.send_response(200)
        kind = "application/vnd.apple.mpegurl" if is_list else "video/mp2t"
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return serve


@contextmanager
def tcp_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on loopback where each connection is left to ``talk``; yields its number."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            threading.Thread(target=_talked, args=(talk, connection), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in connections:
            connection.close()


def _talked(talk: Callable[[socket.socket], None], connection: socket.socket) -> None:
    try:
        talk(connection)
    except OSError:
        return
