"""TensorFlow as this machine is to be used: its cores, a cap on memory, seeds, and one or several devices."""

from __future__ import annotations

import contextlib
import math
import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from trainer.cores import cores
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainer.options import TrainOptions

STATUS: Final = Path("/proc/self/status")
WORKING: Final = 512 * 2**20
"""Bytes without which even a small training fails."""
MISSING: Final = "TensorFlow is not installed: pip install 'sightline[train]'"


def prepare(options: TrainOptions) -> Any:
    """Load TensorFlow and set it up; returns the strategy, None for one device.

    Raises:
        TrainerError: it is not installed, or the strategy cannot be had.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _quiet():
            import keras
            import tensorflow as tf

            tf.config.list_physical_devices()
    except ImportError as error:
        raise TrainerError(f"{MISSING} ({error})") from error
    import cv2

    tf.get_logger().setLevel("ERROR")
    cv2.setNumThreads(1)
    # Once TensorFlow has computed anything, its threads stay as they are.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(cores())
        tf.config.threading.set_inter_op_parallelism_threads(2)
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    if options.machine.memory is not None:
        _limit(options.machine.memory)
    keras.utils.set_random_seed(options.seed)
    tf.config.experimental.enable_op_determinism()
    return _strategy(tf, options)


@contextlib.contextmanager
def within_memory() -> Iterator[None]:
    """What does not fit into memory as one line.

    Raises:
        TrainerError: it did not.
    """
    import tensorflow as tf

    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise TrainerError(
            "not enough memory: take a smaller --size or --batch-size, or a smaller backbone; "
            "what was done is kept for --resume"
        ) from error


def _limit(size: int) -> None:
    """Let the process take no more. Native code that gets none aborts: that is not to happen at once."""
    taken = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmData"))
    least = int(taken.split()[1]) * 1024 + WORKING
    if size < least:
        gigabytes = math.ceil(least / 10**8) / 10
        raise TrainerError(
            f"--memory: expected at least {gigabytes}GB, for TensorFlow alone takes most of that"
        )
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """While TensorFlow starts, its native code writes pages to standard error that no setting stops."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _strategy(tf: Any, options: TrainOptions) -> Any:
    kind = options.machine.strategy
    if kind == "none":
        return None
    if kind == "mirrored":
        return tf.distribute.MirroredStrategy()
    if "TF_CONFIG" not in os.environ:
        raise TrainerError(
            "--strategy multiworker: expected TF_CONFIG with the addresses of all workers "
            "and the number of this one"
        )
    return tf.distribute.MultiWorkerMirroredStrategy()


def scope(strategy: Any) -> Any:
    """Where variables are made."""
    return strategy.scope() if strategy else contextlib.nullcontext()


def is_first(strategy: Any) -> bool:
    """Whether this process writes the result: of several workers only the first does."""
    resolver = getattr(strategy, "cluster_resolver", None)
    return resolver is None or resolver.task_id in (None, 0)
