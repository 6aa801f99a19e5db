"""An RTSP server that agrees to everything and then sends no picture."""

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=garbage\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=control:stream=0\r\n"
)
PERIOD_S = 0.02


def talk(send: Callable[[socket.socket], None]) -> Callable[[socket.socket], None]:
    """Answers up to PLAY, then leaves the connection to ``send``."""

    def serve(connection: socket.socket) -> None:
        for request in _requests(connection):
            method, sequence = request.split(" ", 1)[0], request.split("CSeq: ", 1)[1].split("\r\n", 1)[0]
            connection.sendall(_answer(method, sequence))
            if method == "PLAY":
                send(connection)

    return serve


def unknown_channels(connection: socket.socket) -> None:
    """Interleaved data of a channel that was never set up: libav reads on and on."""
    while True:
        connection.sendall(b"$\x09" + struct.pack(">H", 8) + os.urandom(8))
        time.sleep(PERIOD_S)


def noise(connection: socket.socket) -> None:
    """RTP packets in good order, with noise for pictures."""
    number = 0
    while True:
        head = struct.pack(">BBHII", 0x80, 96 | 0x80, number & 0xFFFF, number * 3000 & 0xFFFFFFFF, 1)
        packet = head + os.urandom(200)
        connection.sendall(b"$\0" + struct.pack(">H", len(packet)) + packet)
        number += 1
        time.sleep(PERIOD_S)


def _requests(connection: socket.socket) -> Iterator[str]:
    received = b""
    while chunk := connection.recv(4096):
        received += chunk
        while b"\r\n\r\n" in received:
            request, _, received = received.partition(b"\r\n\r\n")
            yield request.decode() + "\r\n"


def _answer(method: str, sequence: str) -> bytes:
    lines = ["RTSP/1.0 200 OK", f"CSeq: {sequence}", "Session: 1"]
    body = ""
    if method == "DESCRIBE":
        body = SDP
        lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
    if method == "SETUP":
        lines.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
    if method == "OPTIONS":
        lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
    return "\r\n".join([*lines, "", body]).encode()
