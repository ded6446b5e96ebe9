"""Work done in a process of its own, so that it can be killed half-way.

CREDIT_LEDGER_CRASH_AT is set there where asked for.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.base.crash import VARIABLE

ROOT = Path(__file__).resolve().parent.parent.parent
KILLED = -9


def run(code: str, *args: str, crash_at: str | None = None, timeout: float = 600) -> int:
    """The exit status of `python -c code args…`; anything it prints on stderr is shown."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment["PYTHONPATH"] = str(ROOT)
    if crash_at:
        environment[VARIABLE] = crash_at
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        env=environment,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode


def fork(
    work: Callable[..., None], *arguments: str, crash_at: str | None = None, timeout: float = 600
) -> int:
    """The exit status of a process that does `work`, a function of a module. It is forked from a
    server that has everything imported, so it starts at once; it shares nothing with us."""
    process = _CONTEXT.Process(target=_do, args=(work, arguments, crash_at))
    process.start()
    process.join(timeout)
    if process.is_alive():
        process.kill()
        process.join()
        raise TimeoutError(f"{work.__name__} took more than {timeout:g} seconds")
    status = process.exitcode
    process.close()
    return -1 if status is None else status


_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.support.work"])


def _do(work: Callable[..., None], arguments: tuple[str, ...], crash_at: str | None) -> None:
    os.environ.pop(VARIABLE, None)
    if crash_at:
        os.environ[VARIABLE] = crash_at
    work(*arguments)
