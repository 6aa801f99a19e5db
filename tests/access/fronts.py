"""The application as it is reached from outside, for tests of what is behind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from streamer.api.entrance import start_access
from streamer.api.front import behind_front
from streamer.config.file import validated

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from streamer.config.tree import HttpConfig


async def in_front(tasks: TaskGroup, app: FastAPI, folder: Path, http: HttpConfig) -> ASGIApp:
    """With the accounts of a folder, which are open until the tasks are cancelled."""
    folder.mkdir(parents=True, exist_ok=True)
    config = validated({"cameras": {"front": {"source": "sim://street"}}, "data": folder})
    config = config.model_copy(update={"http": http})
    doorkeeper = await start_access(tasks, app, config)
    return behind_front(app, doorkeeper, http)
