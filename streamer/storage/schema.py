"""The index of events as SQL tables; any database that SQLAlchemy speaks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    inspect,
)
from sqlalchemy.schema import CreateColumn

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    _UtcBase = TypeDecorator[datetime]
else:
    _UtcBase = TypeDecorator


class UtcDateTime(_UtcBase):
    """An aware time, kept as naive UTC: SQLite has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


METADATA: Final = MetaData()

EVENTS: Final = Table(
    "events",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("camera", String(255), nullable=False),
    Column("label", String(255), nullable=False),
    Column("sub_label", String(255)),
    # Given by a person; its snapshot is never deleted.
    Column("human_label", String(255)),
    Column("track", Integer, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("box", JSON, nullable=False),
    Column("zones", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    # The last sighting that reached the index: where an event ends that a crash left open.
    Column("seen_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("snapshot", String(1024)),
    Column("bytes", BigInteger, nullable=False, default=0),
    # The files of the snapshot are being written or deleted: look at the disk after a crash.
    Column("unsettled", Boolean, nullable=False, default=False),
    # Since the second version of this table.
    Column("rules", JSON),
    Column("stationary", Boolean),
    # Since the third version: of the pictures that the box lies in.
    Column("width", Integer),
    Column("height", Integer),
    Index("events_by_time", "started_at", "id"),
    Index("events_by_camera", "camera", "started_at", "id"),
)

PARKED: Final = Table(
    "parked",
    METADATA,
    # Its event is open; ``seen_at`` there is when the object was seen last.
    Column("event", String(64), primary_key=True),
    Column("camera", String(255), nullable=False),
    # In shares of the picture.
    Column("place", JSON, nullable=False),
    Column("score", Float, nullable=False),
    Column("votes", JSON, nullable=False),
    # Since the second version of this table.
    Column("stays", JSON),
)

STAYS: Final = Table(
    "stays",
    METADATA,
    # In a zone, until it leaves. Tracks are counted anew by each process, but for those that are parked.
    Column("camera", String(255), primary_key=True),
    Column("zone", String(255), primary_key=True),
    Column("track", Integer, primary_key=True),
    Column("label", String(255), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)

CAMERA_EVENTS: Final = Table(
    "camera_events",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("camera", String(255), nullable=False),
    Column("state", String(32), nullable=False),
    Column("reason", Text),
    Column("since", UtcDateTime, nullable=False),
    Index("camera_events_by_time", "since", "id"),
    Index("camera_events_by_camera", "camera", "since", "id"),
)


def make_tables(connection: Connection) -> None:
    """Make the tables that are missing, and the columns that older versions did not have.

    Such a column may be empty: the rows that are there have nothing in it.
    """
    METADATA.create_all(connection)
    there, quote = inspect(connection), connection.dialect.identifier_preparer.quote
    for table in METADATA.sorted_tables:
        known = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                wanted = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {quote(table.name)} ADD COLUMN {wanted}")
