"""Reads files that nobody trusts, in processes of their own."""
