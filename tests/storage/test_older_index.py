"""An index that an older version made opens, with all that is in it, and takes what is told today."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from keeping import FOREVER, MORNING, event, everything, opened, written
from sqlalchemy import Column, Connection, create_engine, inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateIndex

from streamer.errors import SinkUnavailable
from streamer.event import CameraEvent, Event, Parked, Ruling, ZoneStay
from streamer.storage.index import EventIndex
from streamer.storage.query import EventQuery
from streamer.storage.schema import METADATA, make_tables
from streamer.storage.store import EventStore

pytestmark = pytest.mark.anyio

FIRST_VERSION = """
CREATE TABLE events (
    id VARCHAR(64) NOT NULL, camera VARCHAR(255) NOT NULL, label VARCHAR(255) NOT NULL,
    sub_label VARCHAR(255), human_label VARCHAR(255), track INTEGER NOT NULL, confidence FLOAT NOT NULL,
    box JSON NOT NULL, zones JSON NOT NULL, attributes JSON NOT NULL, started_at DATETIME NOT NULL,
    seen_at DATETIME NOT NULL, ended_at DATETIME, snapshot VARCHAR(1024), bytes BIGINT NOT NULL,
    unsettled BOOLEAN NOT NULL, PRIMARY KEY (id)
);
CREATE INDEX events_by_time ON events (started_at, id);
CREATE INDEX events_by_camera ON events (camera, started_at, id);
CREATE TABLE parked (
    event VARCHAR(64) NOT NULL, camera VARCHAR(255) NOT NULL, place JSON NOT NULL, score FLOAT NOT NULL,
    votes JSON NOT NULL, PRIMARY KEY (event)
);
INSERT INTO events VALUES (
    'e000001', 'yard', 'car', NULL, 'courier', 1, 0.9, '[1.0, 2.0, 3.0, 4.0]', '["porch"]', '{}',
    '2026-03-01 08:00:00.000000', '2026-03-01 08:10:00.000000', NULL, NULL, 0, 0
);
INSERT INTO parked VALUES ('e000001', 'yard', '[0.1, 0.2, 0.3, 0.4]', 0.5, '{"car": 7.5}');
"""


async def test_an_index_of_the_first_version_goes_on(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "events.db")) as index:
        index.executescript(FIRST_VERSION)
    store = EventStore(tmp_path, FOREVER, cameras=["yard"])
    async with anyio.create_task_group() as tasks:
        recovered = await tasks.start(store.run)
        (parked,) = recovered.parked["yard"]
        assert (parked.event.id, parked.event.rules, parked.stays) == ("e000001", (), ())
        (old,) = await everything(store)
        assert (old.human_label, old.zones, old.rules, old.stationary) == ("courier", ("porch",), (), False)
        rules = (Ruling("required_zones", True, "in porch", None),)
        stay = ZoneStay("porch", "car", MORNING, 600.0, True)
        await store.save(None, replace(parked.event, rules=rules))
        store.park("yard", [replace(parked, stays=(stay,))])
        store.trouble(CameraEvent("yard", "down", "no answer", MORNING))
        tasks.cancel_scope.cancel()
    again = EventStore(tmp_path, FOREVER, cameras=["yard"])
    async with anyio.create_task_group() as tasks:
        ((found,),) = (await tasks.start(again.run)).parked.values()
        assert (found.event.rules, found.stays) == (rules, (stay,))
        (kept,) = await everything(again)
        assert (kept.rules, kept.stationary) == (rules, True)
        (trouble,) = await again.troubles("yard")
        assert (trouble.state, trouble.reason) == ("down", "no answer")
        tasks.cancel_scope.cancel()


LATER = [column for table in METADATA.sorted_tables for column in table.columns if column.nullable]


@pytest.mark.parametrize("column", LATER, ids=str)
def test_any_column_that_may_be_empty_is_added(tmp_path: Path, column: Column[object]) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/events.db")
    with engine.begin() as connection:
        make_tables(connection)
        whole, indexed = columns(connection), indexes(connection)
        for index in column.table.indexes:
            if column.name in str(CreateIndex(index).compile(dialect=connection.dialect)):
                index.drop(connection)
        connection.exec_driver_sql(f"ALTER TABLE {column.table.name} DROP COLUMN {column.name}")
        make_tables(connection)
        make_tables(connection)
        after, indexed_after = columns(connection), indexes(connection)
    engine.dispose()
    assert (after, indexed_after) == (whole, indexed)


def columns(connection: Connection) -> dict[str, dict[str, str]]:
    found = {table: inspect(connection).get_columns(table) for table in METADATA.tables}
    return {table: {each["name"]: str(each["type"]) for each in every} for table, every in found.items()}


def indexes(connection: Connection) -> set[str | None]:
    return {each["name"] for table in METADATA.tables for each in inspect(connection).get_indexes(table)}


async def test_events_of_an_older_index_are_found_by_zone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "events.db")) as index:
        index.executescript(FIRST_VERSION)
    async with opened(tmp_path) as (store, _):
        (found,) = (await store.choose(EventQuery(zone="porch"))).items
        assert (found.id, (await store.choices()).zones) == ("e000001", ("porch",))
        assert (await store.choose(EventQuery(zone="lawn"))).items == ()


def test_an_index_that_could_not_be_filled_is_filled_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.db"
    with closing(sqlite3.connect(path)) as behind:
        behind.executescript(FIRST_VERSION)
        index = EventIndex(f"sqlite:///{path}")
        with monkeypatch.context() as broken:
            broken.setattr("streamer.storage.index.fill_zones", failing)
            with pytest.raises(SinkUnavailable, match="disk I/O error"):
                index.open()
        index.close()
        assert not behind.execute("SELECT 1 FROM sqlite_master WHERE name = 'event_zones'").fetchall()
    again = EventIndex(f"sqlite:///{path}")
    again.open()
    assert len(again.page(EventQuery(zone="porch")).items) == 1
    again.close()


def failing(connection: Connection) -> None:
    """As where a disk fails in between."""
    raise OperationalError("INSERT INTO event_zones", {}, sqlite3.OperationalError("disk I/O error"))


async def test_what_is_no_longer_parked_is_stationary_no_more(tmp_path: Path) -> None:
    first, second, third = event(1), event(2), event(3)
    async with opened(tmp_path) as (store, _):
        for each in (first, second, third):
            await store.save(None, each)
        store.park("yard", [parked(first), parked(second), parked(third)])
        await until_stationary(store, {"e000001", "e000002", "e000003"})
        await store.save(None, replace(event(2, "end"), stationary=True))
        store.park("yard", [parked(third)])
        await until_stationary(store, {"e000002", "e000003"})


async def until_stationary(store: EventStore, ids: set[str]) -> None:
    with anyio.fail_after(20):
        while {each.id for each in await everything(store) if each.stationary} != ids:
            await written(store)
            await anyio.sleep(0.005)


def parked(each: Event) -> Parked:
    return Parked(each, (0.1, 0.2, 0.3, 0.4), MORNING, 0.5, {"person": 1.0})
