"""The network of a measurement with its gateway on PostgreSQL, which brings to the disk what it
says it has stored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil
import sqlalchemy as sa

from gateway.devnet import services
from gateway.devnet.layout import NODES, Layout, choose_ports, load_ports, store_ports
from gateway.devnet.members import SETTINGS
from scripts.bench_parts.material import CODE
from scripts.bench_parts.site import SEALED_OVERHEAD, Site
from tests.support import postgres

SERVER: Final = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
}
"""As an operator would run it on this machine."""


class OnPostgresql(Site):
    """One province on a database of `server`."""

    def __init__(self, folder: Path, server: postgres.Postgres) -> None:
        self._server = server
        _settings(folder, server.url)
        super().__init__(folder)

    def beside(self) -> list[psutil.Process]:
        """What works for the gateway and is not started by it: the server."""
        return self._server.processes()[:1]

    def bytes_per_record(self) -> float:
        """Bytes of the database beyond what senders wrote, by record."""
        engine = sa.create_engine(self._server.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            query = "SELECT count(*), sum(length(content)) FROM contents"
            count, content = connection.exec_driver_sql(query).one()
            held = connection.exec_driver_sql("SELECT pg_database_size('postgres')").scalar_one()
        return float(held - (int(content) - SEALED_OVERHEAD * count)) / int(count)


def _settings(folder: Path, url: str) -> None:
    """Write them before `network up` writes its own."""
    layout = Layout(folder)
    layout.run.mkdir(parents=True)
    store_ports(layout, choose_ports(0))
    member = next(one for one in NODES if one.code == CODE)
    home = layout.member(CODE)
    home.mkdir(parents=True)
    text = SETTINGS.format(code=CODE, name=member.name, port=load_ports(layout).members[CODE])
    (home / "gateway.toml").write_text(text.replace("sqlite:///gateway.db", url), "utf-8")


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A fresh network and server, stopped at the end whatever happens."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    postgres.SETTINGS.update(SERVER)
    with postgres.start_postgres() as server:
        try:
            made = OnPostgresql(folder, server)
        except BaseException:
            services.down(folder)
            raise
        try:
            yield made
        finally:
            made.close()
