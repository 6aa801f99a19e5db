"""What builds and runs images: docker, podman, or buildah alone."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final, Protocol

from deploy.image.bare import BareContainer, folder_of
from deploy.image.command import run, succeeds
from deploy.image.contained import EngineContainer
from deploy.image.container import Container, Recipe

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / "deploy" / "Containerfile"
CERTIFICATES: Final = "/run/ca.crt"


class Engine(Protocol):
    """Builds images, and starts containers of them."""

    program: str

    def has(self, image: str) -> bool: ...

    def keep(self, root: Path, name: str) -> None:
        """Make an image of the files of a folder."""

    def runs(self, image: str) -> bool:
        """Whether a program in this image can be run on this machine."""

    def build(self, tag: str) -> None: ...

    def size(self, tag: str) -> str: ...

    def recipe(self, tag: str) -> Recipe: ...

    def start(self, tag: str, volume: str, port: int) -> Container:
        """As its own user, without rights; ``volume`` is the name of what is kept."""

    def create_volume(self, name: str) -> None: ...

    def remove_volume(self, name: str) -> None: ...


def building() -> list[str | Path]:
    """The arguments that all of them take."""
    trusted = os.environ.get("PIP_CERT")
    secret = [f"--secret=id=ca,src={trusted}", f"--build-arg=PIP_CERT={CERTIFICATES}"] if trusted else []
    return [*secret, "--file", FILE]


class Docker:
    """Docker, or podman, which takes the same commands."""

    def __init__(self, program: str) -> None:
        self.program = program
        # Only images of docker's own format have a health check.
        self._format = ["--format=docker"] if program == "podman" else []

    def has(self, image: str) -> bool:
        return succeeds([self.program, "image", "inspect", image])

    def keep(self, root: Path, name: str) -> None:
        with tempfile.NamedTemporaryFile(suffix=".tar") as packed:
            run(["tar", "-C", root, "-cf", packed.name, "."])
            run([self.program, "import", packed.name, name])

    def runs(self, image: str) -> bool:
        return succeeds([self.program, "run", "--rm", *EngineContainer.RIGHTS, image, "true"])

    def build(self, tag: str) -> None:
        # Older versions of docker have to be asked for the builder that knows secrets.
        run(
            [
                "env",
                "DOCKER_BUILDKIT=1",
                self.program,
                "build",
                *self._format,
                *building(),
                "--tag",
                tag,
                ROOT,
            ]
        )

    def size(self, tag: str) -> str:
        return f"{int(run([self.program, 'image', 'inspect', '--format={{.Size}}', tag])) / 1e6:.0f} MB"

    def recipe(self, tag: str) -> Recipe:
        (image,) = json.loads(run([self.program, "image", "inspect", tag]))
        config = image["Config"]
        return _recipe(config, config.get("Healthcheck") or image.get("Healthcheck"))

    def start(self, tag: str, volume: str, port: int) -> Container:
        return EngineContainer(self.program, tag, self.recipe(tag).health, volume, port)

    def create_volume(self, name: str) -> None:
        run([self.program, "volume", "create", name])

    def remove_volume(self, name: str) -> None:
        run([self.program, "volume", "rm", name])


class Buildah:
    """Where nothing else can run: as root, in a changed root folder alone."""

    program = "buildah"

    def has(self, image: str) -> bool:
        return succeeds(["buildah", "inspect", "--type=image", image])

    def keep(self, root: Path, name: str) -> None:
        container = run(["buildah", "from", "scratch"])
        run(["buildah", "add", container, root, "/"])
        run(["buildah", "commit", "--rm", container, name])

    def runs(self, image: str) -> bool:
        if os.geteuid() != 0:
            return False
        container = run(["buildah", "from", image])
        try:
            return succeeds(["buildah", "run", *BareContainer.RIGHTS, container, "true"])
        finally:
            run(["buildah", "rm", container])

    def build(self, tag: str) -> None:
        bare = ["--layers", "--format=docker", *BareContainer.RIGHTS]
        run(["buildah", "build", *bare, *building(), "--tag", tag, ROOT])

    def size(self, tag: str) -> str:
        return run(["buildah", "images", "--format={{.Size}}", tag])

    def recipe(self, tag: str) -> Recipe:
        config = json.loads(run(["buildah", "inspect", "--type=image", tag]))["Docker"]["config"]
        return _recipe(config, config["Healthcheck"])

    def start(self, tag: str, volume: str, port: int) -> Container:
        return BareContainer(tag, self.recipe(tag), folder_of(volume), port)

    def create_volume(self, name: str) -> None:
        folder_of(name).mkdir()

    def remove_volume(self, name: str) -> None:
        shutil.rmtree(folder_of(name))


def _recipe(config: dict[str, Any], check: dict[str, Any]) -> Recipe:
    command = (*config["Entrypoint"], *config["Cmd"])
    return Recipe(command, tuple(check["Test"][1:]), config["User"])
