"""Where the real test data is, and what a skip may be."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def real_data_folder() -> Path:
    return Path(os.environ.get("SIGHTLINE_TEST_DATA", ROOT / ".." / "shared" / "data")).resolve()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if (real_data_folder() / "MANIFEST.md").is_file():
        return
    skip = pytest.mark.skip(reason="no real test data: set SIGHTLINE_TEST_DATA to its folder")
    for item in items:
        if "realdata" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real models, videos and pictures; only for tests marked ``realdata``."""
    return real_data_folder()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
