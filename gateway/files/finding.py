"""Files by what people remember of them. Names are sealed, so they are opened one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.files.listing import Chosen, Listed
from gateway.files.store import FileStore

OPENED: Final = 2000
"""Names that are opened for one answer; whoever asks goes on from there."""
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Some:
    """Files. next: (created, id) to go on from; None: there are no more."""

    files: Sequence[Listed]
    next: tuple[int, str] | None


def find_files(
    store: FileStore, department: str | None, chosen: Chosen, name: str, limit: int
) -> Some:
    """The newest that are chosen and whose name has this part, whatever its case."""
    found: list[Listed] = []
    part, opened = name.strip().casefold(), 0
    while opened < OPENED:
        some = store.newest(department, _AT_ONCE, chosen)
        opened += len(some)
        for one in some:
            if part and part not in one.name.casefold():
                continue
            if len(found) == limit:
                last = found[-1]
                return Some(found, (last.created, last.id))
            found.append(one)
        if len(some) < _AT_ONCE:
            return Some(found, None)
        chosen = replace(chosen, before=(some[-1].created, some[-1].id))
    return Some(found, chosen.before)
