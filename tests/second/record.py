"""Judge a record as far as it is shown: checks 6, 7, 13, 14, 20 and 25."""

from dataclasses import dataclass, field
from datetime import date

from tests.second import rules, values
from tests.second.codec import day_of
from tests.second.curves import sha256
from tests.second.entry import Entry
from tests.second.present import Mismatch, Payload, Presentation, Value, open_all
from tests.second.question import Question
from tests.second.rules import Case, Rules
from tests.second.schema import Schema
from tests.second.shelf import Shelf


@dataclass
class View:
    """Hold an entry, what is shown of it, and the files by which that is judged."""

    entry: Entry
    presentation: Presentation | None
    schema: Schema | None = None
    rules: Rules | None = None
    shown: dict[str, Value] = field(default_factory=dict)
    mismatches: list[str] = field(default_factory=list)

    @property
    def case(self) -> Case | None:
        """Give the record with its schema, where fields of it are shown."""
        if self.presentation is None or self.schema is None:
            return None
        return Case(self.schema, self.presentation.payload, self.shown)

    def agrees(self) -> bool:
        """Make check 7."""
        if self.presentation is None:
            return True
        said, entry = self.presentation.payload, self.entry
        decided = said.decided.isoformat()
        return (
            (entry.kind, said.log, said.schema.versioned) == ("record", entry.log, entry.schema)
            and entry.period in (decided[:7], decided[:4])
            and self._agrees_with_schema(decided)
        )

    def _agrees_with_schema(self, decided: str) -> bool:
        case = self.case
        if case is None:
            return True
        name = f"{case.schema.name}@{case.schema.version}"
        shown = self.shown.get(case.schema.decided, decided)
        if name != case.payload.schema.versioned or shown != decided:
            return False
        if self.rules is None or rules.out_of_bounds(case, self.rules):
            return True
        return rules.agrees(case, self.rules)

    def subject(self, wanted: str | None) -> str | None:
        """Make check 13."""
        if self.entry.kind != "record":
            return "not-a-record"
        if self.schema is None:
            return "subject-undisclosed" if self.presentation is None else "schema-unknown"
        return self._subject(self.schema.subject, wanted)

    def _subject(self, names: dict[str, str], wanted: str | None) -> str | None:
        code = self.shown.get(names["code"])
        if code is None:
            return "subject-undisclosed"
        if wanted not in (None, code):
            return "subject-differs"
        needed = {names["registration"], names.get("kind", "")}
        if code == values.FILLER and not needed <= set(self.shown):
            return "subject-undisclosed"
        return None

    def asked(self, question: Question, owner: str | None) -> str | None:
        """Make check 14; without an owner of the type alone."""
        wanted, schema = question.type, self.entry.schema
        if wanted is not None and wanted != schema and not schema.startswith(wanted + "@"):
            return "type-differs"
        if owner is None or question.issuer in (None, owner):
            return None
        return "issuer-not-asked"

    def record(self, anchored: int | None) -> str | None:
        """Make check 25; without an anchor all but its last step."""
        case = self.case
        if case is None:
            return None
        if self.rules is None:
            return "rules-unknown"
        schema, payload = case.schema, case.payload
        person = "natural-person" if values.natural_person(schema, self.shown) else None
        mild = payload.class_ and not (schema.adverse or schema.adverse_if)
        late = anchored is not None and payload.decided > day_of(anchored)
        return (
            values.first_wrong(schema, self.shown, payload.decided)
            or person
            or rules.out_of_bounds(case, self.rules)
            or ("class-not-adverse" if mild else None)
            or ("decided-after-anchor" if late else None)
        )

    def in_force(self, today: date) -> str | None:
        """Make check 20."""
        return None if self.case is None else rules.window(self.case, self.rules, today)

    @property
    def payload(self) -> Payload | None:
        """Give the payload, where there is a presentation."""
        return None if self.presentation is None else self.presentation.payload


def view(entry: Entry, presentation: Presentation | None, shelf: Shelf) -> View:
    """Look at an entry and a presentation: check 6, whose codes are kept."""
    seen = View(entry, presentation)
    if presentation is None:
        return seen
    payload = presentation.payload
    seen.schema, seen.rules = shelf.schema(payload.schema), shelf.rules(payload.rules)
    if sha256(presentation.jws.payload).hex() != entry.commitment:
        seen.mismatches.append("presentation-mismatch")
    try:
        seen.shown = open_all(presentation, seen.schema.slots if seen.schema else None)
    except Mismatch as mismatch:
        seen.mismatches.append(str(mismatch))
        seen.schema = None
    return seen
