"""Which libraries a process loads: TensorFlow and aiortc crash in one, and must never meet."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORT_ALL = """
import importlib, pkgutil, sys
package, *wanted = sys.argv[1:]
root = importlib.import_module(package)
for module in pkgutil.walk_packages(root.__path__, package + "."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted(name for name in wanted if name in sys.modules))
"""


def loaded(package: str, *wanted: str) -> list[str]:
    """Which of these libraries all modules of a package load together, in a process of their own."""
    command = [sys.executable, "-c", IMPORT_ALL, package, *wanted]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("package", ["streamer", "detectors"])
def test_the_service_never_loads_tensorflow(package: str) -> None:
    assert loaded(package, "tensorflow", "keras", "trainer") == []


def test_the_trainer_never_loads_the_service() -> None:
    assert loaded("trainer", "aiortc", "aioice", "streamer", "av") == []


def test_a_command_line_is_read_before_anything_heavy_loads() -> None:
    code = "import streamer.cli, sys; print(*(set(sys.argv[1:]) & set(sys.modules)))"
    heavy = ["numpy", "cv2", "av", "onnxruntime", "scipy", "supervision", "pydantic", "anyio", "rich"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.split() == []
