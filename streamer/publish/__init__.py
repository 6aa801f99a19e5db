"""Where results go: JSON Lines, annotated video and pictures, the terminal."""
