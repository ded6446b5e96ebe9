"""A closed engine opens nothing more, also for a thread that asks while it is being closed."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.base.db import begin_read, close_engine, open_engine


def test_nothing_is_opened_while_it_closes(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with begin_read(engine):
        pass
    before, disposed = engine.pool, []
    dispose = before.dispose

    def asked_meanwhile() -> None:
        disposed.append(True)
        dispose()
        with pytest.raises(sa.exc.OperationalError, match="closed"), begin_read(engine):
            pass

    before.dispose = asked_meanwhile  # type: ignore[method-assign]
    close_engine(engine)
    assert disposed
    with pytest.raises(sa.exc.OperationalError, match="closed"), begin_read(engine):
        pass
