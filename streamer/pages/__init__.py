"""The web pages: live video, events, and how the service does."""
