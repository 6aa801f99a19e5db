"""Accounts and their sessions as SQL tables; any database that SQLAlchemy speaks."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Column, Float, Index, MetaData, String, Table

METADATA: Final = MetaData()

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    # A user or a token; names are compared without regard to case.
    Column("kind", String(8), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("role", String(16), nullable=False),
    Column("cameras", JSON),
    # A hash: of a password with its salt (argon2), or of a token (SHA-256).
    Column("secret", String(255), nullable=False),
    # Seconds since 1970, as those below.
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Index("accounts_by_secret", "secret"),
)

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    # A hash; the cookie has what it is made of.
    Column("hash", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("key", String(128), nullable=False),
    # A hash of the secret that was signed in with: with another password the session is over.
    Column("proof", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Index("sessions_by_end", "expires_at"),
)
