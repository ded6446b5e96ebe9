"""Which subjects met twice are doubles, and which are lawful. Pure, over fingerprints.

1 one code, two names   a former name is lawful where registrations say both, or where it was not
                        used after the month in which another was registered
2 one name, two codes   lawful where the operator's file names the codes as those of one subject
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.base.crypto import SUBJECT_CODE, SUBJECT_NAME, Hmac
from gateway.subjects.store import Party
from ledger.records.keys import subject_keys
from ledger.records.lawful import Subjects


class Double(StrEnum):
    """What is double. The words are those of the answer."""

    NAMES = "one-code-two-names"
    CODES = "one-name-two-codes"


@dataclass(frozen=True, slots=True)
class Found:
    """A double, with all that have the code or the name, in the order of their numbers."""

    double: Double
    parties: tuple[Party, ...]


class Lawful:
    """The operator's subjects with several codes or names, as fingerprints."""

    def __init__(self, hmac: Hmac, entries: Subjects) -> None:
        self._subject: dict[bytes, int] = {}
        self._named: set[tuple[int, bytes]] = set()
        for n, entry in enumerate(entries):
            for code in entry.codes:
                self._subject[hmac.fingerprint(SUBJECT_CODE, subject_keys(code, "").code)] = n
                for name in entry.names:
                    mark = hmac.fingerprint(SUBJECT_NAME, subject_keys(code, name).name)
                    self._named.add((n, mark))

    def subject(self, party: Party) -> int | None:
        """The number of the entry that names the code; None: there is none."""
        return self._subject.get(party.code)

    def has_name(self, party: Party) -> bool:
        """Whether the file says that the subject has or had this name."""
        number = self.subject(party)
        return number is not None and (number, party.name) in self._named


def doubles(parties: Sequence[Party], lawful: Lawful) -> list[Found]:
    """The doubles among them. parties: all that were met twice and stand, by number."""
    found = [
        Found(Double.NAMES, tuple(some))
        for some in _groups(parties, lambda party: party.code)
        if not _renamed(some, lawful)
    ]
    found += [
        Found(Double.CODES, tuple(some))
        for some in _groups(parties, lambda party: party.name)
        if not _recoded(some, lawful)
    ]
    return sorted(found, key=lambda one: (one.parties[0].id, one.double))


def _groups(parties: Iterable[Party], key: Callable[[Party], bytes]) -> list[list[Party]]:
    groups: dict[bytes, list[Party]] = defaultdict(list)
    for party in parties:
        groups[key(party)].append(party)
    return [some for some in groups.values() if len(some) > 1]


def _renamed(parties: Sequence[Party], lawful: Lawful) -> bool:
    """Whether each of the names is one that the subject has or had."""
    registered = [party.registered for party in parties if party.registered is not None]
    # A year alone counts as before all of its months: what may be lawful is no finding.
    changed = max(registered, default=0)
    return all(
        party.registered is not None or party.latest <= changed or lawful.has_name(party)
        for party in parties
    )


def _recoded(parties: Sequence[Party], lawful: Lawful) -> bool:
    """Whether all codes are those of one subject."""
    numbers = {lawful.subject(party) for party in parties}
    return len(numbers) == 1 and None not in numbers
