"""How viewers reach us: the servers that tell addresses or relay, ports, and addresses from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiortc import RTCConfiguration, RTCIceServer

if TYPE_CHECKING:
    from streamer.config.tree import WebRtcConfig


def configuration_of(config: WebRtcConfig) -> RTCConfiguration:
    """For a connection of aiortc; without servers nothing outside this network is asked."""
    return RTCConfiguration(
        iceServers=[
            RTCIceServer(
                urls=list(server.urls),
                username=server.username,
                credential=server.credential.get_secret_value() if server.credential else None,
            )
            for server in config.ice_servers
        ]
    )
