"""Networks that somebody else trained, whose features a new classifier is built on."""
