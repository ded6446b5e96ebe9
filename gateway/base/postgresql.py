"""PostgreSQL: our settings of its server, and a bound on every wait for it.

A line can be cut so that nobody is told: a machine that vanished, a firewall that forgot, a proxy
that takes all and hands on nothing. The kernel sees the first two (keepalives, `tcp_user_timeout`);
the third only who counts the seconds until the answer, so `BoundedConnection` does.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from psycopg import errors
from psycopg.abc import PQGen

from gateway.base.metrics import TIMEOUTS

POOL_SECONDS = 10
"""How long we wait for one of them to come free."""
LOCK_SECONDS = 30
"""How long PostgreSQL lets us wait for a lock; as SQLite's busy timeout."""
STATEMENT_SECONDS = 45
"""How long PostgreSQL works on one statement: a set or a batch takes about one, a lock 30."""
ANSWER_SECONDS = 60.0
"""How long we wait for its answer to a statement, which it has given up by then."""
PING_SECONDS = 5.0
"""How long a connection that rested may take to show that it is alive."""
CONNECT_SECONDS = 5
"""How long connecting may take, the server's greeting included."""
IDLE_SECONDS = 60
"""How long PostgreSQL keeps a transaction of ours of which it hears nothing."""

SERVER = {
    "lock_timeout": f"{LOCK_SECONDS}s",
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    # Every query of ours looks up keys. Before a growing table is analysed for the first time,
    # the server takes each key for a half percent of it, and reads all of it for a set of them.
    "enable_seqscan": "off",
    # A host that vanished must not hold its locks for the two hours that are usual.
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15s",
}
"""Settings of our sessions on the server."""
CLIENT = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "credit-ledger",
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}
"""The same for our end of the line (libpq)."""

HELD_UP = (errors.LockNotAvailable, errors.DeadlockDetected)
"""What ends a statement that others have kept from what it needs."""
_OVERDUE = (errors.QueryCanceled, errors.LockNotAvailable, errors.ConnectionTimeout)
_Value = TypeVar("_Value")


class AnswerOverdue(psycopg.OperationalError):
    """No answer within the time allowed; the connection was closed."""


class BoundedConnection(psycopg.Connection[Any]):
    """psycopg's, which gives up an answer that does not come."""

    answer_seconds = ANSWER_SECONDS

    def wait(self, gen: PQGen[_Value], *args: Any, **options: Any) -> _Value:
        """As psycopg's; raises AnswerOverdue and closes the connection, whose state is unknown."""
        try:
            return super().wait(_until_overdue(gen, self.answer_seconds), *args, **options)
        except AnswerOverdue:
            self.pgconn.finish()
            raise

    def ping(self, seconds: float) -> None:
        """Ask for a sign of life. Raises an error of psycopg where none comes within `seconds`."""
        self.answer_seconds, before = seconds, self.autocommit
        try:
            self.autocommit = True  # else it would begin a transaction, two more ways to and fro
            self.execute("SELECT 1", prepare=False)
            self.autocommit = before
        finally:
            self.answer_seconds = ANSWER_SECONDS


def _until_overdue(gen: PQGen[_Value], seconds: float) -> Generator[Any, Any, _Value]:
    """The same generator, which psycopg wakes every tenth of a second, with an end."""
    end = time.monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > end:
                raise AnswerOverdue(f"no answer within {seconds:g} s")
            wanted = gen.send(ready)
    except StopIteration as done:
        value: _Value = done.value
        return value


def open_postgresql(url: sa.URL, pool: int) -> sa.Engine:
    """An engine with our settings. What the URL asks for in `options` comes behind them, so it
    wins. pool: connections at most."""
    ours = " ".join(f"-c {name}={value}" for name, value in SERVER.items())
    theirs = url.query.get("options", "")
    options = " ".join([ours, theirs] if isinstance(theirs, str) else [ours, *theirs])
    engine = sa.create_engine(
        url.update_query_dict({"options": options}),
        hide_parameters=True,
        connect_args=CLIENT,
        pool_size=pool // 2,
        max_overflow=pool - pool // 2,
        pool_timeout=POOL_SECONDS,
    )
    sa.event.listen(engine, "do_connect", _connect)
    sa.event.listen(engine, "checkout", _demand_alive)
    sa.event.listen(engine, "handle_error", _unavailable)
    return engine


def _connect(_dialect: Any, _record: Any, args: Any, options: Any) -> psycopg.Connection[Any]:
    return BoundedConnection.connect(*args, **options)


def _demand_alive(connection: Any, _record: Any, _proxy: Any) -> None:
    """Ask before work is given to it: a server that was started again, or cannot be reached any
    more, is noticed before work is lost. All that rest then go."""
    try:
        connection.ping(PING_SECONDS)
    except psycopg.Error as error:
        if isinstance(error, AnswerOverdue):
            TIMEOUTS.labels("database").inc()
        raise sa.exc.InvalidatePoolError from error


def _unavailable(context: sa.ExceptionContext) -> None:
    """A server that went away while it was asked, or has become a stand-by that takes no writes,
    is "not now" like any other: OperationalError."""
    if isinstance(context.original_exception, (AnswerOverdue, *_OVERDUE)):
        TIMEOUTS.labels("database").inc()
    found = context.sqlalchemy_exception
    if isinstance(found, sa.exc.InternalError | sa.exc.InterfaceError):
        raise sa.exc.OperationalError(
            context.statement,
            None,
            context.original_exception,
            hide_parameters=True,
            connection_invalidated=context.is_disconnect,
        ) from context.original_exception
