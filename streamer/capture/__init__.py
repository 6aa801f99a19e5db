"""From an address to frames: streams, files, devices and the simulated street."""
