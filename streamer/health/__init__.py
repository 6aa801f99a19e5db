"""How a camera does: whether pictures come, and whether they show anything."""
