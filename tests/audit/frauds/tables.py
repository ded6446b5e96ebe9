"""Lists of a day, draws, published sums, and the quality files of provinces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import orjson

from ledger.audit import quality
from ledger.audit.quality import collect
from ledger.audit.quality_log import compare
from ledger.audit.tiles import Fetch
from ledger.core.canonical import instant
from ledger.core.draw import parse_draw
from ledger.core.keys import Purpose
from ledger.core.status import Action
from ledger.files.draw_files import DRAW
from tests.audit.banker import BANK, BEIJING, BUREAU, DAY, HOUR, TIANJIN
from tests.audit.frauds.fraud import Audit, Fraud
from tests.audit.frauds.honest import DECIDED
from tests.audit.frauds.scene import FREE, Scene, Told
from tests.audit.test_lists import Listing
from tests.audit.test_quality import Members, month_after, pass_by, penalties
from tests.support.day_lists import left
from tests.support.ledger import make_record
from tests.support.votes import set_endpoint

LIST = "list.json"


def listing(scene: Scene) -> Listing:
    assert scene.listing is not None
    return scene.listing


def ended(scene: Scene) -> None:
    """An entry that a repair had ended an hour before."""
    listing(scene).act(Action.REPAIR)
    scene.desk.acknowledged += 1
    scene.wait(HOUR)
    today = replace(listing(scene), day=date.fromisoformat(scene.desk.today))
    scene.lists = {LIST: today.file(today.part(0, 1), 0, 1)}


def kept_off(scene: Scene) -> None:
    """Said to have expired; its receipt is among what was handed over."""
    part = listing(scene).part(1, until=2, left=(left("expired", 1),))
    scene.lists[LIST] = listing(scene).file(part, 1)


def miscounted(scene: Scene) -> None:
    """Only what the log shows speaks: nobody handed a receipt over."""
    scene.lists = {LIST: listing(scene).file(listing(scene).part(1), 1)}


def of_another_key(scene: Scene) -> None:
    data = listing(scene).file(listing(scene).part(0, 1), 0, 1, purpose=Purpose.ANCHOR)
    scene.lists[LIST] = data


def withheld(scene: Scene) -> None:
    """Tianjin does not tell whom one of the records is about."""
    path = scene.draws[0] / DRAW
    made = parse_draw(path.read_bytes())
    [log] = made.logs
    leaf = scene.tianjin.leaves()[FREE]
    leaves = tuple(
        replace(one, given=None, refused="not-granted") if one.leaf == leaf else one
        for one in log.leaves
    )
    path.write_bytes(replace(made, logs=(replace(log, leaves=leaves),)).encode())


def chosen(scene: Scene) -> None:
    """By another block than the day's first."""
    path = scene.draws[0] / DRAW
    made = parse_draw(path.read_bytes())
    path.write_bytes(replace(made, number=made.number + 1).encode())


def sums(scene: Scene, change: Callable[[dict[str, Any]], Any]) -> None:
    """What a custodian publishes, with a change."""
    path = scene.desk.folder / "papers" / "sums.json"
    value = orjson.loads(path.read_bytes())
    change(value)
    path.write_bytes(orjson.dumps(value))


def of_tianjin(value: dict[str, Any]) -> dict[str, Any]:
    [item] = [one for one in value["items"] if one["region"] == TIANJIN]
    return dict(item)


def added(value: dict[str, Any]) -> None:
    for item in value["items"]:
        if item["region"] == TIANJIN:
            item["households"] += 1


def shown(value: dict[str, Any]) -> None:
    """Three households, which anybody in the village knows."""
    for item in value["items"]:
        if item["region"] == BEIJING:
            item |= {"households": 3, "granted": "30", "lent": "15", "hidden": 0}


def ahead(scene: Scene) -> None:
    """The bank has stated something that it has not anchored yet, and the sums have it."""
    late = scene.bank.outcome(20, seq=2)
    scene.desk.waiting.pop(BANK)
    scene.desk.unanswered.add(late.commitment)

    def change(value: dict[str, Any]) -> None:
        value["at"] = instant(scene.now + DAY + HOUR)
        for item in value["items"]:
            if item["region"] == TIANJIN:
                item |= {"households": 20, "granted": "200", "lent": "100"}

    sums(scene, change)
    scene.after = DAY + 2 * HOUR


def _f(name: str, code: str, plant: Callable[[Any], Any], en: str, zh: str, **more: Any) -> Fraud:
    return Fraud(name=name, family="tables", code=code, plant=plant, en=en, zh=zh, **more)


# ---- quality files


@dataclass
class Ranking:
    """The quality files of a month, of all provinces; Beijing took seven records in, two of them
    late. It is over, and so is the time to anchor them."""

    scene: Scene
    members: Members

    def told(self) -> Told:
        """What `audit quality` tells."""
        logs: dict[bytes, Fetch] = {
            log.log_id: log.fetch for log in self.scene.desk.logs().values()
        }
        with self.members.view() as view:
            found = collect(self.scene.network.file, view, self.members.period, self.members.fetch)
            for one in found:
                compare(self.scene.network.file, view, one, lambda base, log: logs.get(log))
        return Told(Counter(finding.code for one in found for finding in one.findings))

    def claim(self, count: int, **timely: int) -> None:
        self.members.rows[BEIJING] = (penalties(count, timely=timely),)

    def serve(self, **changes: Any) -> None:
        """Beijing's file, with changes."""
        data = self.members.file(BEIJING, **changes)
        self.members.served[BEIJING] = lambda: (200, data)

    def bend(self) -> None:
        """A number in the file is changed after it was signed."""
        data = self.members.file(BEIJING)[:-4] + b"AAAA"
        self.members.served[BEIJING] = lambda: (200, data)


@contextmanager
def ranking(scene: Scene) -> Iterator[Ranking]:
    period = month_after(scene.network)
    for timely in ("yes",) * 5 + ("no",) * 2:
        scene.beijing.put(make_record(scene.beijing, decided=DECIDED, timely=timely))
    scene.beijing.anchor()
    pass_by(scene.network, period)
    made = Ranking(scene, Members(scene.network, period))
    made.claim(7, yes=5, no=2)
    yield made


QUALITY: Final = Audit("audit quality", quality.CODES.keys(), ranking)


def _q(name: str, code: str, plant: Callable[[Ranking], Any], en: str, zh: str) -> Fraud:
    return _f(name, code, plant, en, zh, by=QUALITY)


FRAUDS: Final = (
    _f(
        "listed-though-repaired",
        "list-differs",
        ended,
        "A list of a day has an entry that was repaired before.",
        "当日名单列有此前已修复的条目。",
    ),
    _f(
        "left-off-the-list",
        "list-left-out",
        kept_off,
        "A list of a day leaves out an entry as expired that its receipt shows to be in force.",
        "当日名单以到期为由漏列了回执表明仍有效的条目。",
    ),
    _f(
        "list-counted-short",
        "list-count-differs",
        miscounted,
        "A list of a day counts fewer entries than the log of its member has.",
        "当日名单所计条目少于该成员日志中的条目。",
    ),
    _f(
        "list-by-another-key",
        "list-false",
        of_another_key,
        "Somebody hands over a list of a day that its member did not sign.",
        "有人交来并非该成员签名的当日名单。",
    ),
    _f(
        "drawn-and-withheld",
        "drawn-not-disclosed",
        withheld,
        "A member does not disclose whom a record is about that was drawn.",
        "成员不披露被抽中的记录所涉主体。",
    ),
    _f(
        "draw-that-was-chosen",
        "draw-false",
        chosen,
        "Somebody hands over a draw whose block was chosen.",
        "有人交来自选区块的抽查。",
    ),
    _f(
        "sums-that-do-not-add-up",
        "sums-differ",
        lambda scene: sums(scene, added),
        "Published sums count a household more than was stated.",
        "公布的汇总比所声明的多计一户。",
    ),
    _f(
        "sums-that-give-away",
        "sums-reveal-hidden",
        lambda scene: sums(scene, shown),
        "Published sums show a cell of three households.",
        "公布的汇总显示了仅有三户的单元格。",
    ),
    _f(
        "sums-that-are-none",
        "sums-false",
        lambda scene: sums(scene, lambda value: value.pop("items")),
        "Somebody hands over a table of sums without its items.",
        "有人交来缺少各项的汇总表。",
    ),
    _f(
        "sums-ahead-of-the-logs",
        "sums-not-anchored",
        ahead,
        "Published sums have what no log has yet (a note: nothing is wrong so far).",
        "公布的汇总含有尚未存证的数据（仅待核实：目前无误）。",
    ),
    _f(
        "outcome-of-a-bureau",
        "outcome-not-an-institution",
        lambda scene: scene.bank.outcome(40, by=BUREAU),
        "A member that lends nothing states what it lent.",
        "并非金融机构的成员声明其放款成效。",
    ),
    _f(
        "two-outcomes-of-one-number",
        "outcome-seq-twice",
        lambda scene: scene.bank.outcome(11),
        "A bank states two different outcomes under one number.",
        "银行以同一编号声明了两个不同的成效。",
    ),
    _q(
        "more-than-the-log",
        "more-than-its-log",
        lambda ranking: ranking.claim(8, yes=5, no=2),
        "The quality file of a province claims more records than its log can hold.",
        "一省的质量文件所报数量多于其日志所能有的。",
    ),
    _q(
        "less-than-the-log",
        "less-than-its-log",
        lambda ranking: ranking.claim(7, yes=5, no=1),
        "The quality file of a province leaves out a record that was late.",
        "一省的质量文件漏报了一条超期记录。",
    ),
    _q(
        "closed-before-the-end",
        "closed-early",
        lambda ranking: ranking.serve(at=quality.end_of(ranking.members.period) - 1),
        "A quality file calls itself final before its month is over.",
        "质量文件在当月结束前即自称最终。",
    ),
    _q(
        "never-closed",
        "still-open",
        lambda ranking: ranking.serve(provisional=True),
        "A province leaves its quality file provisional, so that nothing holds it to its log.",
        "一省的质量文件一直为暂计，以致无法与日志核对。",
    ),
    _q(
        "file-of-another",
        "other-file",
        lambda ranking: ranking.serve(network="eip155:1:0x" + "c0" * 20),
        "A province serves the quality file of another network.",
        "一省出示了另一网络的质量文件。",
    ),
    _q(
        "file-by-another-key",
        "key-unknown",
        lambda ranking: ranking.serve(signer=ranking.scene.network.keys[BEIJING, Purpose.REQUEST]),
        "A quality file is signed with a key that is for something else.",
        "质量文件以用途不符的密钥签名。",
    ),
    _q(
        "file-before-the-key",
        "key-not-valid",
        lambda ranking: ranking.serve(at=1_400_000_000),
        "A quality file is signed at a time at which its key was not valid.",
        "质量文件的签名时间不在其密钥有效期内。",
    ),
    _q(
        "file-that-is-none",
        "malformed",
        lambda ranking: ranking.members.served.update({BEIJING: lambda: (200, b"no.jws.here")}),
        "A province serves something that is no quality file.",
        "一省出示的不是质量文件。",
    ),
    _q(
        "nobody-to-ask",
        "no-endpoint",
        lambda ranking: set_endpoint(ranking.scene.network, BEIJING, ""),
        "A province takes its address off the chain, so that nobody can ask it for its file.",
        "一省从链上撤下其地址，使人无从索取质量文件。",
    ),
    _q(
        "file-bent",
        "signature-invalid",
        Ranking.bend,
        "A quality file was changed after it was signed.",
        "质量文件在签名后被改动。",
    ),
)
