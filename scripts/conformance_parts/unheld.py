"""Records of types and by rules of which the file breaks a rule: they are not to be had (5, 6)."""

from scripts.conformance_parts import library, refused
from scripts.conformance_parts.bench import SUBJECT, Bench, Record
from scripts.conformance_parts.desk import PERMIT


def build(b: Bench) -> None:
    """All cases of both groups. What nothing is wrong with is in no catalogue, and nothing else."""
    for what in refused.SCHEMAS:
        made = b.record({**PERMIT, "Q_CODE": SUBJECT}, schema=refused.schema_of(what))
        _add(b, "schema", what, made, "Q_CODE")
    for what in refused.RULES:
        by = library.names(refused.rules_of(what))
        made = b.record({"P_DOC": f"样罚〔2026〕{what}"}, rules=by)
        _add(b, "rules", what, made, "P_CODE")


def _add(b: Bench, group: str, what: str, record: Record, shown: str) -> None:
    good = what == refused.GOOD
    code = "type-not-in-force" if group == "schema" else "rules-not-in-force"
    b.add(
        f"{group}/{what}",
        lambda: b.receipt(record, show=[shown]),
        "out-of-catalogue" if good else "undetermined",
        code=code if good else f"{group}-unknown",
    )
