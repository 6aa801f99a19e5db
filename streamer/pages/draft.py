"""What a person types into the form of a camera, and what it comes to in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

PATHS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": ("title",),
    "enabled": ("enabled",),
    "main": ("source",),
    "sub": ("source",),
    "username": ("username",),
    "password": ("password",),
    "detects": ("detect", "enabled"),
    "detector": ("detector",),
    "fps": ("detect", "fps"),
}
"""The option that each field is about."""
OF_TWO: Final = {"main": ("source", "main"), "sub": ("source", "sub")}

MISSING: Final = "expected at least 1 character, received ''"


@dataclass(frozen=True, slots=True)
class Draft:
    """The form of a camera; texts are as they are typed.

    Attributes:
        main: its address, or that of the larger of two streams.
        sub: of the smaller one; empty where there is one stream.
        password: a new one; empty leaves the old one as it is.
        detects: whether anything is looked for.
        fps: how often.
    """

    title: str = ""
    enabled: bool = True
    main: str = ""
    sub: str = ""
    username: str = ""
    password: str = ""
    detects: bool = True
    detector: str = ""
    fps: str = ""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Draft:
        """The form of what is configured, which comes without secrets."""
        source = options["source"]
        streams = source if isinstance(source, Mapping) else {"main": source, "sub": ""}
        return cls(
            title=options.get("title") or "",
            enabled=options["enabled"],
            main=streams["main"],
            sub=streams["sub"],
            username=options.get("username") or "",
            detects=options["detect"]["enabled"],
            detector=options["detector"],
            fps=f"{options['detect']['fps']:g}",
        )

    @property
    def source(self) -> str | dict[str, str]:
        """Where its pictures come from."""
        main, sub = self.main.strip(), self.sub.strip()
        return {"main": main, "sub": sub} if sub else main

    def changed(self, since: Draft) -> set[str]:
        """The fields that differ."""
        return {each.name for each in fields(self) if getattr(self, each.name) != getattr(since, each.name)}

    def patch(self, before: Draft) -> dict[str, Any]:
        """What has to be said of the camera, for ``before`` to become this; null takes away (RFC 7396)."""
        changed = self.changed(before)
        patch: dict[str, Any] = {}
        if "title" in changed:
            patch["title"] = self.title.strip() or None
        if "username" in changed:
            patch["username"] = self.username.strip() or None
            if not self.username.strip():
                # Nobody is asked for it any more.
                patch["password"] = None
        if self.password:
            patch["password"] = self.password
        if changed & {"main", "sub"}:
            patch["source"] = self.source
        patch |= {name: getattr(self, name) for name in ("enabled", "detector") if name in changed}
        detect = {"enabled": self.detects, "fps": _number(self.fps)}
        said = {key: detect[key] for key, name in (("enabled", "detects"), ("fps", "fps")) if name in changed}
        return {**patch, "detect": said} if said else patch

    def over(self, before: Draft, newer: Draft) -> Draft:
        """The same changes, made to what somebody else has made of it meanwhile."""
        return replace(newer, **{name: getattr(self, name) for name in self.changed(before)})


def by_field(refusal: str, camera: str) -> dict[str, str]:
    """What is wrong, by field; under an empty name what none of them is about.

    Args:
        refusal: ``cameras.gate.detect.fps: expected ..``, a line for each thing that is wrong.
        camera: whose form it is.
    """
    fields_of = {".".join(path): name for name, path in reversed([*PATHS.items(), *OF_TWO.items()])}
    found: dict[str, list[str]] = {}
    for line in refusal.splitlines():
        option, separator, text = line.removeprefix(f"cameras.{camera}.").partition(": ")
        field = fields_of.get(option, "") if separator else ""
        found.setdefault(field, []).append(text if field else line)
    return {field: "\n".join(map(sentence, lines)) for field, lines in found.items()}


def sentence(text: str) -> str:
    """With a capital letter, and a full stop."""
    if text == MISSING:
        return "Something has to stand here."
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "?", "!")) else ".")


def _number(text: str) -> float | str:
    """What is no number is told of where it is judged."""
    try:
        number = float(text.strip().replace(",", "."))
    except ValueError:
        return text.strip()
    return int(number) if number.is_integer() else number
