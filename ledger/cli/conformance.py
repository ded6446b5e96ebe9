"""`credit-ledger conformance`: does a verifier say what it must say?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.language import pick, say
from ledger.cli.options import json_option
from ledger.cli.output import EXIT_NO, Unknown, harmless, note, print_json, shown_path
from ledger.core.errors import ConfigError

if TYPE_CHECKING:  # `--help` need not wait for what judges
    from ledger.conformance.answers import NoAnswer
    from ledger.conformance.runner import Finding, Report

_DEADLINE = 30.0
_PROBLEMS = {
    "ended": ("程序中途结束", "the command ended"),
    "hung": ("程序没有作答", "the command did not answer"),
    "garbage": ("答复不是一行裁决", "the answer is no line with a verdict"),
    "other-case": ("答的是另一个用例", "the answer is to another case"),
    "gone": ("程序失败次数过多，不再启动", "the command failed too often and is not started again"),
    "broken": ("程序无法启动", "the command could not be started"),
}


@click.group(
    help=say(
        zh="一致性测试：核验程序的裁决是否正确。",
        en="The conformance suite: does a verifier say what it must say?",
    ),
)
def conformance() -> None:
    """Group; its help is above."""


@conformance.command(
    "run",
    help=say(
        zh="""对随本软件发布的全部用例运行一个核验程序：缺省为本软件自己的，或任何逐行作答的命令
        （行的格式见导出文件中的 README.md 第 4 节）。无需网络，无需区块链。

        \b
        示例：
          credit-ledger conformance run
          credit-ledger conformance run --command "python3 mine.py" --json

        退出码：0 全部一致 · 1 有不一致 · 4 无法运行
        """,
        en="""Put all cases that come with this software to a verifier: our own, or any command that
        answers line by line (section 4 of the README.md among the exported files says how). It
        needs neither network nor chain.

        \b
        Examples:
          credit-ledger conformance run
          credit-ledger conformance run --command "python3 mine.py" --json

        Exit codes: 0 all agree · 1 some do not · 4 it could not be run
        """,
    ),
)
@click.option(
    "--command",
    "command",
    metavar="CMD",
    help=say(zh="核验程序的命令；缺省为本软件。", en="The verifier; by default our own."),
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="G",
    help=say(zh="只运行此组（可重复）。", en="Cases of this group alone (repeatable)."),
)
@click.option(
    "--deadline",
    type=click.FloatRange(min=0.1, max=3600),
    default=_DEADLINE,
    show_default=True,
    metavar="S",
    help=say(zh="每个用例的秒数。", en="Seconds for each case."),
)
@json_option
def run(*, command: str | None, groups: tuple[str, ...], deadline: float, as_json: bool) -> int:
    """See its help."""
    report = _run(command, groups, deadline)
    if as_json:
        print_json(report.as_dict())
    else:
        for finding in report.findings:
            _show(finding)
        agreed, cases = report.agreed, report.cases
        note(say(zh=f"{cases} 个用例，{agreed} 个一致", en=f"{agreed} of {cases} cases agree"))
    return EXIT_NO if report.findings else 0


@conformance.command(
    "export",
    help=say(
        zh="""把全部用例、证据文件与说明写入一个新的（或空的）目录，供他人的程序使用。

        \b
        示例：credit-ledger conformance export ./conformance

        退出码：0 已写出 · 4 无法写出
        """,
        en="""Write all cases, their evidence and how to use them into a folder that is new or
        empty, for anybody's program.

        \b
        Example: credit-ledger conformance export ./conformance

        Exit codes: 0 written · 4 could not be written
        """,
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def export(*, folder: Path) -> int:
    """See its help."""
    from ledger.conformance.export import export as write  # noqa: PLC0415
    from ledger.conformance.suite import packaged  # noqa: PLC0415

    try:
        count = write(packaged(), folder)
    except ConfigError as error:
        raise Unknown(error.problem) from error
    where = shown_path(folder)
    note(say(zh=f"已写入 {where}：{count} 个文件", en=f"wrote {count} files into {where}"))
    return 0


def _run(command: str | None, groups: tuple[str, ...], deadline: float) -> Report:
    from ledger.cli.progress import bars  # noqa: PLC0415
    from ledger.conformance.answers import NoAnswer  # noqa: PLC0415
    from ledger.conformance.judges import Ours  # noqa: PLC0415
    from ledger.conformance.lines import Command  # noqa: PLC0415
    from ledger.conformance.runner import run as put  # noqa: PLC0415
    from ledger.conformance.suite import packaged  # noqa: PLC0415

    try:
        suite = packaged()
        unknown = sorted(set(groups) - set(suite.groups))
        if unknown:
            known = ", ".join(sorted(suite.groups))
            text = say(zh=f"没有此组；有 {known}", en=f"no such group; there are {known}")
            raise click.BadParameter(f"{', '.join(unknown)}: {text}", param_hint="--group")
        verifier = Ours(suite) if command is None else Command(command, suite, deadline=deadline)
    except ConfigError as error:
        raise Unknown(error.problem) from error
    except ValueError as error:  # quotation marks that nobody closed
        raise click.BadParameter(str(error), param_hint="--command") from error
    cases = suite.of(groups)
    try:
        with bars() as progress:
            task = progress.add_task("", total=len(cases))
            report = put(cases, verifier, lambda done, _: progress.update(task, completed=done))
    finally:
        verifier.close()
    for finding in report.findings:
        if isinstance(finding.said, NoAnswer) and finding.said.code == "broken":
            raise Unknown(f"{_problem(finding.said)}: {finding.said.detail}")
    return report


def _show(finding: Finding) -> None:
    from ledger.conformance.answers import Answer  # noqa: PLC0415

    case, said = finding.case, finding.said
    wanted = _verdicts(case.verdict, case.now)
    if isinstance(said, Answer):
        now = None if case.now is None else said.now or "-"
        found = _verdicts(said.verdict or "-", now)
    else:
        found = f"{_problem(said)} [{said.code}] {said.detail}"
    click.echo(
        harmless(
            say(
                zh=f"{case.name}：应为 {wanted}，得到 {found}（{pick(case.reason)}）",
                en=f"{case.name}: {wanted} expected, got {found} ({pick(case.reason)})",
            )
        )
    )


def _verdicts(verdict: str, now: str | None) -> str:
    return verdict if now is None else f"{verdict} / {now}"


def _problem(said: NoAnswer) -> str:
    zh, en = _PROBLEMS[said.code]
    return say(zh=zh, en=en)
