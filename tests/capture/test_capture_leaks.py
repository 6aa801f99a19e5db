"""A lost connection is let go of at once, not when the garbage collector comes by."""

import gc

import pytest
from av.container import InputContainer
from rtsp.fixtures import CameraFactory
from viewing import camera, viewing

pytestmark = pytest.mark.anyio


def connections() -> int:
    return sum(isinstance(each, InputContainer) for each in gc.get_objects())


async def test_a_lost_connection_leaves_nothing_behind(rtsp_camera: CameraFactory) -> None:
    served = rtsp_camera()
    gc.collect()
    gc.disable()
    try:
        before = connections()
        async with viewing(camera(served.url)) as viewer:
            for _ in range(2):
                await viewer.more(3)
                served.kill()
                await viewer.until_state("down")
                served.start()
                await viewer.until_state("live")
            assert connections() - before == 1
    finally:
        gc.enable()
