"""Whether the service is alive and ready, and its figures for Prometheus."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from streamer.api.access import visitor_of
from streamer.metrics.metrics import Metrics
from streamer.status import Status


def add_health(app: FastAPI, metrics: Metrics, status: Status) -> None:
    @app.api_route("/healthz", methods=["GET", "HEAD"], include_in_schema=False)
    async def healthz() -> PlainTextResponse:
        # An answer at all says that the event loop turns.
        return PlainTextResponse("ok")

    @app.api_route("/readyz", methods=["GET", "HEAD"], include_in_schema=False)
    async def readyz(request: Request) -> PlainTextResponse:
        word, code = (
            ("ready", HTTPStatus.OK) if status.is_ready else ("unready", HTTPStatus.SERVICE_UNAVAILABLE)
        )
        visitor = visitor_of(request)
        # Names of cameras may be among the reasons.
        seen = status.details() if visitor is not None and visitor.cameras is None else {}
        details = (f"{part}: {text}" for part, text in seen.items())
        return PlainTextResponse("\n".join([word, *details]), status_code=code)

    @app.get("/metrics", include_in_schema=False)
    def series() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
