"""A camera in the browser as one writes it by hand with aiortc: a player, a relay, an encoder per viewer.

python tests/benchmarks/stock_viewing.py RTSP_URL

Prints its address; a viewer posts its offer to /whep/camera. Ends with its standard input.
"""

import asyncio
import socket
import sys

import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer, MediaRelay
from fastapi import FastAPI, Request, Response


def application(player: MediaPlayer) -> FastAPI:
    app = FastAPI()
    relay = MediaRelay()
    peers = set()

    @app.get("/healthz")
    async def healthz() -> str:
        return "ok"

    @app.post("/whep/camera")
    async def watch(request: Request) -> Response:
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peers.add(peer)

        @peer.on("connectionstatechange")
        async def changed() -> None:
            if peer.connectionState in ("failed", "closed"):
                await peer.close()
                peers.discard(peer)

        sender = peer.addTrack(relay.subscribe(player.video))
        [transceiver] = [each for each in peer.getTransceivers() if each.sender is sender]
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([each for each in codecs if each.mimeType == "video/H264"])
        offer = (await request.body()).decode()
        await peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return Response(peer.localDescription.sdp, 201, media_type="application/sdp")

    return app


async def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    player = MediaPlayer(sys.argv[1], options={"rtsp_transport": "tcp", "fflags": "nobuffer"})
    server = uvicorn.Server(uvicorn.Config(application(player), log_level="error"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    player.video.stop()
    server.should_exit = True
    await asyncio.wait([serving], timeout=2)


if __name__ == "__main__":
    asyncio.run(main())
