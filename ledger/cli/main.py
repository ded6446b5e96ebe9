"""`credit-ledger`: the group of commands. Each is imported only when it is asked for.

Exit code 2 is wrong usage everywhere. An error that nobody expected is 4 ("could not check") for
the commands whose exit code speaks of evidence: a bug of ours must not read "not authentic".
"""

import gc
import importlib
import io
import sys
import traceback
from importlib.metadata import EntryPoint, entry_points

import click

from ledger.cli import usage
from ledger.cli.language import say

usage.install()

PLUGINS = "credit_ledger.commands"
GARBAGE_AFTER = 50_000
"""New containers between two looks for cycles. What a command imports has as many as five times
that, and Python would walk through all of them again and again: a tenth of the time of a start."""
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_BROKEN = 1
EXIT_UNKNOWN = 4

_COMMANDS = {
    "answer": "ledger.cli.answer:answer",
    "audit": "ledger.cli.audit:audit",
    "auth": "ledger.cli.auth:auth",
    "case": "ledger.cli.case:case",
    "checks": "ledger.cli.checks:checks",
    "conformance": "ledger.cli.conformance:conformance",
    "consortium": "ledger.cli.moving:consortium",
    "evidence": "ledger.cli.evidence:evidence",
    "feedback": "ledger.cli.checks:feedback",
    "files": "ledger.cli.files:files",
    "govern": "ledger.cli.signing:govern",
    "history": "ledger.cli.history:history",
    "keys": "ledger.cli.annul_stolen:keys",
    "lists": "ledger.cli.lists:lists",
    "outcome": "ledger.cli.outcome:outcome",
    "product": "ledger.cli.product:product",
    "queries": "ledger.cli.queries:queries",
    "receipt": "ledger.cli.receipt:receipt",
    "report": "ledger.cli.report:report",
    "subjects": "ledger.cli.subjects:subjects",
    "record": "ledger.cli.record:record",
    "repairs": "ledger.cli.repairs:repairs",
    "submit": "ledger.cli.submit:submit",
    "templates": "ledger.cli.templates:templates",
    "usage": "ledger.cli.queries:usage",
    "use": "ledger.cli.use:use",
    "verify": "ledger.cli.verify:verify",
    "watch": "ledger.cli.watch:watch",
    "webhooks": "ledger.cli.webhooks:webhooks",
}
_EVIDENCE = frozenset(
    {
        *("answer", "audit", "conformance", "evidence", "files", "history", "lists", "receipt"),
        *("product", "record", "report", "subjects", "submit", "use", "verify"),
    }
)
_SHORT_HELP = {
    "answer": say(zh="核对一省的答复有无遗漏。", en="Did an answer leave something out?"),
    "audit": say(zh="由区块链和公开日志重建并核对一切。", en="Rebuild and check everything."),
    "auth": say(zh="主体的授权：登记、查看、撤回。", en="What subjects let others ask about them."),
    "case": say(zh="信用修复与异议。", en="Repairs and objections."),
    "checks": say(zh="批量核查多个主体。", en="Check many subjects for a matter."),
    "conformance": say(zh="核验程序的一致性测试。", en="Does a verifier say what it must?"),
    "consortium": say(zh="创建网络、迁移网络。", en="Found a network on a chain, move it."),
    "evidence": say(zh="不依赖节点的证据档案。", en="Evidence that needs no node to be checked."),
    "feedback": say(zh="反馈已采取的措施。", en="Report what was done about subjects."),
    "files": say(zh="查看报送过的文件。", en="Look at files that were handed in."),
    "gateway": say(zh="运行成员节点。", en="Run the node of a member."),
    "govern": say(zh="省市表决。", en="What the provinces decide by vote."),
    "history": say(zh="一个主体的全部历史。", en="The whole history of a subject."),
    "keys": say(zh="密钥：文件、登记、更换、终止。", en="Keys: files, rotation, revocation."),
    "lists": say(zh="某日各省合并的名单。", en="Who is on a list, of all provinces."),
    "network": say(zh="在本机启动一个完整的网络。", en="Run a whole network on this machine."),
    "outcome": say(zh="按月报送和汇总成效。", en="What was granted and lent, by month."),
    "product": say(zh="数据产品，及其是否失效。", en="Products of records; are they stale?"),
    "queries": say(zh="本节点的查询登记。", en="The log of what was asked here."),
    "receipt": say(zh="向成员节点索取回执。", en="Get receipts of records from a node."),
    "record": say(
        zh="记录的状态，及其归属成员的决定。", en="Status of a record; its owner's decisions."
    ),
    "repairs": say(zh="哪些记录现在可以申请修复。", en="Which records may be repaired by now."),
    "report": say(zh="专项信用报告。", en="Special credit reports."),
    "subjects": say(
        zh="查找一码多名、一名多码的主体。", en="Find subjects with two names or codes."
    ),
    "submit": say(zh="向成员节点报送文件。", en="Send a file of records to a node."),
    "templates": say(zh="写出空白的报送表。", en="Blank workbooks to fill in."),
    "usage": say(zh="本成员的记录被如何使用。", en="What became of records of ours."),
    "use": say(zh="向各省查询一个主体。", en="Ask all provinces about a subject."),
    "verify": say(zh="核验回执：记录今天能否使用？", en="May this record be used today?"),
    "watch": say(zh="持续显示记录状态的变化。", en="Show statuses as they change."),
    "webhooks": say(
        zh="把变化发送到您的程序（网络回调）。", en="Have changes sent to a program of yours."
    ),
}


class Commands(click.Group):
    """Commands of this package and, by entry point, those of `credit-record-ledger[gateway]`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*_COMMANDS, *(point.name for point in _plugins())})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _COMMANDS:
            module, _, name = _COMMANDS[cmd_name].partition(":")
            return _command(getattr(importlib.import_module(module), name))
        for point in _plugins():
            if point.name == cmd_name:
                return _load(point)
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Without importing any: the overview must not be slow."""
        rows = [(name, _SHORT_HELP.get(name, "")) for name in self.list_commands(ctx)]
        with formatter.section(say(zh="命令", en="Commands")):
            formatter.write_dl(rows)


def _plugins() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=PLUGINS))


def _load(point: EntryPoint) -> click.Command:
    try:
        return _command(point.load())
    except ImportError as error:
        raise click.ClickException(
            say(
                zh=f"命令 {point.name} 需要安装 credit-record-ledger[gateway]（{error}）。",
                en=f"{point.name} needs `credit-record-ledger[gateway]` installed ({error}).",
            )
        ) from error


def _command(found: object) -> click.Command:
    if not isinstance(found, click.Command):
        raise TypeError(f"{found!r} is no command")
    return found


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help=say(
        zh="""京津冀晋信用记录交换账本。

        \b
        银行    credit-ledger use 统一社会信用代码 --purpose pre-loan --to http://127.0.0.1:8551
        银行    credit-ledger verify 回执.json --network network.json --subject 统一社会信用代码
        部门    credit-ledger submit 处罚.xlsx --to http://127.0.0.1:8546
        窗口    credit-ledger case file 记录 --kind repair --reason 已缴清 --doc 缴款书.pdf --to URL
        审计    credit-ledger audit replay --network network.json
        """,
        en="""The ledger on which provinces exchange credit records.

        \b
        bank        credit-ledger use USCC --purpose pre-loan --to http://127.0.0.1:8551
        bank        credit-ledger verify receipt.json --network network.json --subject USCC
        department  credit-ledger submit penalties.xlsx --to http://127.0.0.1:8546
        counter     credit-ledger case file RECORD --kind repair --reason paid --doc a.pdf --to URL
        auditor     credit-ledger audit replay --network network.json
        """,
    ),
)
@click.version_option(package_name="credit-record-ledger", prog_name="credit-ledger")
def cli() -> None:
    """The root; its help is above."""


def main() -> None:
    """Entry point of the `credit-ledger` script."""
    gc.set_threshold(GARBAGE_AFTER, 20, 20)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Chinese is no failure
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; the exit code. Never raises."""
    evidence = bool(_EVIDENCE & set(arguments[:1]))
    try:
        code = cli.main(args=arguments, prog_name="credit-ledger", standalone_mode=False)
        # A command of evidence that gives no code has forgotten it: that is no valid receipt.
        return code if isinstance(code, int) else EXIT_UNKNOWN * evidence
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(say(zh="已中断。", en="Interrupted."), err=True)
        return EXIT_INTERRUPTED
    except SystemExit:  # so click and rich end where whoever read our output has gone away
        return EXIT_UNKNOWN if evidence else EXIT_BROKEN
    except Exception:
        traceback.print_exc()
        return EXIT_UNKNOWN if evidence else EXIT_BROKEN


if __name__ == "__main__":
    main()
