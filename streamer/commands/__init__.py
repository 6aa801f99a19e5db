"""One module for each subcommand of ``sightline``."""
