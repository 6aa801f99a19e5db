"""Which engine builds and runs the image here."""

from __future__ import annotations

from typing import Final

from deploy.image.base import NAME, require_base
from deploy.image.command import succeeds
from deploy.image.engine import Buildah, Docker, Engine
from deploy.image.trouble import EngineUnavailable, ImageFailed

ENGINES: Final[dict[str, Engine]] = {
    "docker": Docker("docker"),
    "podman": Docker("podman"),
    "buildah": Buildah(),
}


def find_engine(wanted: str | None = None) -> Engine:
    """The first one that runs programs here, with the base image at hand.

    Raises:
        EngineUnavailable: there is none, or not the one that is wanted.
    """
    told = []
    for name in ENGINES if wanted is None else (wanted,):
        engine = ENGINES[name]
        if not succeeds([name, "info"]):
            told.append(f"{name}: not here, or it does not answer")
            continue
        try:
            require_base(engine)
        except (EngineUnavailable, ImageFailed) as failed:
            told.append(f"{name}: {failed}")
            continue
        if engine.runs(NAME):
            return engine
        told.append(f"{name}: it cannot run programs on this machine")
    raise EngineUnavailable("; ".join(told))
