"""Nobody but its owner reads the database of a gateway."""

import os
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_write, open_engine
from gateway.base.revision import migrate


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("g.db*")}


@pytest.mark.parametrize("made_before", [False, True])
def test_all_its_files(tmp_path: Path, made_before: bool) -> None:
    path = tmp_path / "g.db"
    before = os.umask(0)
    try:
        if made_before:
            for name in ("g.db", "g.db-wal", "g.db-shm"):
                (tmp_path / name).touch(0o666)
        engine = open_engine(f"sqlite:///{path}")
        migrate(engine)
        with begin_write(engine) as connection:
            connection.execute(sa.text("UPDATE leases SET holder = 'x'"))
            assert modes(tmp_path) == {"g.db": 0o600, "g.db-wal": 0o600, "g.db-shm": 0o600}
        engine.dispose()
    finally:
        os.umask(before)
