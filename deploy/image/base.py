"""The image that ours begins with: from its registry, or made here where that is out of reach."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

from deploy.image.command import run, succeeds
from deploy.image.engine import Engine
from deploy.image.trouble import EngineUnavailable

NAME: Final = "docker.io/library/debian:bookworm-slim"
SUITE: Final = "bookworm"
LEFT_OUT: Final = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists")
"""What the image of the registry does without, too."""


def require_base(engine: Engine) -> None:
    """Have it, so that building asks no registry for it.

    Raises:
        EngineUnavailable: no registry answers, and it cannot be made here.
    """
    if engine.has(NAME) or succeeds([engine.program, "pull", NAME]):
        return
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise EngineUnavailable(f"{NAME} cannot be pulled; root can make it here, with debootstrap")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        run(["debootstrap", "--variant=minbase", SUITE, root])
        for part in LEFT_OUT:
            for child in (root / part).iterdir():
                run(["rm", "-rf", child])
        engine.keep(root, NAME)
