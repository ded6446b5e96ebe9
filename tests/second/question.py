"""Hold what is asked of a piece of evidence."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tests.second.codec import day, end_of


@dataclass(frozen=True)
class Question:
    """Hold a question; what nobody asked is nothing."""

    subject: str | None = None
    type: str | None = None
    issuer: str | None = None
    as_of: date | None = None
    audience: str | None = None
    nonce: str | None = None
    witnesses: int = 0
    moment: int | None = None
    purpose: str | None = None
    types: tuple[str, ...] | None = None

    @property
    def end(self) -> int | None:
        """Give the end of the day asked about, or a moment that stands for it."""
        if self.moment is not None:
            return self.moment
        return None if self.as_of is None else end_of(self.as_of)

    def at_head(self) -> "Question":
        """Give the same question without its day."""
        return replace(self, as_of=None, moment=None)


def of_object(raw: dict[str, Any]) -> Question:
    """Read a question of the line protocol."""
    as_of, types = raw.get("asOf"), raw.get("types")
    return Question(
        subject=raw.get("subject"),
        type=raw.get("type"),
        issuer=raw.get("issuer"),
        as_of=None if as_of is None else day(as_of),
        audience=raw.get("audience"),
        nonce=raw.get("nonce"),
        witnesses=raw.get("witnesses") or 0,
        purpose=raw.get("purpose"),
        types=None if types is None else tuple(types),
    )
