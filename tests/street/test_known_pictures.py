"""Addresses without new options show what they always showed: trainings and figures rest on them."""

import json

import numpy as np
import pytest
from street.known_pictures import ADDRESSES, INDICES, PATH, known

KNOWN = json.loads(PATH.read_text())


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_known_addresses_show_what_they_always_showed(address: str, index: int) -> None:
    before, now = KNOWN[address][str(index)], known(address, index)
    for name in ("boxes", "identities", "kinds", "visible"):
        assert now[name] == before[name]
    values = [np.frombuffer(bytes.fromhex(str(one["values"])), np.uint8).astype(int) for one in (before, now)]
    # Another processor's vector units may round the last bit otherwise.
    assert np.abs(values[0] - values[1]).max() <= 1
