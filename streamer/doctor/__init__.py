"""Checks of a machine and of a configuration, before anything runs."""
