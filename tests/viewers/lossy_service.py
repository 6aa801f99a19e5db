"""``sightline``, some of whose video never reaches its viewers.

python lossy_service.py SHARE ARGUMENTS..
"""

import sys
from random import Random
from typing import Final

from aiortc import RTCDtlsTransport

from streamer.cli import main

RTCP: Final = range(200, 208)
"""The second byte of an RTCP packet (RFC 5761, section 4)."""


def lose(share: float) -> None:
    """This share of the RTP packets is not sent, first ones and repetitions alike."""
    send, chance = RTCDtlsTransport._send_rtp, Random(1)

    async def send_some(transport: RTCDtlsTransport, packet: bytes) -> None:
        if packet[1] in RTCP or chance.random() >= share:
            await send(transport, packet)

    RTCDtlsTransport._send_rtp = send_some  # type: ignore[method-assign]


if __name__ == "__main__":
    lose(float(sys.argv.pop(1)))
    main()
