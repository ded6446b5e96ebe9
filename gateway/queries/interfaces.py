"""Values of queries, and what they want of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, Protocol

from gateway.peers.interfaces import Granted
from ledger.core.opening import Opening
from ledger.core.texts import Text

ROUTE: Final = "subject"
"""Of the exchange, by which other members are asked."""
MAX_MATTER: Final = 200
"""Characters of the matter that a question is asked for."""

MAX_SOUGHT: Final = 200
"""Questions of one page of one's own log."""


def changed(most: int) -> Text:
    """What is said of what was stated as often as it may be, and what to do."""
    return {
        "zh": f"同一查询的结果已更改 {most} 次，不再受理；确需更改的，请运维人员调高"
        " [queries] changes 后重试",
        "en": f"it was changed {most} times, which is as often as may be; where it must change"
        " again, have the operator raise `changes` of [queries] and try anew",
    }


Decided = Literal["approved", "declined", "none"]


class Papers(Protocol):
    """Judges the authorisations that others show."""

    def judge(
        self,
        opening: Mapping[str, Any],
        *,
        asker: str,
        subject: str,
        types: Sequence[str],
        purpose: str | None,
        on: date,
    ) -> Granted:
        """The authorisation in an opening, where it covers the question. Raises
        `gateway.peers.errors.Refused` with what is wrong with it; NotReady."""

    def genuine(self, opening: Mapping[str, Any]) -> Granted:
        """The authorisation in an opening, whomever and whatever it covers. Raises Refused,
        NotReady."""

    def still_valid(self, granted: Granted) -> bool:
        """Whether it was not taken back meanwhile. Raises NotReady."""


class Held(Protocol):
    """The authorisations that this member holds."""

    def opening(self, commitment: bytes) -> Opening | None:
        """The opening of one; None: it is not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a member asks about a subject. types: families, ascending. authorisation: the object of
    an opening; None: it shows none."""

    code: str
    purpose: str
    types: tuple[str, ...]
    authorisation: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which questions of one's own are looked for; None: any. first, last: days, both included.
    before: number below which they are. limit: at most so many."""

    code: str | None = None
    matter: str | None = None
    purpose: str | None = None
    overall: str | None = None
    first: date | None = None
    last: date | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody at this node wants to know. types: families, ascending; none: those of the
    authorisation, or all public ones. authorisation: commitment of one that is held here. matter:
    what it is asked for, in words of one's own."""

    code: str
    purpose: str
    types: tuple[str, ...] = ()
    authorisation: bytes | None = None
    decision: Decided = "none"
    matter: str = ""
