"""How much of the logs of others is kept: none of them may fill the disk of who keeps it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from gateway.base.settings import MirrorSettings
from gateway.mirrors.errors import FULL, FULL_LOG, FULL_MEMBER
from gateway.mirrors.store import Mirror

LEFT_FREE = 10
"""One of so many parts of the disk is left free, for our own log above all."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """In bytes as stored, of all logs together, of all of one member, of one."""

    total: int
    member: int
    log: int


def bounds(settings: MirrorSettings, engine: sa.Engine, kept: int) -> Bounds:
    """What may be kept, where `kept` bytes are. Where the database lies on a disk of ours no more
    than that has room for; of a server's disk nothing is known, and the settings alone count."""
    total = settings.max_bytes
    free = _free(engine)
    if free is not None:
        total = min(total, kept + free)
    return Bounds(
        total=total,
        member=int(total * settings.member_share),
        log=int(total * settings.log_share),
    )


def exceeded(found: Sequence[Mirror], mirror: Mirror, allowed: Bounds) -> str | None:
    """The code of the bound that keeps a log from growing here; None: it may."""
    of_member = sum(one.stored for one in found if one.member == mirror.member)
    of_log = next((one.stored for one in found if one.id == mirror.id), 0)
    if of_log >= allowed.log:
        return FULL_LOG
    if of_member >= allowed.member:
        return FULL_MEMBER
    return FULL if sum(one.stored for one in found) >= allowed.total else None


def _free(engine: sa.Engine) -> int | None:
    """Bytes that may still be written on the disk of the database; None: it is not here."""
    name = engine.url.database
    if engine.dialect.name != "sqlite" or not name:
        return None
    try:
        usage = shutil.disk_usage(Path(name).parent)
    except OSError:
        return None
    return max(0, usage.free - usage.total // LEFT_FREE)
