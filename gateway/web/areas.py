"""Areas of the pages, and who is shown which of them: what one may not do is not shown."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from gateway.base.policy import Caller, Scope
from ledger.core.keys import Role


class Area(StrEnum):
    """The first part of a path."""

    NODE = ""
    VERIFY = "verify"
    EXPLORER = "explorer"
    DESK = "desk"
    BANK = "bank"
    FIRM = "firm"
    AUDIT = "audit"
    DOCS = "docs"
    LOGIN = "login"

    @classmethod
    def of(cls, path: str) -> Area | None:
        """The area of a path; None for one of none."""
        first = path.lstrip("/").partition("/")[0]
        return cls(first) if first in set(cls) else None


PUBLIC = (Area.NODE, Area.VERIFY, Area.EXPLORER)
"""For everybody, with the papers of a firm (`/r/…`)."""
_DESK: Final[tuple[Scope, ...]] = ("submit", "read", "decide", "release")
"""Scopes of which one is enough for the desk of a province."""
_BANK: Final[tuple[Scope, ...]] = ("read", "product", "consent")
"""For questions to all provinces, and authorisations: those of a bank, and of an authority that
asks for purposes of government or keeps what firms signed at its counter."""


_ASKING: Final = Role.PROVINCE | Role.INSTITUTION | Role.BUREAU


def areas_of(caller: Caller | None, roles: Role) -> list[Area]:
    """The areas that are in the menu. roles: of this member, as the chain says."""
    found = [*PUBLIC]
    if caller is not None:
        if Role.PROVINCE in roles and any(caller.may(scope) for scope in _DESK):
            found.append(Area.DESK)
        if roles & _ASKING and any(caller.may(one) for one in _BANK):
            found.append(Area.BANK)
    return [*found, Area.FIRM, Area.AUDIT]
