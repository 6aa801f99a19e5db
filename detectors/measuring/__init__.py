"""How right, how alike and how fast models are."""
