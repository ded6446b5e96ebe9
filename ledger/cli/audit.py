"""`credit-ledger audit`: replay the ledger, as any auditor can."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.certificate import erasure
from ledger.cli.language import pick, say
from ledger.cli.openings import openings as ask_openings
from ledger.cli.options import json_option, load_network, local_clock, network_options
from ledger.cli.output import Unknown, demand_apart, note, print_bytes, write_file
from ledger.cli.problems import told as told_problem
from ledger.cli.progress import bars
from ledger.cli.quality import quality
from ledger.cli.reconcile import reconcile
from ledger.cli.tables import show_report
from ledger.core.day_list import MAX_FILE
from ledger.core.errors import ConfigError, CouldNotCheck
from ledger.core.verdict.verdict import note_text

if TYPE_CHECKING:
    from ledger.audit.listed import Beside
    from ledger.audit.replay import Report
    from ledger.chain.network import NetworkFile
    from ledger.chain.nodes.quorum import QuorumReader
    from ledger.core.verdict.facts import Note

_HELP = say(
    zh="""由区块链事件和公开日志重建成员、密钥、目录和全部日志，逐一核对。

    任何人在任何机器上重放同一区块，得到逐字节相同的报告。
    有打开文件（--openings）时，还打开全部陈述，重建每个案件并与链核对。
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
    With openings every statement is opened and every case rebuilt and held against the chain.
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


@audit.command("replay", help=_HELP)
@network_options
@click.option(
    "--mirror",
    multiple=True,
    metavar="CODE=URL",
    help=say(
        zh="从别处读取某成员的日志（可重复）。", en="Read a member's logs there (repeatable)."
    ),
)
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
    mirror: tuple[str, ...],
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
    mirrors = dict(_mirror(text) for text in mirror)
    asked = _Asked(
        openings, lists, calendar, mirrors=mirrors, block=block, check_mirrors=check_mirrors
    )
    report = _run(load_network(network, rpc), asked)
    if out is not None:
        write_file(out, report.encode())
        note(say(zh=f"报告：{out}", en=f"report: {out}"))
    if as_json:
        print_bytes(report.encode() + b"\n")
    else:
        show_report(report.document)
    return report.exit


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be replayed, and how."""

    openings: tuple[Path, ...]
    lists: tuple[Path, ...]
    calendar: Path | None
    mirrors: dict[str, str]
    block: int | None
    check_mirrors: bool


def _run(network: NetworkFile, asked: _Asked) -> Report:
    from ledger.audit.opening_files import NotOpenings, OpeningFiles  # noqa: PLC0415 - see `--help`
    from ledger.audit.replay import replay as run  # noqa: PLC0415
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415
    from ledger.records.calendar import Calendar  # noqa: PLC0415

    reader = QuorumReader(network, now=local_clock(), on_note=show_note)
    try:
        with bars() as shown:
            task = shown.add_task(say(zh="重放", en="replaying"), total=None)

            def progress(log: str, done: int, size: int) -> None:
                shown.update(task, completed=done, total=size, description=log[:12])

            return run(
                network,
                reader=reader,
                mirrors=asked.mirrors,
                to_block=asked.block,
                progress=progress,
                told=show_mirror,
                openings=OpeningFiles(asked.openings) if asked.openings else None,
                calendar=Calendar.load(asked.calendar),
                check_mirrors=asked.check_mirrors,
                beside=_lists(network, reader, asked.lists),
            )
    except NotOpenings as error:
        raise click.BadParameter(str(error), param_hint="--openings") from error
    except ConfigError as error:
        raise click.BadParameter(told_problem(error), param_hint="--calendar") from error
    except CouldNotCheck as error:
        text = say(zh="无法读取区块链", en="the chain could not be read")
        raise Unknown(f"{text}: {error}") from error
    finally:
        reader.close()


def _lists(network: NetworkFile, reader: QuorumReader, paths: tuple[Path, ...]) -> Beside | None:
    """What holds these files against the replay; None where there are none."""
    if not paths:
        return None
    from ledger.files.list_audit import ListAudit, NotLists  # noqa: PLC0415 - see `--help`
    from ledger.verify import Verifier  # noqa: PLC0415

    verifier = Verifier(network, reader=reader, now=local_clock())
    try:
        return ListAudit(verifier, {str(path): _bytes(path) for path in paths})
    except NotLists as error:
        raise click.BadParameter(str(error), param_hint="--lists") from error


def _bytes(path: Path) -> bytes:
    """A file; of one that is too long for any list so much that it is seen."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint="--lists") from error


def show_note(told: Note) -> None:
    """Something about a node, on stderr; the report is the same without."""
    note(pick(note_text(told)))


def show_mirror(log: str, member: str) -> None:
    """Whose copy of a log was read, on stderr; the report is the same without."""
    note(
        say(
            zh=f"日志 {log[:12]} 的成员没有提供全部内容，已改读成员 {member} 的镜像",
            en=f"log {log[:12]}: its member does not serve all of it, read from the mirror of"
            f" {member}",
        )
    )


def _mirror(text: str) -> tuple[str, str]:
    from ledger.audit.tiles import is_plain_url  # noqa: PLC0415 - `--help` need not wait for it

    code, _, url = text.partition("=")
    if not code or not is_plain_url(url):
        wanted = say(zh="应为 CODE=URL", en="must be CODE=URL")
        raise click.BadParameter(f"{text}: {wanted}", param_hint="--mirror")
    return code, url
