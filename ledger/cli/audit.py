"""`credit-ledger audit`: replay the ledger, as any auditor can."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.audit_sums import sums
from ledger.cli.certificate import erasure
from ledger.cli.language import say
from ledger.cli.openings import openings as ask_openings
from ledger.cli.options import json_option, load_network, network_options
from ledger.cli.output import demand_apart, note, print_bytes, write_file
from ledger.cli.quality import quality
from ledger.cli.reconcile import reconcile
from ledger.cli.replaying import Asked, mirror_option, run_replay
from ledger.cli.tables import show_report

_HELP = say(
    zh="""由区块链事件和公开日志重建成员、密钥、目录和全部日志，逐一核对。

    任何人在任何机器上重放同一区块，得到逐字节相同的报告。
    有打开文件（--openings）时，还打开全部陈述，重建每个案件、授权、查询、使用、产品和成效并与链
    核对；文件夹中也可放成员交来的答复、证据包、产品清单和公布的汇总。
    退出码：0 全部无误；1 有问题；4 不完整（链或某成员的日志读不到）。

    \b
    示例：
      credit-ledger audit replay --network network.json --out report.json
      credit-ledger audit replay --network network.json --mirror 110000=https://mirror.example
      credit-ledger audit replay --network network.json --openings openings --check-mirrors
    """,
    en="""Rebuild members, keys, catalogue and every log from the chain's events and the public
    logs, and checks all of it.

    Whoever replays the same block, on whatever machine, gets the same report, byte for byte.
    With openings every statement is opened and every case, authorisation, query, use, product and
    outcome rebuilt and held against the chain; beside them may lie answers, bundles, manifests and
    published sums that members handed over.
    Exit codes: 0 all in order; 1 findings; 4 incomplete (chain or a log could not be read).

    \b
    Examples:
      credit-ledger audit replay --network network.json --out report.json
      credit-ledger audit replay --network network.json --mirror 110000=https://mirror.example
      credit-ledger audit replay --network network.json --openings openings --check-mirrors
    """,
)


@click.group(help=say(zh="审计。", en="For auditors."))
def audit() -> None:
    """Group; its help is above."""


audit.add_command(ask_openings)
audit.add_command(erasure)
audit.add_command(quality)
audit.add_command(reconcile)
audit.add_command(sums)


@audit.command("replay", help=_HELP)
@network_options
@mirror_option
@click.option(
    "--block",
    type=click.IntRange(min=0),
    metavar="N",
    help=say(
        zh="只到这个已最终确认的区块，便于与他人比对。",
        en="Stop at this final block, to compare with another's report.",
    ),
)
@click.option(
    "--openings",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR|FILE",
    help=say(
        zh="打开文件，或 audit openings 所存的文件夹：逐案重建并与链核对（可重复）。",
        en="Openings, or the folder that `audit openings` keeps: rebuild every case and hold it "
        "against the chain (repeatable).",
    ),
)
@click.option(
    "--lists",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh="某日名单，以及据以查漏的条目回执：与日志和链核对（可重复）。",
        en="Lists of a day, and receipts of entries that may lack there: hold them against the "
        "logs and the chain (repeatable).",
    ),
)
@click.option(
    "--calendar",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh="软件尚无的年份的工作日（同节点的 CREDIT_LEDGER_CALENDAR_FILE）。",
        en="Working days of years that this software lacks (as CREDIT_LEDGER_CALENDAR_FILE of a "
        "node).",
    ),
)
@click.option(
    "--check-mirrors",
    is_flag=True,
    help=say(
        zh="也核对各省所存的他省日志镜像。", en="Look at the copies that provinces keep, too."
    ),
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="把报告写入文件。", en="Write the report to a file."),
)
@json_option
def replay(
    *,
    network: Path,
    rpc: tuple[str, ...],
    mirror: dict[str, str],
    block: int | None,
    openings: tuple[Path, ...],
    lists: tuple[Path, ...],
    calendar: Path | None,
    check_mirrors: bool,
    out: Path | None,
    as_json: bool,
) -> int:
    """See `_HELP`."""
    demand_apart(out, network, *openings, *lists, hint="--out")
    asked = Asked(
        openings, lists, calendar, mirrors=mirror, block=block, check_mirrors=check_mirrors
    )
    report = run_replay(load_network(network, rpc), asked)
    if out is not None:
        write_file(out, report.encode())
        note(say(zh=f"报告：{out}", en=f"report: {out}"))
    if as_json:
        print_bytes(report.encode() + b"\n")
    else:
        show_report(report.document)
    return report.exit
