"""How far the embedded chain runs ahead of the machine's clock, so that days pass at once.

The folder remembers it in `chain/ahead`: a chain can be moved on, never back, whoever starts it and
with whatever environment. `network up` writes it, the guard follows it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.devnet.files import write_atomic
from ledger import clock
from ledger.core.errors import ConfigError

FILE = "ahead"


def read(chain: Path) -> int:
    """Seconds; 0 where nothing was said."""
    try:
        return int((chain / FILE).read_text("ascii"))
    except FileNotFoundError:
        return 0
    except ValueError as error:
        raise ConfigError(str(chain / FILE), "is no number of seconds") from error


def follow_environment(chain: Path) -> int:
    """Take on the offset that CREDIT_LEDGER_NOW asks for, and remember it; the one that holds.

    Without the variable, or where it names an instant, what was remembered stands. Raises
    ConfigError where it would move the chain back, and in production.
    """
    known, text = read(chain), os.environ.get(clock.VARIABLE)
    if not text:
        return known
    if os.environ.get("CREDIT_LEDGER_ENV") == "production":
        raise ConfigError(clock.VARIABLE, "is refused in production")
    setting = clock.parse(text)
    if setting.held is not None:
        return known
    if setting.offset < known:
        problem = f"+{setting.offset} would move the chain back: it runs {known} s ahead already"
        raise ConfigError(clock.VARIABLE, problem)
    if setting.offset > known:
        write_atomic(chain / FILE, f"{setting.offset}\n".encode())
    return setting.offset


def environment(ahead: int) -> dict[str, str]:
    """What a gateway of this network is started with, so that it goes with its chain. A clock that
    the user holds at an instant stays as it is."""
    text = os.environ.get(clock.VARIABLE, "")
    held = text and not text.startswith("+")
    return {} if held or not ahead else {clock.VARIABLE: f"+{ahead}"}


def goes_with(environment: Mapping[str, str], ahead: int) -> bool:
    """Whether a process of this environment has that offset; one held at an instant has any."""
    text = environment.get(clock.VARIABLE) or "+0"
    return not text.startswith("+") or text == f"+{ahead}"
