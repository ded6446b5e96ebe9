"""Rows that are told to stand beside a record whose content is closed since: they say the same of
the same document, so they go back to nobody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.log.generations import with_leaves
from gateway.log.models import entries
from gateway.records.models import closings

_SOME = 512


def closed_among(connection: sa.Connection, leaves: Collection[bytes]) -> Mapping[bytes, int]:
    """Those of these leaves that are closed, with the Unix second since when."""
    found: dict[bytes, int] = {}
    asked = sorted(leaves)
    query = sa.select(entries.c.leaf, sa.func.max(closings.c.since)).join(
        closings, closings.c.entry == entries.c.id
    )
    for at in range(0, len(asked), _SOME):
        some = asked[at : at + _SOME]
        one_of = with_leaves(query, some).group_by(entries.c.leaf)
        for leaf, since in connection.execute(one_of):
            found[leaf] = since
    return found


def leaves_of(answers: Sequence[Mapping[str, Any]]) -> set[bytes]:
    """The records that these row answers name."""
    return {bytes.fromhex(answer["leaf"]) for answer in answers if answer.get("leaf")}


def left(
    packed: dict[str, Any], answers: Sequence[Mapping[str, Any]], closed: Collection[bytes]
) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    """Packed rows and their answers, without those beside closed records."""
    keep = [
        at
        for at, answer in enumerate(answers)
        if not answer.get("leaf") or bytes.fromhex(answer["leaf"]) not in closed
    ]
    return packed | {"rows": [packed["rows"][at] for at in keep]}, [answers[at] for at in keep]
