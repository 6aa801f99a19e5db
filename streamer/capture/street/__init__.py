"""A procedural street camera whose exact truth is known."""
