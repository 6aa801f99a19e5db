"""Whether the service is alive and ready, and its figures for Prometheus."""

from __future__ import annotations

from enum import Enum
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from streamer.api.access import visitor_of
from streamer.metrics.metrics import Metrics
from streamer.status import Status

TAGS: Final[list[str | Enum]] = ["service"]


def add_health(app: FastAPI, metrics: Metrics, status: Status) -> None:
    @app.head("/healthz", include_in_schema=False)
    @app.get(
        "/healthz",
        summary="Whether the service is alive",
        description="An answer at all says so.",
        tags=TAGS,
        response_class=PlainTextResponse,
    )
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.head("/readyz", include_in_schema=False)
    @app.get(
        "/readyz",
        summary="Whether the service is ready",
        description="A line for each part that is not as it should be, for who may see all cameras.",
        tags=TAGS,
        response_class=PlainTextResponse,
        responses={
            503: {"description": "Not ready", "content": {"text/plain": {"schema": {"type": "string"}}}}
        },
    )
    async def readyz(request: Request) -> PlainTextResponse:
        word, code = (
            ("ready", HTTPStatus.OK) if status.is_ready else ("unready", HTTPStatus.SERVICE_UNAVAILABLE)
        )
        visitor = visitor_of(request)
        # Names of cameras may be among the reasons.
        seen = status.details() if visitor is not None and visitor.cameras is None else {}
        details = (f"{part}: {text}" for part, text in seen.items())
        return PlainTextResponse("\n".join([word, *details]), status_code=code)

    @app.get(
        "/metrics",
        summary="What is counted and measured, for Prometheus",
        description="Open to programs on this machine; to others as all else.",
        tags=TAGS,
        response_class=PlainTextResponse,
    )
    def series() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)
