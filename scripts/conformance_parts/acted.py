"""Acts on records: check 19, by what stands behind the acts and not by anybody's word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.ids import Digest, KeyId, LogId, bytes32_ascii
from ledger.core.status import NO_LOG, ZERO, Act, Action, RecordedAct, fold, undone
from scripts.conformance_parts import world as w
from scripts.conformance_parts.bench import Bench, Record
from scripts.conformance_parts.keyed import moved, stolen
from scripts.conformance_parts.keys import Key, seed
from scripts.conformance_parts.receipts import Sound

VOTE, UNDO = "vote", "undo"
LATE = 75
"""Blocks behind the anchor: not final."""


@dataclass(frozen=True)
class Step:
    """An act. by: the key that signed, VOTE, or UNDO. at: blocks behind the anchor; up to 8 are of
    the same day in Shanghai. effective: seconds before it was recorded at which it took effect."""

    action: Action
    by: Key | str = w.DECIDE
    at: int = 1
    other: Record | None = None
    effective: int = 0

    @property
    def number(self) -> int:
        """Its block."""
        return 120 + self.at

    @property
    def time(self) -> int:
        """Of its block."""
        return w.time_of(self.number)

    @property
    def signed_by(self) -> KeyId:
        """Its key, or its proposal."""
        if isinstance(self.by, Key):
            return KeyId(Digest(bytes.fromhex(self.by.id)))
        return KeyId(Digest(seed("proposal") if self.by == VOTE else bytes(32)))


def recorded(record: Record, steps: Sequence[Step]) -> list[RecordedAct]:
    """Acts on a record."""
    found: list[RecordedAct] = []
    log = LogId(Digest(bytes.fromhex(record.log.id)))
    for version, step in enumerate(steps):
        if step.by == UNDO:
            found.append(undone(fold(found), found[-1], step.time, step.number))
            continue
        other = step.other
        act = Act(
            log=log,
            commitment=Digest(bytes.fromhex(record.entry["commitment"])),
            action=int(step.action),
            expected_version=version,
            basis=5,
            doc=Digest(seed(f"document {version}")),
            effective_at=step.time - step.effective,
            other_log=NO_LOG if other is None else LogId(bytes.fromhex(other.log.id)),
            other_commitment=ZERO
            if other is None
            else Digest(bytes.fromhex(other.entry["commitment"])),
        )
        member = bytes32_ascii(record.log.owner) if isinstance(step.by, Key) else bytes(32)
        found.append(
            RecordedAct(
                act=act,
                member=member,
                signed_by=step.signed_by,
                recorded_at=step.time,
                block=step.number,
            )
        )
    return found


def rows(record: Record, steps: Sequence[Step], contract: str = w.REGISTRY) -> w.Rows:
    """The same as facts have them."""
    found: w.Rows = []
    for acted in recorded(record, steps):
        act, before = acted.act, found[-1]["block"] if found else 0
        found.append(
            {
                **{"contract": contract, "recordId": record.id, "block": acted.block},
                **{"time": acted.recorded_at, "prevBlock": before},
                **{"member": record.log.owner if any(acted.member) else ""},
                **{"signedBy": acted.signed_by.hex(), "log": act.log.hex()},
                **{"commitment": act.commitment.hex(), "action": act.action},
                **{"expectedVersion": act.expected_version, "basis": act.basis},
                **{"doc": act.doc.hex(), "otherLog": act.other_log.hex()},
                **{"otherCommitment": act.other_commitment.hex()},
                **{"effectiveAt": act.effective_at, "refiledFrom": act.refiled_from},
            }
        )
    return found


def state(record: Record, steps: Sequence[Step], contract: str = w.REGISTRY) -> dict[str, Any]:
    """What the registry keeps behind them."""
    found = fold(recorded(record, steps))
    return {
        "contract": contract,
        "recordId": record.id,
        "word": found.word.encode().hex(),
        "history": found.history.hex(),
        "other": found.other.hex(),
    }


def acts(record: Record, *steps: Step, contract: str = w.REGISTRY) -> dict[str, w.Change]:
    """Facts in which this was done to a record. Its id is known once it is logged."""
    return {"acts": rows(record, steps, contract), "states": [state(record, steps, contract)]}


A = Action


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    b.facts("withdrawn", "The record was withdrawn.", "wide", **acts(true.plain, Step(A.WITHDRAW)))
    _each(b, true)
    _thieves(b, true)
    _days(b, true)
    _others(b, true)
    _unreadable(b, true)


def _add(b: Bench, name: str, verdict: str, facts: dict[str, Any], **more: Any) -> None:
    made = b.facts(name.replace("/", "-"), b.reason(name)["en"], **{"base": "wide", **facts})
    code = verdict if verdict not in ("valid", "undetermined") else None
    b.add(
        name,
        more.pop("file", "chain/everything-is-well"),
        verdict,
        facts=made,
        **{"code": code, "check": "status", **more},
    )


def _each(b: Bench, true: Sound) -> None:
    correct = Step(A.CORRECT, other=true.other)
    plain = true.plain
    cases: tuple[tuple[str, str, tuple[Step, ...]], ...] = (
        ("disputed", "disputed", (Step(A.DISPUTE, w.CASE),)),
        ("settled", "valid", (Step(A.DISPUTE, w.CASE), Step(A.SETTLE, at=2))),
        ("settled-not-final", "disputed", (Step(A.DISPUTE, w.CASE), Step(A.SETTLE, at=LATE))),
        ("disputed-not-final", "disputed", (Step(A.DISPUTE, w.CASE, at=LATE),)),
        ("shielded", "shielded", (Step(A.SHIELD),)),
        ("lifted", "valid", (Step(A.SHIELD), Step(A.LIFT, at=2))),
        ("lifted-not-final", "shielded", (Step(A.SHIELD), Step(A.LIFT, at=LATE))),
        ("repaired", "repaired", (Step(A.REPAIR),)),
        ("repaired-not-final", "repaired", (Step(A.REPAIR, at=LATE),)),
        ("rescinded", "valid", (Step(A.REPAIR), Step(A.RESCIND, at=2))),
        ("rescinded-not-final", "repaired", (Step(A.REPAIR), Step(A.RESCIND, at=LATE))),
        ("corrected", "corrected", (correct,)),
        ("withdrawn-after-a-repair", "withdrawn", (Step(A.REPAIR), Step(A.WITHDRAW, at=2))),
        ("ended", "ended", (Step(A.END),)),
        ("erased", "erased", (Step(A.ERASE),)),
        ("erased-and-withdrawn", "erased", (Step(A.WITHDRAW), Step(A.ERASE, at=2))),
        ("disputed-and-repaired", "repaired", (Step(A.REPAIR), Step(A.DISPUTE, w.CASE, at=2))),
        (
            "annulled",
            "disputed",
            (Step(A.WITHDRAW), Step(A.SHIELD, at=2), Step(A.ANNUL, VOTE, at=3)),
        ),
        ("annulled-after-erasure", "erased", (Step(A.ERASE), Step(A.ANNUL, VOTE, at=2))),
        ("withdrawn-by-vote", "withdrawn", (Step(A.WITHDRAW, VOTE),)),
        (
            "two-in-one-block-not-final",
            "disputed",
            (Step(A.DISPUTE, w.CASE, at=LATE), Step(A.SETTLE, at=LATE)),
        ),
        ("two-in-one-block", "valid", (Step(A.DISPUTE, w.CASE, at=2), Step(A.SETTLE, at=2))),
    )
    for name, verdict, steps in cases:
        _add(b, f"status/{name}", verdict, acts(plain, *steps))


def _thieves(b: Bench, true: Sound) -> None:
    plain = true.plain
    since = w.T

    def by(*steps: Step, **key: Any) -> dict[str, Any]:
        if not key:
            return {**acts(plain, *steps), "base": "thief"}
        return {**acts(plain, *steps), "keys": w.with_key(w.THIEF, **key)}

    thief = w.THIEF
    cases: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("withdraws", "disputed", by(Step(A.WITHDRAW, thief))),
        ("erases", "disputed", by(Step(A.ERASE, thief))),
        ("lifts-a-shield", "shielded", by(Step(A.SHIELD), Step(A.LIFT, thief, at=2))),
        ("takes-a-repair-back", "repaired", by(Step(A.REPAIR), Step(A.RESCIND, thief, at=2))),
        ("is-undone", "disputed", by(Step(A.WITHDRAW, thief), Step(A.ANNUL_STOLEN, UNDO, at=2))),
        (
            "is-undone-and-settled",
            "valid",
            by(Step(A.WITHDRAW, thief), Step(A.ANNUL_STOLEN, UNDO, at=2), Step(A.SETTLE, at=3)),
        ),
        ("is-answered", "valid", by(Step(A.DISPUTE, thief), Step(A.SETTLE, at=2))),
        (
            "is-answered-about-something-else",
            "shielded",
            by(Step(A.WITHDRAW, thief), Step(A.SHIELD, at=2)),
        ),
        ("is-annulled", "disputed", by(Step(A.WITHDRAW, thief), Step(A.ANNUL, VOTE, at=2))),
        (
            "undone-takes-nothing-honest-back",
            "erased",
            by(Step(A.ERASE), Step(A.DISPUTE, thief, at=2), Step(A.ANNUL_STOLEN, UNDO, at=3)),
        ),
        (
            "undone-keeps-an-honest-repair",
            "repaired",
            by(Step(A.REPAIR), Step(A.DISPUTE, thief, at=2), Step(A.ANNUL_STOLEN, UNDO, at=3)),
        ),
        (
            "before-the-theft",
            "withdrawn",
            by(Step(A.WITHDRAW, thief), **stolen(w.time_of(121) + 1)),
        ),
        ("at-the-theft", "disputed", by(Step(A.WITHDRAW, thief), **stolen(w.time_of(121)))),
        ("not-known-for-good", "withdrawn", by(Step(A.WITHDRAW, thief), **stolen(since, 195))),
        ("not-stolen-after-all", "withdrawn", by(Step(A.WITHDRAW, thief), **moved(since, 0, 160))),
        (
            "shields-not-known-for-good",
            "shielded",
            by(Step(A.SHIELD), Step(A.LIFT, thief, at=2), **stolen(since, 195)),
        ),
    )
    for name, verdict, facts in cases:
        _add(b, f"thief/{name}", verdict, facts)


def _days(b: Bench, true: Sound) -> None:
    plain = true.plain
    day = w.day(w.T)
    repaired = acts(plain, Step(A.REPAIR, at=30, effective=2 * w.DAY))
    _add(b, "status/repaired-after-that-day", "valid", repaired, ask={"asOf": day}, now="repaired")
    b.add(
        "status/repaired-by-that-day",
        "chain/everything-is-well",
        "repaired",
        facts="status-repaired-after-that-day",
        ask={"asOf": w.day(w.time_of(150))},
        now="repaired",
        check="status",
    )
    settled = acts(plain, Step(A.SHIELD), Step(A.LIFT, at=20))
    _add(b, "status/lifted-after-that-day", "shielded", settled, ask={"asOf": day}, now="valid")
    theft = {**acts(plain, Step(A.WITHDRAW, w.THIEF)), "base": "thief"}
    _add(b, "thief/not-known-on-that-day", "withdrawn", theft, ask={"asOf": day}, now="disputed")


def _others(b: Bench, true: Sound) -> None:
    plain, other = true.plain, true.other
    _add(b, "status/of-another-record", "valid", acts(other, Step(A.WITHDRAW)), check=None)
    replaced = b.record(entry={"replaces": other.id})
    b.add(
        "status/of-the-replaced-record",
        lambda: b.receipt(replaced),
        "withdrawn",
        facts="status-of-another-record",
        check="status",
        code="withdrawn",
    )
    again = b.record(entry={"corrects": other.id})
    b.add(
        "status/of-the-corrected-record",
        lambda: b.receipt(again),
        "valid",
        facts="status-of-another-record",
    )
    two = {
        "acts": [*rows(plain, [Step(A.SHIELD)]), *rows(other, [Step(A.WITHDRAW, at=2)])],
        "states": [state(plain, [Step(A.SHIELD)]), state(other, [Step(A.WITHDRAW, at=2)])],
    }
    _add(b, "status/beside-another-record", "shielded", two)
    steps = (Step(A.DISPUTE, w.CASE), Step(A.WITHDRAW, at=2))
    moved = {
        "contracts": lambda world: {
            **world["contracts"],
            "CaseRegistry": [w.held(w.OLD_REGISTRY), w.held(w.REGISTRY, w.T + 3000)],
        },
        "acts": [*rows(plain, steps[:1], w.OLD_REGISTRY), *rows(plain, steps)[1:]],
        "states": [state(plain, steps), state(plain, steps[:1], w.OLD_REGISTRY)],
    }
    _add(b, "registry/goes-on", "withdrawn", moved)

    def none(world: w.World) -> w.World:
        return {**world["contracts"], "CaseRegistry": []}

    _add(b, "registry/none", "valid", {"contracts": none}, check=None)


def _unreadable(b: Bench, true: Sound) -> None:
    plain = true.plain
    steps = (Step(A.DISPUTE, w.CASE), Step(A.SETTLE, at=2))
    whole, stands = rows(plain, steps), state(plain, steps)

    def contracts(*registries: dict[str, Any]) -> w.Change:
        return lambda world: {**world["contracts"], "CaseRegistry": list(registries)}

    places = [{name: one[name] for name in ("block", "time", "prevBlock")} for one in whole]
    swapped = [{**whole[1], **places[0]}, {**whole[0], **places[1]}]
    unknown = [{**whole[0], "action": 13}, whole[1]]
    older = state(plain, steps, w.OLD_REGISTRY)
    newer = [w.held(w.OLD_REGISTRY), w.held(w.REGISTRY, w.T + w.DAY)]
    cases: tuple[tuple[str, dict[str, Any]], ...] = (
        ("silent", {"contracts": contracts(w.held(w.REGISTRY, silent=True))}),
        ("silent-before", {"contracts": contracts(w.held(w.OLD_REGISTRY, silent=True), newer[1])}),
        ("act-missing", {"acts": whole[1:], "states": [stands]}),
        ("last-act-missing", {"acts": whole[:1], "states": [stands]}),
        ("all-acts-missing", {"acts": [], "states": [stands]}),
        ("acts-swapped", {"acts": swapped, "states": [stands]}),
        ("act-changed", {"acts": [whole[0], {**whole[1], "basis": 6}], "states": [stands]}),
        (
            "key-of-an-act-changed",
            {"acts": [{**whole[0], "signedBy": w.DECIDE.id}, whole[1]], "states": [stands]},
        ),
        (
            "history-of-something-else",
            {"acts": whole, "states": [{**stands, "history": "11" * 32}]},
        ),
        (
            "other-record-of-something-else",
            {"acts": whole, "states": [{**stands, "other": "11" * 32}]},
        ),
        (
            "word-that-means-nothing",
            {"acts": whole, "states": [{**stands, "word": stands["word"][:-2] + "88"}]},
        ),
        (
            "forgets",
            {
                "contracts": contracts(*newer),
                "acts": [{**one, "contract": w.OLD_REGISTRY} for one in whole],
                "states": [older],
            },
        ),
        ("action-unknown", {"acts": unknown, "states": [stands]}),
    )
    for name, facts in cases:
        _add(b, f"registry/{name}", "undetermined", facts, code="status-unreadable")
