"""`credit-ledger audit`: replay the ledger, as any auditor can."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.audit_sums import sums
from ledger.cli.certificate import erasure
from ledger.cli.comparing import compare
from ledger.cli.draw import draw
from ledger.cli.language import language, say
from ledger.cli.monitor import monitor
from ledger.cli.openings import openings as ask_openings
from ledger.cli.options import (
    json_option,
    load_network,
    network_options,
    passwords_option,
    private_option,
    production,
)
from ledger.cli.output import demand_apart, demand_writable, note, print_bytes, write_file
from ledger.cli.promise import promise
from ledger.cli.quality import quality
from ledger.cli.reconcile import reconcile
from ledger.cli.replay_tables import show_report
from ledger.cli.replaying import Asked, BlockOrDay, mirror_option, run_replay
from ledger.cli.report_signature import Signing, signature, signature_path

if TYPE_CHECKING:
    from ledger.chain.nodes.addresses import Network

_HELP = say(
    zh="""由区块链事件和公开日志重建成员、密钥、目录和全部日志，逐一核对。

    任何人在任何机器上重放同一区块，得到逐字节相同的报告。
    有开启件（--openings）时，还打开全部声明，重建每个案件、授权、查询、使用、产品和成效并与链
    核对；文件夹中也可放成员交来的答复、证据包、产品清单和公布的汇总。
    --html 把同一报告写成可打印、不联网的网页，中英文各一份，供不用命令行的人阅读。
    给出 --resume 的重放可随时中断，再次运行即从停下的地方继续；--sign 由审计成员在旁签名。
    退出码：0 全部无误；1 有问题；4 不完整（链或某成员的日志读不到）。

    \b
    示例：
      credit-ledger audit replay --network network.json --out report.json --html report.html
      credit-ledger audit replay --network network.json --mirror 110000=https://mirror.example
      credit-ledger audit replay --network network.json --openings openings --check-mirrors
      credit-ledger audit replay --network network.json --to 2026-11-30 --resume kept -o report.json
    """,
    en="""Rebuild members, keys, catalogue and every log from the chain's events and the public
    logs, and checks all of it.

    Whoever replays the same block, on whatever machine, gets the same report, byte for byte.
    With openings every statement is opened and every case, authorisation, query, use, product and
    outcome rebuilt and held against the chain; beside them may lie answers, bundles, manifests and
    published sums that members handed over.
    With --html the same report is a page for people: to be printed, in both languages, in one file
    that loads nothing. With --resume it can be stopped and goes on where it was; with --sign an
    auditor signs beside it.
    Exit codes: 0 all in order; 1 findings; 4 incomplete (chain or a log could not be read).

    \b
    Examples:
      credit-ledger audit replay --network network.json --out report.json --html report.html
      credit-ledger audit replay --network network.json --mirror 110000=https://mirror.example
      credit-ledger audit replay --network network.json --openings openings --check-mirrors
      credit-ledger audit replay --network network.json --to 2026-11-30 --resume kept -o report.json
    """,
)


@click.group(help=say(zh="审计。", en="For auditors."))
def audit() -> None:
    """Group; its help is above."""


audit.add_command(ask_openings)
audit.add_command(compare)
audit.add_command(draw)
audit.add_command(erasure)
audit.add_command(monitor)
audit.add_command(promise)
audit.add_command(quality)
audit.add_command(reconcile)
audit.add_command(signature)
audit.add_command(sums)


@audit.command("replay", help=_HELP)
@network_options
@mirror_option
@click.option(
    "--to",
    "--block",
    type=BlockOrDay(),
    metavar="BLOCK|DATE",
    help=say(
        zh="只到这个已最终确认的区块，或这一日（北京时间）的最后一个，便于与他人比对；"
        "也可写作 --block。",
        en="Stop at this final block, or at the last one of this day in China, to compare with "
        "another's report (--block means the same).",
    ),
)
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(
        zh="把读过的内容存入此文件夹；中断后以同样的参数再运行，从停下的地方继续，报告逐字节相同。",
        en="Keep what was read in this folder; stopped, and started again in the same words, the "
        "replay goes on where it was, to the same bytes.",
    ),
)
@click.option(
    "--openings",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="DIR|FILE",
    help=say(
        zh="开启件，或 audit openings 所存的文件夹：逐案重建并与链核对（可重复）。",
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
    "--draws",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(
        zh="audit draw 所存的文件夹：重抽并与 --openings 中的答复核对（可重复）。",
        en="A folder that `audit draw` keeps: draw anew, and hold it against the answers among "
        "--openings (repeatable).",
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
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="把报告写入文件。", en="Write the report to a file."),
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(
        zh="把报告写成网页：问题在前，一个文件，不需要网络和脚本。",
        en="Write the report as a page: findings first, in one file without scripts.",
    ),
)
@click.option(
    "--lang",
    type=click.Choice(["zh", "en", "both"]),
    default="both",
    show_default=True,
    help=say(
        zh="网页的语言；both：两种语言在一个文件中切换。",
        en="Language of the page; both: a switch between them in the file.",
    ),
)
@click.option(
    "--gas",
    is_flag=True,
    help=say(
        zh="也统计各成员交易的用量（每笔多一次查询）。",
        en="Count what transactions of members cost, too (one more question each).",
    ),
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help=say(
        zh="同时读取几个日志，各用一个进程；报告逐字节相同。",
        en="How many logs are read side by side, each in a process; the bytes stay the same.",
    ),
)
@private_option
@click.option(
    "--sign",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="KEYFILE",
    help=say(
        zh="以审计成员的 PRESENT 密钥签署报告：签名写在 --out 的文件旁（.sig），报告本身不变。",
        en="Sign the report with the PRESENT key of an auditor: beside the file of --out (.sig), "
        "so that the report stays the same.",
    ),
)
@click.option(
    "--member",
    metavar="CODE",
    help=say(
        zh="签名者；仅在几个审计成员登记了同一密钥时需要。",
        en="Who signs; needed only where several auditors have registered that key.",
    ),
)
@passwords_option()
@json_option
def replay(
    *,
    network: Path,
    rpc: tuple[str, ...],
    mirror: dict[str, str],
    to: int | date | None,
    resume: Path | None,
    openings: tuple[Path, ...],
    lists: tuple[Path, ...],
    draws: tuple[Path, ...],
    calendar: Path | None,
    check_mirrors: bool,
    out: Path | None,
    html: Path | None,
    lang: str,
    gas: bool,
    processes: int,
    private: list[Network],
    sign: Path | None,
    member: str | None,
    password_files: tuple[Path, ...],
    as_json: bool,
) -> int:
    """See `_HELP`."""
    inputs = (network, *openings, *lists, *draws, calendar, resume, sign, *password_files)
    _demand_places(out, html, sign, inputs)
    demand_apart(resume, *openings, *draws, hint="--resume")
    asked = Asked(
        openings=openings,
        lists=lists,
        draws=draws,
        calendar=calendar,
        mirrors=mirror,
        to=to,
        check_mirrors=check_mirrors,
        gas=gas,
        resume=resume,
        processes=processes,
        private=private if production() or private else None,
        signing=None if sign is None else Signing(sign, password_files, member),
    )
    known = load_network(network, rpc)
    report = run_replay(known, asked)
    if out is not None:
        write_file(out, report.pieces())
        note(say(zh=f"报告：{out}", en=f"report: {out}"))
        if asked.signing is not None:
            asked.signing.write(known, out, report)
    if html is not None:
        write_file(html, _page(report.encode(), lang))
        note(say(zh=f"网页：{html}", en=f"page: {html}"))
    if as_json:
        print_bytes((*report.pieces(), b"\n"))
    else:
        show_report(report.told)
    return report.exit


def _demand_places(
    out: Path | None, html: Path | None, sign: Path | None, inputs: Iterable[Path | None]
) -> None:
    """BadParameter where a result cannot be written, lies among what is read, or would be one file
    with another: before anything is read."""
    if sign is not None and out is None:
        text = say(zh="--sign 须与 --out 同用", en="--sign needs --out, beside which it lies")
        raise click.UsageError(text)
    signed = signature_path(out) if sign and out else None
    seen: dict[Path, str] = {}
    for path, hint in ((out, "--out"), (html, "--html"), (signed, "--sign")):
        if path is None:
            continue
        demand_apart(path, *inputs, hint=hint)
        demand_writable(path, hint=hint)
        if (first := seen.setdefault(path.resolve(), hint)) != hint:
            text = say(zh=f"须与 {first} 是两个文件", en=f"must be another file than {first}")
            raise click.BadParameter(text, param_hint=hint)


def _page(report: bytes, lang: str) -> bytes:
    """The page of a report. lang: one of the two, or both."""
    from ledger.audit.page import page  # noqa: PLC0415 - `--help` need not wait for it
    from ledger.audit.page_speaker import LANGUAGES  # noqa: PLC0415
    from ledger.audit.report_file import read_report  # noqa: PLC0415

    chosen = [one for one in LANGUAGES if lang in (one, "both")]
    return page(read_report(report), languages=chosen, first=language())
