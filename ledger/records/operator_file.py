"""Reading a JSON file that an operator keeps: bounded, each member once, faults named.

Such files say what no release can know: working days, authorities, exceptions. Nothing in them is
taken half.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import orjson

from ledger.core.errors import ConfigError, Malformed

__all__ = ["read_operator_file"]

_T = TypeVar("_T")


def read_operator_file(
    path: Path, setting: str, take: Callable[[Any], _T], *, max_bytes: int
) -> _T:
    """What `take` makes of the JSON in a file.

    take: may raise ValueError, TypeError, Malformed. setting: what errors call the file's place.
    Raises ConfigError, which names the file and what is wrong with it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise ValueError(f"longer than {max_bytes} bytes")
        text = data.decode("utf-8-sig")
        orjson.loads(text)  # bounds the depth, which json leaves to the stack
        return take(json.loads(text, object_pairs_hook=_unique))
    except OSError as error:
        raise ConfigError(setting, f"{path}: {error.strerror}") from error
    except (ValueError, TypeError, RecursionError, Malformed) as error:
        raise ConfigError(setting, f"{path}: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member twice")
    return members
