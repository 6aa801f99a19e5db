"""Where a model can run on this machine, and what is missing where it cannot."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Final, Literal

from detectors.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

Provider = Literal[
    "auto",
    "cpu",
    "cuda",
    "tensorrt",
    "tensorrt-rtx",
    "openvino",
    "migraphx",
    "coreml",
    "directml",
    "qnn",
    "cann",
    "dnnl",
    "xnnpack",
    "webgpu",
    "vitisai",
    "acl",
    "rocm",
]

RUNTIME_NAMES: Final[Mapping[str, str]] = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "tensorrt-rtx": "NvTensorRTRTXExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "qnn": "QNNExecutionProvider",
    "cann": "CANNExecutionProvider",
    "dnnl": "DnnlExecutionProvider",
    "xnnpack": "XnnpackExecutionProvider",
    "webgpu": "WebGpuExecutionProvider",
    "vitisai": "VitisAIExecutionProvider",
    "acl": "ACLExecutionProvider",
    "rocm": "ROCMExecutionProvider",
}
"""What onnxruntime calls them."""
WHEELS: Final[Mapping[str, str]] = {
    "cuda": "onnxruntime-gpu",
    "tensorrt": "onnxruntime-gpu",
    "openvino": "onnxruntime-openvino",
    "migraphx": "onnxruntime-migraphx",
    "coreml": "onnxruntime",
    "directml": "onnxruntime-directml",
    "qnn": "onnxruntime-qnn",
    "cann": "onnxruntime-cann",
    "webgpu": "onnxruntime-webgpu",
    "rocm": "onnxruntime-rocm",
}
"""The package that has it. All of them are the same module: of two that are installed one is broken."""
LIBRARIES: Final[Mapping[str, str]] = {
    name: f"libonnxruntime_providers_{name}.so"
    for name in ("cuda", "tensorrt", "openvino", "migraphx", "rocm")
}
OURS: Final[Mapping[str, Mapping[str, str]]] = {
    # An exhaustive search of convolutions takes seconds for each new batch size.
    "cuda": {"cudnn_conv_algo_search": "HEURISTIC"},
    "tensorrt": {"trt_fp16_enable": "0"},
}
"""Options of providers where a user says nothing else."""
NVIDIA: Final = frozenset({"cuda", "tensorrt", "tensorrt-rtx"})
AUTO: Final = ("cuda", "cpu")
"""Best first. TensorRT builds its engine for minutes: only for those who ask."""
DRIVER: Final = "libcuda.so.1"


def candidates(wanted: Provider) -> tuple[str, ...]:
    """The providers to try, in order."""
    return AUTO if wanted == "auto" else (wanted,)


def chain(provider: str, given: Mapping[str, str]) -> list[tuple[str, dict[str, str]]]:
    """A provider as the runtime has it, and those that take what it leaves; each with its options.

    Args:
        provider: that runs the model.
        given: options of it, over ours.
    """
    # TensorRT leaves what it cannot run to CUDA.
    names = {"tensorrt": ("tensorrt", "cuda", "cpu"), "cpu": ("cpu",)}.get(provider, (provider, "cpu"))
    return [
        (RUNTIME_NAMES[name], {**OURS.get(name, {}), **(given if name == provider else {})}) for name in names
    ]


def missing(provider: str, available: Collection[str]) -> str | None:
    """What this provider lacks here, as far as one can tell without starting it; None when nothing.

    ``available`` is what the runtime was built with, which says nothing of the machine: it lists CUDA on
    every one.
    """
    if provider == "cpu":
        return None
    if RUNTIME_NAMES[provider] not in available:
        wheel = WHEELS.get(provider)
        where = f" (the package {wheel} has it, in place of the one that is there)" if wheel else ""
        return f"this onnxruntime is built without it{where}"
    return unloadable(DRIVER, "no NVIDIA driver") if provider in NVIDIA else None


def known(available: Collection[str]) -> tuple[str, ...]:
    """Our names of what the runtime was built with, best first as it has them."""
    ours = {theirs: name for name, theirs in RUNTIME_NAMES.items()}
    return tuple(ours[name] for name in available if name in ours)


def why_not_started(provider: str, runtime: Path) -> str:
    """The reason why onnxruntime could not start a provider; it tells only its own log.

    Args:
        provider: that did not start.
        runtime: folder of onnxruntime's libraries.
    """
    library = LIBRARIES.get(provider)
    reason = unloadable(str(runtime / library), "a library is missing") if library else None
    return reason or "it does not start, though nothing is missing (driver and library may not match)"


def unloadable(library: str, what: str) -> str | None:
    """``what`` and the linker's message, when a shared library does not load."""
    try:
        ctypes.CDLL(library)
    except OSError as error:
        return f"{what} ({one_line(error)})"
    return None
