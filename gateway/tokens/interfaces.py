"""Who calls: tokens, their scopes and the department they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["submit", "read", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The holder of a valid token. department: None for one that acts for the whole member."""

    id: int
    name: str
    scopes: frozenset[str]
    department: str | None

    def may(self, scope: Scope) -> bool:
        """`admin` may do everything."""
        return scope in self.scopes or "admin" in self.scopes
