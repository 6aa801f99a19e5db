"""No silent fall-back: a provider that was asked for runs, or its absence is an error."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import onnxruntime
import pytest
from miniature import LABELS, SIDE, write, yolox

from detectors import providers
from detectors.detector import load
from detectors.errors import InferenceError, ModelLoadError
from detectors.session import Limits, Session, SessionOptions

WHITE = np.full((1, SIDE, SIDE, 3), 255, np.uint8)


def driver():
    try:
        ctypes.CDLL(providers.DRIVER)
    except OSError:
        return False
    return True


@pytest.fixture
def mini(tmp_path):
    return str(write(yolox(), tmp_path / "mini.onnx", labels=LABELS))


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_missing_provider_is_an_error_that_says_what_is_missing(provider, mini, tmp_path, capfd):
    options = SessionOptions(provider=provider)
    if driver():
        assert load(mini, options, cache=tmp_path).warm_up().provider == provider
    else:
        with pytest.raises(ModelLoadError, match=rf"provider {provider}: .*libcuda\.so\.1") as raised:
            load(mini, options, cache=tmp_path)
        assert "\n" not in str(raised.value)
    assert capfd.readouterr() == ("", "")


def test_auto_takes_what_works_and_says_why_not_better(mini, tmp_path, capfd):
    policy = load(mini, SessionOptions(), cache=tmp_path).warm_up()
    assert policy.provider in providers.AUTO
    assert bool(policy.passed_over) == (policy.provider != providers.AUTO[0])
    if not driver():
        assert policy.provider == "cpu"
        assert "cuda: no NVIDIA driver (libcuda.so.1" in policy.passed_over
    assert capfd.readouterr() == ("", "")


def test_what_the_runtime_lists_says_nothing_of_the_machine():
    assert providers.missing("cpu", ()) is None
    assert "built without it" in (providers.missing("cuda", ["CPUExecutionProvider"]) or "")
    everything = list(providers.RUNTIME_NAMES.values())
    assert (providers.missing("cuda", everything) is None) == driver()


def test_every_provider_of_the_runtime_has_a_name_or_is_of_another_kind_of_machine():
    others = {"Azure", "Js", "Nnapi", "Rknpu", "VSINPU", "WebNN"}  # browsers, telephones, a cloud
    named = set(providers.RUNTIME_NAMES.values())
    for theirs in onnxruntime.get_all_providers():
        assert theirs in named or theirs.removesuffix("ExecutionProvider") in others
    assert set(providers.known(onnxruntime.get_available_providers())) >= {"cpu"}
    assert {"auto", *providers.RUNTIME_NAMES} == set(get_args(providers.Provider))


@pytest.mark.parametrize("provider", ["openvino", "migraphx", "directml", "coreml", "qnn"])
def test_a_provider_of_another_package_is_an_error_that_names_it(provider, mini, tmp_path):
    if providers.RUNTIME_NAMES[provider] in onnxruntime.get_available_providers():
        assert load(mini, SessionOptions(provider=provider), cache=tmp_path).warm_up().provider == provider
        return
    package = providers.WHEELS[provider]
    with pytest.raises(ModelLoadError, match=rf"provider {provider}: .* \(the package {package} has it"):
        load(mini, SessionOptions(provider=provider), cache=tmp_path)


def test_options_are_those_of_the_provider_that_is_named():
    heuristic = {"cudnn_conv_algo_search": "HEURISTIC"}
    assert providers.chain("cpu", {}) == [("CPUExecutionProvider", {})]
    assert providers.chain("openvino", {"device_type": "GPU"}) == [
        ("OpenVINOExecutionProvider", {"device_type": "GPU"}),
        ("CPUExecutionProvider", {}),
    ]
    assert providers.chain("cuda", {"cudnn_conv_algo_search": "DEFAULT"})[0][1] == {
        "cudnn_conv_algo_search": "DEFAULT"
    }
    assert providers.chain("tensorrt", {"trt_fp16_enable": "1"}) == [
        ("TensorrtExecutionProvider", {"trt_fp16_enable": "1"}),
        ("CUDAExecutionProvider", heuristic),
        ("CPUExecutionProvider", {}),
    ]


def test_the_linker_says_which_library_is_missing(tmp_path):
    assert "libnosuch.so.7" in (providers.unloadable("libnosuch.so.7", "missing") or "")
    assert "libonnxruntime_providers_cuda.so" in providers.why_not_started("cuda", tmp_path)


def test_bound_memory_gives_the_same_as_a_plain_run(mini, tmp_path):
    """The way of a GPU, on the CPU: bindings are the same, only what they copy differs."""
    detector = load(mini, SessionOptions(provider="cpu"), cache=tmp_path)
    inner = onnxruntime.InferenceSession(detector._graph, providers=["CPUExecutionProvider"])
    plain, bound = (Session(inner, provider, "").run(WHITE, Limits()) for provider in ("cpu", "cuda"))
    assert len(plain.boxes) == 2
    for name in ("boxes", "scores", "classes", "picture"):
        assert np.array_equal(getattr(plain, name), getattr(bound, name))


def test_a_failing_run_is_an_inference_error_and_writes_nothing(mini, tmp_path, capfd):
    session = load(mini, SessionOptions(provider="cpu"), cache=tmp_path)._session
    for images in (WHITE[:, :32], WHITE.astype(np.float32), WHITE[0]):
        with pytest.raises(InferenceError) as raised:
            session.run(images, Limits())
        assert "\n" not in str(raised.value)
    assert len(session.run(WHITE, Limits()).boxes) == 2
    assert capfd.readouterr() == ("", "")


def test_nothing_is_kept_for_the_makers_of_the_runtime(tmp_path: Path) -> None:
    """onnxruntime would keep a device id and a queue of events in the user's cache."""
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / ".cache")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORT_")} | home
    subprocess.run([sys.executable, "-c", "import detectors.session"], env=environment, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
