"""``rtsp_camera``: starts real RTSP cameras, and ends them with the test."""

import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from rtsp.clips import Clip, encode

SYSTEM_PYTHON = Path("/usr/bin/python3")
CAMERA = Path(__file__).with_name("camera.py")


@dataclass(frozen=True, slots=True)
class Login:
    """Who may watch; ``method`` is ``basic`` or ``digest``."""

    method: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Flaws:
    """What is wrong with a camera, or with the way to it.

    Attributes:
        loss: share of RTP packets that are lost, the same ones for a ``seed``.
        ahead_s: how far its clock is ahead of ours.
        sets_beforehand: it tells its parameter sets in the session description only.
    """

    loss: float = 0.0
    seed: int = 0
    ahead_s: float = 0.0
    sets_beforehand: bool = False


class RtspCamera:
    """A camera process; it can be killed, frozen, thawed and restarted at the same address."""

    def __init__(
        self, streams: Sequence[Path], clip: Clip, login: Login | None, flaws: Flaws = Flaws()
    ) -> None:
        self._streams = streams
        self._clip = clip
        self._login = login
        self._flaws = flaws
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Without user name and password."""
        return f"rtsp://127.0.0.1:{self.port}/cam"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts it at the port it had, or at a free one."""
        command = [str(CAMERA), *map(str, self._streams)]
        command += ["--codec", self._clip.codec, "--fps", str(self._clip.fps), "--port", str(self.port)]
        command += ["--loss", str(self._flaws.loss), "--seed", str(self._flaws.seed)]
        command += ["--ahead-s", str(self._flaws.ahead_s)]
        if self._flaws.sets_beforehand:
            command += ["--sets-beforehand"]
        if self._login:
            command += ["--auth", self._login.method, "--user", self._login.user]
            command += ["--password", self._login.password]
        self._process, self.port = launched(command)

    def kill(self) -> None:
        """It is gone at once, like a camera without power."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                pipe.close()
            self._process = None

    def freeze(self) -> None:
        """Its connections stay open and nothing comes."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def launched(command: Sequence[str]) -> tuple[subprocess.Popen[str], int]:
    """A camera's process, and the port at which it serves by now."""
    process = subprocess.Popen(
        [str(SYSTEM_PYTHON), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    ready = process.stdout.readline().split()
    assert ready[:1] == ["ready"], f"the camera did not start: {ready}"
    return process, int(ready[1])


CameraFactory = Callable[..., RtspCamera]


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Clip], Path]:
    """Makes elementary streams, each once a session."""
    folder = tmp_path_factory.mktemp("clips")
    return lambda clip: encode(clip, folder)


@contextmanager
def cameras(clips: Callable[[Clip], Path]) -> Iterator[CameraFactory]:
    """Starts cameras, and ends them with the block."""
    started: list[RtspCamera] = []

    def make(
        *shown: Clip,
        login: Login | None = None,
        streams: Sequence[Path] | None = None,
        flaws: Flaws = Flaws(),
    ) -> RtspCamera:
        wanted = shown or (Clip(),)
        camera = RtspCamera(streams or [clips(clip) for clip in wanted], wanted[0], login, flaws)
        camera.start()
        started.append(camera)
        return camera

    yield make
    for camera in started:
        camera.kill()


@pytest.fixture
def rtsp_camera(clips: Callable[[Clip], Path]) -> Iterator[CameraFactory]:
    """Starts cameras: ``rtsp_camera(*clips, login=None, streams=None, flaws=Flaws())``.

    Several clips play in turn; ``streams`` are elementary streams that are shown in the clips' place.
    """
    with cameras(clips) as make:
        yield make


@pytest.fixture(scope="module")
def lasting_camera(clips: Callable[[Clip], Path]) -> Iterator[CameraFactory]:
    """Starts cameras that last for all tests of a module, as ``rtsp_camera`` does for one."""
    with cameras(clips) as make:
        yield make
