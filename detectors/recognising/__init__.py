"""Finds out what a model is, and how its pictures are prepared, by what it says and by a trial."""
