"""Acts on records: check 19, by what stands behind the acts and not by anybody's word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.ids import KeyId, LogId, bytes32_ascii
from ledger.core.status import NO_LOG, ZERO, Act, Action, Digest, RecordedAct, fold, undone
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
    return {
        "acts": rows(record, steps, contract),
        "states": [state(record, steps, contract)],
    }


A = Action


def build(b: Bench, true: Sound) -> None:
    """All cases of the group."""
    b.facts("withdrawn", "The record was withdrawn.", "wide", **acts(true.plain, Step(A.WITHDRAW)))
    _each(b, true)
    _thieves(b, true)
    _days(b, true)
    _others(b, true)
    _unreadable(b, true)


def _add(
    b: Bench, name: str, verdict: str, zh: str, en: str, facts: dict[str, Any], **more: Any
) -> None:
    made = b.facts(name.replace("/", "-"), en, **{"base": "wide", **facts})
    code = verdict if verdict not in ("valid", "undetermined") else None
    b.add(name, more.pop("file", "chain/everything-is-well"), verdict, zh, en, facts=made,
          **{"code": code, "check": "status", **more})  # fmt: skip


def _each(b: Bench, true: Sound) -> None:
    correct = Step(A.CORRECT, other=true.other)
    plain = true.plain
    cases: tuple[tuple[str, str, tuple[Step, ...], str, str], ...] = (
        ("disputed", "disputed", (Step(A.DISPUTE, w.CASE),), "有异议。", "Under dispute."),
        ("settled", "valid", (Step(A.DISPUTE, w.CASE), Step(A.SETTLE, at=2)), "异议已处理。",
         "The dispute was settled, and that is final."),
        ("settled-not-final", "disputed", (Step(A.DISPUTE, w.CASE), Step(A.SETTLE, at=LATE)),
         "异议处理尚未最终确认。", "It was settled, which is not final yet."),
        ("disputed-not-final", "disputed", (Step(A.DISPUTE, w.CASE, at=LATE),),
         "不利的登记立即算数。", "What speaks against a record counts at once."),
        ("shielded", "shielded", (Step(A.SHIELD),), "已屏蔽。", "Shielded."),
        ("lifted", "valid", (Step(A.SHIELD), Step(A.LIFT, at=2)), "屏蔽已解除。", "The shield was lifted."),
        ("lifted-not-final", "shielded", (Step(A.SHIELD), Step(A.LIFT, at=LATE)),
         "解除屏蔽尚未最终确认。", "It was lifted, which is not final yet."),
        ("repaired", "repaired", (Step(A.REPAIR),), "已修复。", "Repaired."),
        ("repaired-not-final", "repaired", (Step(A.REPAIR, at=LATE),), "修复立即算数。",
         "A repair counts at once."),
        ("rescinded", "valid", (Step(A.REPAIR), Step(A.RESCIND, at=2)), "修复被撤回，且已最终确认。",
         "The repair was rescinded, and that is final."),
        ("rescinded-not-final", "repaired", (Step(A.REPAIR), Step(A.RESCIND, at=LATE)),
         "撤回修复尚未最终确认。", "It was rescinded, which is not final yet."),
        ("corrected", "corrected", (correct,), "已被另一记录更正。", "Another record corrects it."),
        ("withdrawn-after-a-repair", "withdrawn", (Step(A.REPAIR), Step(A.WITHDRAW, at=2)),
         "先修复后撤销。", "Repaired, then withdrawn."),
        ("ended", "ended", (Step(A.END),), "所述事项已终止。", "What it says has come to its end."),
        ("erased", "erased", (Step(A.ERASE),), "内容已删除。", "Its content was erased."),
        ("erased-and-withdrawn", "erased", (Step(A.WITHDRAW), Step(A.ERASE, at=2)), "两者中较坏的是删除。",
         "Of both the worse is told."),
        ("disputed-and-repaired", "repaired", (Step(A.REPAIR), Step(A.DISPUTE, w.CASE, at=2)),
         "已修复，又有异议。", "Repaired, and disputed behind that."),
        ("annulled", "disputed", (Step(A.WITHDRAW), Step(A.SHIELD, at=2), Step(A.ANNUL, VOTE, at=3)),
         "经表决废止：结论归零，留下异议。", "Annulled by vote: nothing but a dispute is left."),
        ("annulled-after-erasure", "erased", (Step(A.ERASE), Step(A.ANNUL, VOTE, at=2)),
         "废止不能恢复已删除的内容。", "To annul brings nothing back that was erased."),
        ("withdrawn-by-vote", "withdrawn", (Step(A.WITHDRAW, VOTE),), "经表决撤销。", "Withdrawn by vote."),
        ("two-in-one-block", "valid", (Step(A.DISPUTE, w.CASE, at=2), Step(A.SETTLE, at=2)),
         "同一区块内两次登记。", "Two acts in one block."),
    )  # fmt: skip
    for name, verdict, steps, zh, en in cases:
        _add(b, f"status/{name}", verdict, zh, en, acts(plain, *steps))


def _thieves(b: Bench, true: Sound) -> None:
    plain = true.plain
    since = w.T

    def by(*steps: Step, **key: Any) -> dict[str, Any]:
        if not key:
            return {**acts(plain, *steps), "base": "thief"}
        return {**acts(plain, *steps), "keys": w.with_key(w.THIEF, **key)}

    thief = w.THIEF
    cases: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
        ("withdraws", "disputed", by(Step(A.WITHDRAW, thief)), "被盗密钥的撤销存疑：只算有异议。",
         "A stolen key withdraws: that is in doubt, and the record counts as disputed."),
        ("erases", "disputed", by(Step(A.ERASE, thief)), "被盗密钥的删除存疑。", "A stolen key erases."),
        ("lifts-a-shield", "shielded", by(Step(A.SHIELD), Step(A.LIFT, thief, at=2)),
         "被盗密钥不能解除屏蔽。", "A stolen key lifts nothing."),
        ("takes-a-repair-back", "repaired", by(Step(A.REPAIR), Step(A.RESCIND, thief, at=2)),
         "被盗密钥不能撤回修复。", "A stolen key rescinds nothing."),
        ("is-undone", "disputed", by(Step(A.WITHDRAW, thief), Step(A.ANNUL_STOLEN, UNDO, at=2)),
         "被盗密钥的登记已被撤除，留下异议。", "What the thief did was undone; a dispute is left."),
        ("is-undone-and-settled", "valid", by(
            Step(A.WITHDRAW, thief), Step(A.ANNUL_STOLEN, UNDO, at=2), Step(A.SETTLE, at=3)),
         "撤除之后异议也已处理。", "It was undone, and the dispute settled."),
        ("is-answered", "valid", by(Step(A.DISPUTE, thief), Step(A.SETTLE, at=2)),
         "可信的密钥对同一事项作了处理。", "A key that can be trusted did something about the same thing."),
        ("is-answered-about-something-else", "shielded", by(
            Step(A.WITHDRAW, thief), Step(A.SHIELD, at=2)),
         "对别的事项的处理不算：撤销仍存疑，屏蔽较重。",
         "What was done about something else answers nothing; of dispute and shield the worse counts."),
        ("is-annulled", "disputed", by(Step(A.WITHDRAW, thief), Step(A.ANNUL, VOTE, at=2)),
         "经表决废止。", "Annulled by vote."),
        ("undone-takes-nothing-honest-back", "erased", by(
            Step(A.ERASE), Step(A.DISPUTE, thief, at=2), Step(A.ANNUL_STOLEN, UNDO, at=3)),
         "撤除盗用者的登记，不得带走可信密钥所作的删除。",
         "Undoing a thief's act takes back nothing that an honest key did, though the state says so."),
        ("undone-keeps-an-honest-repair", "repaired", by(
            Step(A.REPAIR), Step(A.DISPUTE, thief, at=2), Step(A.ANNUL_STOLEN, UNDO, at=3)),
         "撤除盗用者的登记，不得带走可信密钥所作的修复。",
         "Nor an outcome: anybody may have a thief's act undone."),
        ("before-the-theft", "withdrawn", by(Step(A.WITHDRAW, thief), **stolen(w.time_of(121) + 1)),
         "登记在被盗之前。", "The key was stolen a second later."),
        ("at-the-theft", "disputed", by(Step(A.WITHDRAW, thief), **stolen(w.time_of(121))),
         "登记恰在被盗之时。", "It was stolen in that very second."),
        ("not-known-for-good", "withdrawn", by(
            Step(A.WITHDRAW, thief), **stolen(since, 195)),
         "被盗之说尚未最终确认：加上异议，但什么也不减。",
         "The theft is not final yet: it disputes too, but takes nothing away."),
        ("not-stolen-after-all", "withdrawn", by(Step(A.WITHDRAW, thief), **moved(since, 0, 160)),
         "后来确认未被盗。", "It was taken back, and that is final: the act counts."),
        ("shields-not-known-for-good", "shielded", by(
            Step(A.SHIELD), Step(A.LIFT, thief, at=2),
            **stolen(since, 195)),
         "被盗之说尚未最终确认，但足以使解除存疑。",
         "What lifts a shield is in doubt as soon as anybody says so."),
    )  # fmt: skip
    for name, verdict, facts, zh, en in cases:
        _add(b, f"thief/{name}", verdict, zh, en, facts)


def _days(b: Bench, true: Sound) -> None:
    plain = true.plain
    day = w.day(w.T)
    repaired = acts(plain, Step(A.REPAIR, at=30, effective=2 * w.DAY))
    _add(b, "status/repaired-after-that-day", "valid", "所问之日尚未登记修复。",
         "The repair was recorded after that day, though it took effect before.", repaired,
         ask={"asOf": day}, now="repaired")  # fmt: skip
    b.add("status/repaired-by-that-day", "chain/everything-is-well", "repaired",
          "所问之日已登记修复。", "It was recorded by the end of that day.",
          facts="status-repaired-after-that-day", ask={"asOf": w.day(w.time_of(150))},
          now="repaired", check="status")  # fmt: skip
    settled = acts(plain, Step(A.SHIELD), Step(A.LIFT, at=20))
    _add(b, "status/lifted-after-that-day", "shielded", "所问之日仍被屏蔽。",
         "As of that day it was shielded, and no more today.", settled,
         ask={"asOf": day}, now="valid")  # fmt: skip
    theft = {**acts(plain, Step(A.WITHDRAW, w.THIEF)), "base": "thief"}
    _add(b, "thief/not-known-on-that-day", "withdrawn", "所问之日还不知道密钥被盗。",
         "As of that day nobody knew of the theft.", theft,
         ask={"asOf": day}, now="disputed")  # fmt: skip


def _others(b: Bench, true: Sound) -> None:
    plain, other = true.plain, true.other
    _add(b, "status/of-another-record", "valid", "登记的是另一记录。", "The acts are on another record.",
         acts(other, Step(A.WITHDRAW)), check=None)  # fmt: skip
    replaced = b.record(entry={"replaces": other.id})
    b.add("status/of-the-replaced-record", lambda: b.receipt(replaced), "withdrawn",
          "它所替代的记录已被撤销：重新入日志绕不过状态。",
          "The record that it replaces was withdrawn: logging it again is no way round that.",
          facts="status-of-another-record", check="status", code="withdrawn")  # fmt: skip
    again = b.record(entry={"corrects": other.id})
    b.add("status/of-the-corrected-record", lambda: b.receipt(again), "valid",
          "它所更正的记录的状态与它无关。", "What became of the record that it corrects is not its own.",
          facts="status-of-another-record")  # fmt: skip
    two = {
        "acts": [*rows(plain, [Step(A.SHIELD)]), *rows(other, [Step(A.WITHDRAW, at=2)])],
        "states": [state(plain, [Step(A.SHIELD)]), state(other, [Step(A.WITHDRAW, at=2)])],
    }
    _add(b, "status/beside-another-record", "shielded", "两条记录各有登记。",
         "Two records with acts: each counts for its own.", two)  # fmt: skip
    steps = (Step(A.DISPUTE, w.CASE), Step(A.WITHDRAW, at=2))
    moved = {
        "contracts": lambda world: {
            **world["contracts"],
            "CaseRegistry": [w.held(w.OLD_REGISTRY), w.held(w.REGISTRY, w.T + 3000)],
        },
        "acts": [*rows(plain, steps[:1], w.OLD_REGISTRY), *rows(plain, steps)[1:]],
        "states": [state(plain, steps), state(plain, steps[:1], w.OLD_REGISTRY)],
    }
    _add(b, "registry/goes-on", "withdrawn", "新的登记合约接着旧的。",
         "A new registry goes on where the old one stopped.", moved)  # fmt: skip
    none: w.Change = lambda world: {**world["contracts"], "CaseRegistry": []}
    _add(b, "registry/none", "valid", "从未登记过 CaseRegistry：没有登记。",
         "No CaseRegistry was ever registered: there are no acts.", {"contracts": none},
         check=None)  # fmt: skip


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
    cases: tuple[tuple[str, dict[str, Any], str, str], ...] = (
        ("silent", {"contracts": contracts(w.held(w.REGISTRY, silent=True))}, "登记合约不作答。",
         "The registry does not answer."),
        ("act-missing", {"acts": whole[1:], "states": [stands]}, "缺第一次登记。", "The first act is missing."),
        ("last-act-missing", {"acts": whole[:1], "states": [stands]}, "缺最后一次登记。",
         "The last act is missing."),
        ("all-acts-missing", {"acts": [], "states": [stands]}, "状态说有登记，却一次也没有。",
         "The state says that there are acts, and there are none."),
        ("acts-swapped", {"acts": swapped, "states": [stands]}, "两次登记对调。", "Two acts swapped."),
        ("act-changed", {"acts": [whole[0], {**whole[1], "basis": 6}], "states": [stands]},
         "登记的依据被改动。", "The basis of an act is another."),
        ("key-of-an-act-changed", {"acts": [{**whole[0], "signedBy": w.DECIDE.id}, whole[1]],
                                   "states": [stands]}, "登记的密钥被改动：可借此洗白。",
         "The key of an act is another, which could clear a thief."),
        ("history-of-something-else", {"acts": whole, "states": [{**stands, "history": "11" * 32}]},
         "历史的哈希不同。", "The history hashes to something else."),
        ("other-record-of-something-else", {"acts": whole, "states": [{**stands, "other": "11" * 32}]},
         "更正者不同。", "The state names a record that corrects it, and no act does."),
        ("word-that-means-nothing", {"acts": whole, "states": [
            {**stands, "word": stands["word"][:-2] + "88"}]}, "状态字没有意义。",
         "A word with a flag that there is none of."),
        ("forgets", {"contracts": contracts(*newer), "acts": [{**one, "contract": w.OLD_REGISTRY}
                                                              for one in whole], "states": [older]},
         "新的登记合约忘了旧的。", "A later registry has forgotten what an earlier one knows."),
        ("action-unknown", {"acts": unknown, "states": [stands]}, "没有这种登记。",
         "An action that nobody knows."),
    )  # fmt: skip
    for name, facts, zh, en in cases:
        _add(b, f"registry/{name}", "undetermined", zh, en, facts, code="status-unreadable")
