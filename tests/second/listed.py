"""Judge the receipts that stand in an answer, as of its block (section 27)."""

from dataclasses import dataclass, field

from tests.second import acts, judge, receipt, record
from tests.second.answer import Answer
from tests.second.codec import Json, day_of, write_instant
from tests.second.curves import sha256
from tests.second.facts import BUREAU, INSTITUTION, PROVINCE, World
from tests.second.question import Question
from tests.second.schema import Schema
from tests.second.shelf import Shelf
from tests.second.sorts import OF_GOVERNMENT
from tests.second.verdicts import Judged, refused

LEVELS = ("public", "authorisation", "government")
_FLAGS = {acts.DISPUTED: "DISPUTED", acts.SHIELDED: "SHIELDED", acts.ERASED: "ERASED"}
_OUTCOMES = ("NONE", "REPAIRED", "CORRECTED", "WITHDRAWN", "ENDED")
_UNCHECKED = ("undetermined", "not-final", "anchor-moved")


def may_be_given(world: World, answer: Answer) -> str:
    """Give the strictest level of what the asker may be given."""
    if answer.purpose in OF_GOVERNMENT:
        return "government" if world.had(answer.to, PROVINCE, answer.at) else "public"
    asker = world.had(answer.to, PROVINCE | BUREAU | INSTITUTION, answer.at)
    return "authorisation" if asker and answer.authorisation is not None else "public"


def strictest(levels: list[str]) -> str:
    """Give the strictest of some levels."""
    return max(levels, key=LEVELS.index)


def stricter(one: str, other: str) -> bool:
    """Tell whether a level is stricter than another."""
    return LEVELS.index(one) > LEVELS.index(other)


@dataclass
class Look:
    """Look at one receipt that stands in an answer."""

    text: str
    answer: Answer
    world: World
    shelf: Shelf
    found: receipt.Receipt | None = None
    refusal: Judged | None = None
    seen: record.View | None = None
    entries: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the receipt."""
        try:
            found = receipt.read(self.text.encode())
        except receipt.Refused as why:
            self.refusal = refused(str(why))
            return
        entry = found.entry
        self.found = found
        self.seen = record.view(entry, found.presentation, self.shelf)
        self.entries = [entry.record] + ([entry.replaces] if entry.replaces else [])

    @property
    def leaf(self) -> str | None:
        """Give the leaf, where the receipt has its form."""
        return None if self.found is None else self.found.entry.leaf.hex()

    @property
    def end(self) -> int:
        """Give the second after the time of the block."""
        return self.world.time_of(self.answer.block) + 1

    @property
    def shows(self) -> bool:
        """Tell whether the receipt shows content."""
        return self.found is not None and self.found.presentation is not None

    @property
    def schema(self) -> Schema | None:
        """Give the schema, where it is to be had."""
        if self.seen is None:
            return None
        payload = self.seen.payload
        if payload is None:
            return self.shelf.schema_of_entry(self.seen.entry.schema)
        return self.shelf.schema(payload.schema)

    def judged(self, at_head: bool = False) -> Judged:
        """Judge the receipt, as of the block or at the head."""
        if self.found is None or self.seen is None:
            return self.refusal or refused("malformed")
        question = Question(
            subject=self.answer.code if self.shows else None,
            issuer=self.answer.iss,
            as_of=day_of(self.end - 1),
            moment=self.end,
        )
        asked = question.at_head() if at_head else question
        return judge.judged(self.found, None, asked, self.world, self.seen)

    @property
    def covered(self) -> bool:
        """Tell whether the answer covers the leaf."""
        it = self.found
        return it is not None and it.index < self.answer.covers.get(it.log, 0)

    @property
    def of_family(self) -> bool | None:
        """Tell whether the record is of a family asked for; nothing without its schema."""
        return None if self.schema is None else self.schema.family in self.answer.types

    def level(self, doubt: bool) -> str:
        """Give how strict the content is; in doubt a case that a hidden field may meet counts."""
        schema, seen = self.schema, self.seen
        if schema is None or seen is None or seen.payload is None:
            return "public"
        cases = [
            case.visibility
            for case in schema.stricter
            if case.holds(seen.shown) or (doubt and case.hidden(seen.shown))
        ]
        minor = ["authorisation"] if seen.payload.class_ == "minor" else []
        return strictest([schema.visibility, *cases, *minor])

    def problem(self, leaf: str) -> str | None:
        """Make check 5 of an answer for the item of a leaf."""
        if self.leaf not in (None, leaf):
            return "other-record"
        judged = self.judged()
        if judged.exit_code == 1:
            return "receipt-false"
        if judged.verdict == "other-subject":
            return "other-subject"
        return "receipt-unchecked" if judged.verdict in _UNCHECKED else self._misplaced()

    def _misplaced(self) -> str | None:
        """Tell whether the record does not belong into the answer."""
        if self.of_family is False:
            return "other-record"
        if not self.covered:
            return "not-covered"
        given = may_be_given(self.world, self.answer)
        strict = self.shows and stricter(self.level(doubt=False), given)
        return "not-for-the-asker" if strict else None

    def left_out(self) -> str | None:
        """Give the family of a record that the answer left out, where the receipt proves it."""
        schema, judged = self.schema, self.judged()
        if schema is None or self.seen is None or not self.shows:
            return None
        about = self.seen.shown.get(schema.subject["code"])
        proves = (
            judged.verdict in ("valid", "disputed")
            and "subject-undisclosed" not in judged.codes
            and about == self.answer.code
            and self.leaf not in [item.leaf for item in self.answer.items]
            and schema.family in self.answer.types
            and self.covered
            and not stricter(self.level(doubt=True), may_be_given(self.world, self.answer))
        )
        return schema.family if proves else None

    @property
    def adverse(self) -> bool | None:
        """Tell whether the record speaks against its subject, as far as it shows."""
        schema = self.schema
        if schema is None or self.seen is None or not self.shows:
            return None
        return schema.is_adverse(self.seen.shown)

    def verdict(self) -> Json:
        """Give the object that a bundle holds of an item; of what is not authentic none shows."""
        if self.found is None or self.seen is None:
            raise AssertionError("nothing was found wrong with the receipt")
        it, judged = self.found, self.judged()
        payload = None if judged.authentic is False else self.seen.payload
        event = self.world.first_anchor(it.log, it.index)
        until = None if payload is None else payload.until
        return {
            "adverse": None if payload is None else self.adverse,
            "anchoredAt": None if event is None else write_instant(event.time),
            "asOf": day_of(self.end - 1).isoformat(),
            "authentic": judged.authentic,
            "class": None if payload is None else payload.class_,
            "correctedBy": acts.corrected_by(self.world, self.entries, self.end),
            "decided": None if payload is None else payload.decided.isoformat(),
            "issuer": self.answer.iss,
            "leaf": self.leaf,
            "receiptDigest": sha256(self.text.encode()).hex(),
            "recordId": it.entry.record,
            "status": self._status(),
            "type": it.entry.schema or None,
            "until": None if until is None else until.isoformat(),
            "usable": judged.usable,
            "verdict": judged.verdict,
        }

    def _status(self) -> Json:
        stands = acts.standing(self.world, self.entries, self.end)
        flags: list[Json] = [name for flag, name in _FLAGS.items() if stands.flags & flag]
        return {
            "flags": flags,
            "outcome": _OUTCOMES[stands.outcome],
            "version": stands.version,
        }
