"""Work done in a process of its own, so that it can be killed half-way.

`run(CODE, …)` runs Python code there; CREDIT_LEDGER_CRASH_AT is set where asked for.
"""

import os
import subprocess
import sys
from pathlib import Path

from gateway.crash import VARIABLE

ROOT = Path(__file__).resolve().parent.parent.parent
KILLED = -9


def run(code: str, *args: str, crash_at: str | None = None, timeout: float = 60) -> int:
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
