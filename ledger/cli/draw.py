"""`credit-ledger audit draw`: leaves that nobody chose, disclosed, and held against the answers
that were given about the same subjects."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.acting import failures
from ledger.cli.auditors import auditor_options
from ledger.cli.column_words import columns
from ledger.cli.drawing import Drawing
from ledger.cli.language import say
from ledger.cli.options import json_option, load_network, network_options
from ledger.cli.output import EXIT_NO, EXIT_UNKNOWN, note, print_json, print_rows, write_file
from ledger.cli.passwords import open_key
from ledger.cli.replay_tables import show_findings, show_incomplete
from ledger.cli.replaying import mirror_option
from ledger.core.draw import MAX_COUNT, Draw
from ledger.core.keys import Purpose
from ledger.core.verdict.facts import date_of

if TYPE_CHECKING:
    from ledger.files.draw_audit import DrawJudge

_HELP = say(
    zh="""按某日首个区块的哈希从各省日志中抽取记录，请各成员披露其主体代码，并与就该代码给出的答复核对：
    答复漏列了抽中的记录，即为不实。

    抽哪些叶子只由区块、日志和当时的大小决定，审计成员无从挑选，任何人均可重抽。文件夹 DIR 存
    draw.json（区块、哈希、叶子，以及索取、取得、被拒的情况）和回执；再次运行只索取尚缺的。不给
    --key 时只抽取，不索取；成员另行交来的回执以 --receipts 给出。
    退出码：0 无问题；1 有遗漏、有成员不披露，或密钥不符；4 有成员未应答，或暂时无法核对。

    \b
    示例：
      credit-ledger audit draw --member demo-auditor --key request.json --on 2026-12-01 \\
          --answers openings -o 抽样 --network network.json
      credit-ledger audit replay --openings openings --draws 抽样 --network network.json
    """,
    en="""Draw records from the logs of the provinces by the hash of the first block of a day, have
    their members disclose whom they are about, and hold the answers against them that were given
    about these codes: one that leaves a drawn record out is false.

    Which leaves are drawn depends on block, log and its size then alone: an auditor cannot choose,
    and everybody draws the same. The folder DIR keeps draw.json (block, hash, leaves, and what was
    demanded, given and refused) and the receipts; started again, only what lacks is asked for.
    Without --key nothing is asked for; receipts that members handed over go to --receipts.
    Exit codes: 0 nothing wrong; 1 something was left out or not disclosed, or not the key of an
    auditor; 4 a member did not answer, or something could not be checked.

    \b
    Examples:
      credit-ledger audit draw --member demo-auditor --key request.json --on 2026-12-01 \\
          --answers openings -o draw --network network.json
      credit-ledger audit replay --openings openings --draws draw --network network.json
    """,
)
_ANY = click.Path(exists=True, path_type=Path)


@click.command("draw", help=_HELP)
@auditor_options(key_required=False)
@click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help=say(zh="哪一日（北京时间），默认今日。", en="Which day in China, by default today."),
)
@click.option(
    "--of",
    "members",
    multiple=True,
    metavar="CODE",
    help=say(
        zh="从哪些成员的日志中抽取（可重复），默认各省。",
        en="From whose logs (repeatable), by default those of all provinces.",
    ),
)
@click.option(
    "--count",
    type=click.IntRange(1, MAX_COUNT),
    default=8,
    show_default=True,
    metavar="N",
    help=say(zh="每个日志抽取几条记录。", en="How many records of each log."),
)
@click.option(
    "--answers",
    multiple=True,
    type=_ANY,
    metavar="DIR|FILE",
    help=say(
        zh="成员交来的答复、证据包，以及开启件（可重复）。",
        en="Answers and bundles that members handed over, and openings (repeatable).",
    ),
)
@click.option(
    "--receipts",
    multiple=True,
    type=_ANY,
    metavar="DIR|FILE",
    help=say(
        zh="成员另行交来的抽中记录的回执（可重复）。",
        en="Receipts of drawn records that members handed over (repeatable).",
    ),
)
@mirror_option
@network_options
@json_option
def draw(
    *,
    member: str,
    key: Path | None,
    password_files: tuple[Path, ...],
    day: Any,
    members: tuple[str, ...],
    count: int,
    answers: tuple[Path, ...],
    receipts: tuple[Path, ...],
    out: Path,
    mirror: dict[str, str],
    network: Path,
    rpc: tuple[str, ...],
    as_json: bool,
) -> int:
    """See `_HELP`."""
    with failures():
        signer = None if key is None else open_key(key, Purpose.REQUEST.name, password_files)
        job = Drawing(load_network(network, rpc), member, signer, out, mirror)
        with job.open():
            on = date.fromisoformat(date_of(job.now())) if day is None else day.date()
            made = job.draw(on, members, count)
            made = job.disclose(made, receipts)
            write_file(out / "draw.json", made.encode(), private=True)
            judge = job.judge(made, answers)
    return _tell(made, job, judge, as_json=as_json)


def _tell(made: Draw, job: Drawing, judge: DrawJudge, *, as_json: bool) -> int:
    found = [one.as_dict() for one in judge.findings.listed()]
    gaps = [one.as_dict() for one in judge.findings.incomplete()]
    if as_json:
        from orjson import loads  # noqa: PLC0415 - where JSON is asked for

        print_json(
            {
                "draw": loads(made.encode()),
                "unread": job.unread,
                "compared": judge.compared,
                "unseen": judge.unseen,
                "incomplete": gaps,
                "findings": found,
            }
        )
    else:
        _show(made, judge, found)
    for text in job.unread:
        note(say(zh=f"日志读不到：{text}", en=f"a log could not be read: {text}"))
    if not as_json:
        show_incomplete(gaps)
    if found:
        return EXIT_NO
    return EXIT_UNKNOWN if gaps or job.unread else 0


def _show(made: Draw, judge: DrawJudge, found: list[dict[str, Any]]) -> None:
    block = say(zh="区块", en="block")
    click.echo(f"{made.day.isoformat()}: {block} {made.number} 0x{made.hash.hex()}")
    print_rows(
        [
            [
                log.member,
                log.log.hex()[:12],
                log.size,
                len(log.leaves),
                sum(one.given is not None for one in log.leaves),
                ", ".join(sorted({one.refused for one in log.leaves if one.refused})),
            ]
            for log in made.logs
        ],
        head=columns("member", "log", "size", "drawn", "given", "refused"),
    )
    click.echo(
        say(
            zh=f"核对的答复 {judge.compared}，另有 {judge.unseen} 次查询的答复未交来",
            en=f"answers compared: {judge.compared}; queries whose answers are not here:"
            f" {judge.unseen}",
        )
    )
    show_findings(found)
