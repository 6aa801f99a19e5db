"""Who may use the service, and for what."""
