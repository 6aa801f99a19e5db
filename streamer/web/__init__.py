"""What is served to browsers as it is."""
