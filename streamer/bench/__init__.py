"""How fast it is here, beside the limit of this machine and what a user would write by hand."""
