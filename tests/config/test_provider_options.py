"""Options of a provider in the configuration."""

import pytest

from streamer.config.file import validated
from streamer.errors import ConfigError


def test_numbers_become_the_text_that_onnxruntime_takes() -> None:
    options = {"device_type": "GPU", "num_streams": 2}
    config = validated({"detectors": {"default": {"provider": "openvino", "provider_options": options}}})
    assert config.detectors["default"].provider_options == {"device_type": "GPU", "num_streams": "2"}


@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_options_need_a_provider_that_has_some(provider: str) -> None:
    with pytest.raises(ConfigError, match=f"expected a provider that has options.* received {provider}"):
        validated({"detectors": {"default": {"provider": provider, "provider_options": {"a": "b"}}}})


def test_a_provider_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"detectors\.default\.provider"):
        validated({"detectors": {"default": {"provider": "gpu"}}})
