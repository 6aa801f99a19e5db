"""Pages of other origins ask first what they may (CORS, Fetch Standard)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.middleware.cors import CORSMiddleware

from streamer.api.problems import problem

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.responses import Response

ABOUT_A_BODY: Final = "content-"


class Cors(CORSMiddleware):
    """Starlette's, whose refusals are problem documents as all others are."""

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        headers = {name: value for name, value in answer.headers.items() if not name.startswith(ABOUT_A_BODY)}
        wrong = bytes(answer.body).decode().removeprefix("Disallowed CORS ")
        told = f"expected a page of http.origins, and a method and headers that it may use; not so: {wrong}"
        return problem(answer.status_code, told, headers)
