"""Evidence as a person reads it: what holds, against which header, and what is not proven."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from ledger.cli.language import pick, say
from ledger.cli.tables import deciding, plain, stdout
from ledger.cli.times import shown_time
from ledger.core.canonical import hex0x, instant
from ledger.core.verdict.verdict import Verdict
from ledger.evidence.check import EvidenceVerdict
from ledger.evidence.header import Header

_STYLES: Final = {"proven": "bold green", "false": "bold red", "undetermined": "bold yellow"}


def show_evidence(name: str, found: EvidenceVerdict) -> None:
    """The answer first, then the header, the verdicts, and what nodes only said."""
    console = stdout()
    console.print(plain(name, "bold"))
    console.print(plain(_headline(found), _STYLES[found.verdict]))
    if found.problem is not None:
        named = found.header is not None and hex0x(found.header.hash)
        told = " ".join(one for one in found.problem.evidence.values() if one != named)
        console.print(plain(f"  {pick(found.problem.as_dict()['message'])}"))
        console.print(plain(f"  [{found.problem.code}] {told}", "dim"))
    if found.header is not None:
        console.print(plain(_header_words(found.header)))
        console.print(plain(hex0x(found.header.hash)), soft_wrap=True)
    if found.verdicts:
        show_verdicts(found.verdicts)
        _show_told(found)


def _show_told(found: EvidenceVerdict) -> None:
    """What is not proven by the header: the blocks of the anchors one by one, and how many more."""
    console = stdout()
    facts = [one.facts for _, one in found.verdicts]
    anchors = {one.anchor.block.hash for one in facts if one is not None and one.anchor}
    shown = [header for header in found.told if hex0x(header.hash) in anchors]
    console.print(plain(_limits()))
    for header in shown:
        known = header.hash in found.known
        console.print(plain(f"  {_block_words(header, known=known)}"))
        console.print(plain(f"  {hex0x(header.hash)}"), soft_wrap=True)
    if others := len(found.told) - len(shown):
        text = say(
            zh=f"另有 {others} 个区块（表决、行为等事件），见 --json 的 told。",
            en=f"{others} more, of votes, acts and the like: `told` of --json.",
        )
        console.print(plain(f"  {text}"))


def show_verdicts(found: Sequence[tuple[str, Verdict]]) -> None:
    """A line for each receipt and day."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column(say(zh="回执", en="Receipt"), overflow="fold")
    table.add_column(say(zh="截至", en="As of"), no_wrap=True)
    table.add_column(say(zh="结论", en="Verdict"), no_wrap=True)
    table.add_column(say(zh="退出码", en="Exit"), justify="right")
    table.add_column(say(zh="说明", en="Why"), overflow="fold")
    for name, verdict in found:
        day = verdict.question.as_of or say(zh="该区块", en="the block")
        why = " ".join(pick(check.message) for check in deciding(verdict.standing.checks)[:1])
        table.add_row(
            plain(name), plain(day), plain(verdict.verdict), str(verdict.exit), plain(why)
        )
    stdout().print(table)


def _headline(found: EvidenceVerdict) -> str:
    if found.verdict == "proven":
        return say(
            zh="成立：以下结论由该区块首部证明",
            en="PROVEN: what follows is proven by this header",
        )
    if found.verdict == "false":
        return say(zh="不成立：不得采信", en="DOES NOT HOLD: do not rely on it")
    return say(zh="未能核验；这不表示证据有假", en="NOT CHECKED; this says nothing against it")


def _header_words(header: Header) -> str:
    time = shown_time(instant(header.time))
    return say(
        zh=f"区块 {header.number}（{time}），区块首部的哈希：",
        en=f"block {header.number} ({time}), the hash of its header:",
    )


def _limits() -> str:
    return say(
        zh="未由该区块首部证明、仅由制作时的节点所说：存证等事件所在的区块属于同一条链；"
        "存证日期以此为据。有疑问者请一并比对其哈希，并另以 --header 给出。"
        "此后发生的事，证据档案不作说明。",
        en="Not proven by this header, but told by nodes when the archive was made: that the"
        " blocks with anchors and other events are of the same chain; the day of an anchor rests on"
        " that. Whoever doubts it compares their hashes too, and gives them by another --header."
        " What happened afterwards the archive does not say.",
    )


def _block_words(header: Header, *, known: bool) -> str:
    time = shown_time(instant(header.time))
    number = header.number
    if known:
        return say(
            zh=f"存证所在的区块 {number}（{time}），已确认：",
            en=f"block {number} ({time}) of an anchor, which is known:",
        )
    return say(
        zh=f"存证所在的区块 {number}（{time}）：", en=f"block {number} ({time}) of an anchor:"
    )
