"""How members stood at a time that somebody wrote down, whose clock may have been somewhat off."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.audit.state import Member, State
from ledger.audit.times import BlockTimes
from ledger.core.keys import Role

__all__ = ["SLACK", "Standing"]

SLACK = 300
"""Seconds by which a time that a member states may differ from that of the chain, and what it had
begun may still have been on its way: what changed within them is held against nobody."""


class Standing:
    """Answers by the blocks of the changes. Raises CouldNotCheck where their times are not read."""

    def __init__(self, state: State, times: BlockTimes) -> None:
        self._state = state
        self._times = times

    def roles(self, code: str, time: int) -> Role:
        """All roles that an ACTIVE member of this code had at about that Unix second; none where
        there was none."""
        member = self._state.members.get(code)
        found = Role(0)
        if member is not None:
            for at in (time - SLACK, time, time + SLACK):
                if not self._away(member, at):
                    found |= Role(self._roles(member, at))
        return found

    def _roles(self, member: Member, time: int) -> int:
        """0 before it was a member."""
        return next((roles for since, roles in self._changes(member) if since <= time), 0)

    def _changes(self, member: Member) -> Iterator[tuple[int, int]]:
        for place, roles in reversed(member.was):
            yield self._times.at(place[0]), roles

    def _away(self, member: Member, time: int) -> bool:
        return any(
            self._times.at(start[0]) <= time and (end is None or time < self._times.at(end[0]))
            for start, end in member.away
        )
