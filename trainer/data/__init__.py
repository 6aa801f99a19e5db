"""Labelled pictures: where they come from, which can be used, and how they are divided."""
