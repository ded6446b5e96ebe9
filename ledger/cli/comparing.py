"""`credit-ledger audit compare`: two reports of replays held against each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.language import language, pick, say
from ledger.cli.options import json_option
from ledger.cli.output import print_json
from ledger.cli.tables import plain, stdout

if TYPE_CHECKING:
    from ledger.audit.compare import Comparison
    from ledger.audit.report_file import ReportFile

_MOST = 50  # lines of each sort that are shown; `--json` has more
_STYLES = {0: "bold green", 1: "bold red", 4: "bold yellow"}

_HELP = say(
    zh="""比对两份审计报告：不同日期的，或不同审计方的。

    A、B 是 audit replay --out 写出的报告，先后不限：较早的列为 A。链上内容在同一区块必须一致，
    此后也只增不减；不一致的列为分歧，须有人说明。其余列出新增、消失、证据有变化的问题和变化的数字。
    不联网，不需要 network.json。
    退出码：0 相同（或没有可列的变化）；1 有不同；2 不是报告，或属于不同网络；4 其中一份不完整，
    不能断定。

    \b
    示例：
      credit-ledger audit compare monday.json tuesday.json
      credit-ledger audit compare ours.json theirs.json --json
    """,
    en="""Hold two reports against each other: of two days, or of two auditors.

    A and B are reports that `audit replay --out` wrote, in any order: the earlier one is A. What is
    on the chain is the same at one block, and afterwards only grows; where two reports do not agree
    in that, it is a divergence that somebody must answer for. Beside that, findings that are new,
    gone or have other evidence, and figures that changed. Needs neither network nor network.json.
    Exit codes: 0 the same, or nothing changed that is told; 1 they differ; 2 no reports, or of two
    networks; 4 one of them is incomplete, so it cannot be told.

    \b
    Examples:
      credit-ledger audit compare monday.json tuesday.json
      credit-ledger audit compare ours.json theirs.json --json
    """,
)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("compare", help=_HELP)
@click.argument("first", type=_file, metavar="A")
@click.argument("second", type=_file, metavar="B")
@json_option
def compare(*, first: Path, second: Path, as_json: bool) -> int:
    """See `_HELP`."""
    from ledger.audit.compare import OtherNetwork  # noqa: PLC0415 - see `--help`
    from ledger.audit.compare import compare as run  # noqa: PLC0415
    from ledger.audit.compare_words import COMPARED  # noqa: PLC0415

    try:
        found = run(read_report_file(first, "A"), read_report_file(second, "B"))
    except OtherNetwork as error:
        told = f"{pick(COMPARED['other-network'])}: {error}"
        raise click.BadParameter(told, param_hint="B") from error
    if as_json:
        print_json(found.as_dict())
    else:
        _show(found)
    return found.exit


def read_report_file(path: Path, hint: str) -> ReportFile:
    """A report. Raises BadParameter where it is none."""
    from ledger.audit.report_file import MAX_REPORT, NotAReport, read_report  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            return read_report(file.read(MAX_REPORT + 1))
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint=hint) from error
    except NotAReport as error:
        told = say(
            zh="不是 audit replay --out 写出的报告（须原样，未经改写）",
            en="not a report as `audit replay --out` wrote it (byte for byte)",
        )
        raise click.BadParameter(f"{path}: {told}: {error}", param_hint=hint) from error


def _show(found: Comparison) -> None:
    """What they are, then what diverges, then what is new, gone and changed."""
    from ledger.audit.compare_words import BESIDE, COMPARED, RELATIONS  # noqa: PLC0415

    console = stdout()
    console.print(plain(pick(RELATIONS[found.relation]), _STYLES[found.exit]))
    if found.swapped:
        console.print(plain(pick(COMPARED["swapped"])))
    if found.uncertain:
        console.print(plain(pick(COMPARED["uncertain"]), "bold yellow"))
    for name, side in found.beside.items():
        told = pick(COMPARED["only"]).format(side=side.upper(), what=pick(BESIDE[name]))
        console.print(plain(told))
    _lines(pick(COMPARED["divergences"]), [_divergence(one) for one in found.divergences], "red")
    for name in ("new", "gone", "changed"):
        _lines(pick(COMPARED[name]), [_finding(one) for one in getattr(found, name)])
    console.print(plain(pick(COMPARED["same"]).format(count=found.same)))
    _lines(pick(COMPARED["figures"]), [_figure(one) for one in found.figures])


def _lines(title: str, lines: Iterable[str], style: str = "") -> None:
    from ledger.audit.compare_words import COMPARED  # noqa: PLC0415

    console, kept = stdout(), list(lines)
    if not kept:
        return
    console.print(plain(f"{title} ({len(kept)})", f"bold {style}".strip()))
    for line in kept[:_MOST]:
        console.print(plain(f"  {line}"))
    if len(kept) > _MOST:
        console.print(plain(f"  {pick(COMPARED['more']).format(count=len(kept) - _MOST)}"))


def _divergence(one: Any) -> str:
    told = one.as_dict()
    return (
        f"[{told['code']}] {pick(told['message'])} {told['where']} {told['member']}: "
        f"A {told['a'] or '-'} | B {told['b'] or '-'}. {pick(told['remedy'])}"
    )


def _finding(one: dict[str, Any]) -> str:
    evidence = ", ".join(f"{name} {value}" for name, value in one["evidence"].items())
    return f"[{one['code']}] {one['member']} {one['where']}: {pick(one['message'])} {evidence}"


def _figure(one: dict[str, Any]) -> str:
    from ledger.audit.compare_page import figure_words  # noqa: PLC0415 - see `--help`

    whose = f" {one['member']}" if one["member"] else ""
    return f"{figure_words(one['figure'], language())}{whose}: {one['a']} → {one['b']}"
