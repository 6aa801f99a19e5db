"""What is configured, by HTTP: every value as it counts now, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from streamer.api.description import refusals
from streamer.api.question import Question, once

if TYPE_CHECKING:
    from pydantic.config import JsonDict

    from streamer.config.show import Shown

EXAMPLE: Final[JsonDict] = {
    "config": {"cameras": {"gate": {"source": "rtsp://***@192.168.1.22/live"}}, "http": {"port": 8080}},
    "origins": {"/cameras/gate/source": "cameras.yaml:2", "/http/port": "default"},
}


class Configured(Protocol):
    """Where it is known what is configured."""

    async def configured(self, *, defaults: bool) -> Iterable[Shown]: ...


class SettingsQuestion(Question):
    """How much is shown."""

    said: bool = Field(default=False, description="without the defaults")


class SettingsAnswer(BaseModel):
    """The configuration as it counts now, without secrets."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    config: dict[str, Any] = Field(description="sections and options, as in the configuration file")
    origins: dict[str, str] = Field(
        description="where each value comes from, by its place in `config` (a JSON Pointer, RFC 6901): a line"
        " of a file, the `command line`, or `default`"
    )

    @classmethod
    def of(cls, values: Iterable[Shown]) -> SettingsAnswer:
        answer = cls(config={}, origins={})
        for each in values:
            *sections, key = each.path
            section = answer.config
            for name in sections:
                section = section.setdefault(name, {})
            section[key] = each.value
            answer.origins["".join(f"/{_escaped(part)}" for part in each.path)] = each.origin
        return answer


def add_settings(app: FastAPI, settings: Configured) -> None:
    @app.get(
        "/api/config",
        summary="What is configured, and where each value comes from",
        description="File, what was changed since, command line and defaults in one. Admins only.",
        tags=["service"],
        dependencies=[Depends(once())],
        responses=refusals(422),
    )
    async def config(question: Annotated[SettingsQuestion, Query()]) -> SettingsAnswer:
        return SettingsAnswer.of(await settings.configured(defaults=not question.said))


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
