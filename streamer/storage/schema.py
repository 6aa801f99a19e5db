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
    text,
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


def _where(name: str, condition: str, *columns: str) -> Index:
    """An index of the rows for which this holds."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


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
    # Since the fourth version: when its last phase was told, by the clock of this machine.
    Column("told_at", UtcDateTime),
    Index("events_by_time", "started_at", "id"),
    Index("events_by_camera", "camera", "started_at", "id"),
    Index("events_by_label", "label", "started_at", "id"),
    Index("events_by_camera_and_label", "camera", "label", "started_at", "id"),
    Index("events_to_count", "started_at", "camera", "label"),
    Index("events_by_telling", "told_at", "id"),
    # Few events have these.
    _where("events_open", "ended_at IS NULL", "started_at", "id"),
    _where("events_by_sub_label", "sub_label IS NOT NULL", "sub_label", "started_at", "id"),
    _where(
        "events_by_camera_and_sub_label", "sub_label IS NOT NULL", "camera", "sub_label", "started_at", "id"
    ),
    _where("events_by_human_label", "human_label IS NOT NULL", "human_label", "started_at", "id"),
    _where(
        "events_by_camera_and_human_label",
        "human_label IS NOT NULL",
        "camera",
        "human_label",
        "started_at",
        "id",
    ),
)

EVENT_ZONES: Final = Table(
    "event_zones",
    METADATA,
    # Since the fourth version: the zones in the list of an event, and what else of it they are found by.
    Column("id", String(64), primary_key=True),
    Column("zone", String(255), primary_key=True),
    Column("camera", String(255), nullable=False),
    Column("label", String(255), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Index("event_zones_by_time", "zone", "started_at", "id"),
    Index("event_zones_by_camera", "zone", "camera", "started_at", "id"),
    Index("event_zones_by_label", "zone", "label", "started_at", "id"),
    Index("event_zones_by_camera_and_label", "zone", "camera", "label", "started_at", "id"),
)

SAMPLES: Final = Table(
    "samples",
    METADATA,
    # Pictures that were collected beside those of events; since the fifth version.
    Column("id", String(64), primary_key=True),
    # Samples of one object share it; the id of its event where it has one.
    Column("event", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("camera", String(255), nullable=False),
    Column("label", String(255), nullable=False),
    Column("human_label", String(255)),
    Column("confidence", Float, nullable=False),
    Column("box", JSON, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("snapshot", String(1024), nullable=False),
    Column("bytes", BigInteger, nullable=False, default=0),
    # Its files are being written or deleted.
    Column("unsettled", Boolean, nullable=False, default=False),
    Index("samples_by_time", "captured_at", "id"),
    Index("samples_by_camera", "camera", "captured_at", "id"),
    Index("samples_by_event", "event"),
    _where("samples_by_human_label", "human_label IS NOT NULL", "human_label"),
)

IMPRESSIONS: Final = Table(
    "impressions",
    METADATA,
    # What machines make of a picture that may be labelled; its id is that of the event or the sample.
    Column("id", String(64), primary_key=True),
    # A perceptual hash as a signed number; None of a picture that cannot be read.
    Column("look", BigInteger),
    # What a classifier suggests, how sure it is, and by how much more than of the next class.
    Column("model", String(255)),
    Column("suggestion", String(255)),
    Column("confidence", Float),
    Column("margin", Float),
)

CLASSES: Final = Table(
    "classes",
    METADATA,
    # Those that somebody added; others there are where pictures are labelled so.
    Column("name", String(255), primary_key=True),
    Column("added_at", UtcDateTime, nullable=False),
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


def make_tables(connection: Connection) -> bool:
    """Make the tables and indexes that are missing, and the columns that older versions did not have.

    Such a column may be empty: the rows that are there have nothing in it.

    Returns:
        Whether the zones of events have to be filled in.
    """
    there, quote = inspect(connection), connection.dialect.identifier_preparer.quote
    names = set(there.get_table_names())
    METADATA.create_all(connection)
    there.clear_cache()
    for table in METADATA.sorted_tables:
        known = {column["name"] for column in there.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                wanted = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {quote(table.name)} ADD COLUMN {wanted}")
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    return EVENTS.name in names and EVENT_ZONES.name not in names
