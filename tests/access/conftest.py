"""What tests of access start from: a real browser."""

from system.chromium import chromium

__all__ = ["chromium"]
