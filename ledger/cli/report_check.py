"""`credit-ledger report check | object`: what somebody with a report does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.case_parts import doc_option, send
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, load_network, local_clock, node_options
from ledger.cli.output import Refused, Unknown, note, print_json
from ledger.cli.problems import told as told_problem
from ledger.cli.verify import library_of
from ledger.core import receipt as receipts
from ledger.core.canonical import hex32
from ledger.core.errors import CouldNotCheck, EvidenceError, VersionUnknown
from ledger.core.receipt import Receipt
from ledger.core.report_content import is_number
from ledger.files.report_lines import line_at
from ledger.files.reports import MAX_FILE, parse_report

if TYPE_CHECKING:
    from ledger.files.report_check import ReportVerdict

_OK, _ELSEWHERE = 200, 421
_EXITS = {"genuine": 0, "changed-since": 3, "unknown": 1}


@click.command(
    help=say(
        zh="""核验专项信用报告：有 PDF 的给出文件，只依据区块链；只有编号和核验码的，问其出具机构，
        只回答真实、此后有变化或不知道，不给出内容。问到的节点不是出具机构时，转问出具机构。

        附件中只有承诺、且承诺已到期的，用 --to 向任一节点取得回执后再核验。

        \b
        示例：
          credit-ledger report check 报告.pdf --network network.json
          credit-ledger report check 110000-20261130-K7M2P9QXRTM A2B3C4D5 --to URL

        退出码：0 真实 · 3 真实但此后有变化或已过有效期 · 1 不真实 · 4 无法核验
        """,
        en="""Check a special credit report: a PDF by the chain alone; a number with its code by
        asking whoever made it, who says genuine, changed since or unknown, and nothing of its
        content. A node that did not make it says who did, who is asked then.

        Of a PDF with a promise alone that is past its time `--to` gets the receipt of any node.

        \b
        Examples:
          credit-ledger report check report.pdf --network network.json
          credit-ledger report check 110000-20261130-K7M2P9QXRTM A2B3C4D5 --to URL

        Exit codes: 0 genuine · 3 changed since, or past its day · 1 not genuine · 4 not checked
        """,
    )
)
@click.argument("target", metavar="FILE|NUMBER")
@click.argument("code", required=False, metavar="[CODE]")
@click.option(
    "--network",
    envvar="CREDIT_LEDGER_NETWORK",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="网络文件：信任的根。", en="The network file, root of all trust."),
)
@click.option("--rpc", multiple=True, metavar="URL", help=say(zh="链节点。", en="Nodes to ask."))
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(
        zh="另有模式、规则和领域清单文件的文件夹。",
        en="A folder with schemas, rules and lists of fields beside those of the program.",
    ),
)
@click.option("--to", "url", metavar="URL", help=say(zh="节点。", en="The node."))
@click.option(
    "--token",
    metavar="T",
    help=say(
        zh="窗口的令牌（任一权限）：按令牌而不按网址计次；只交给 --to 所指的节点。",
        en="A counter's token, of any scope: counted by it and not by address; for --to alone.",
    ),
)
@json_option
def check(
    *,
    target: str,
    code: str | None,
    network: Path | None,
    rpc: tuple[str, ...],
    schemas: Path | None,
    url: str | None,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    if code is not None:
        if url is None:
            raise click.UsageError(say(zh="--to：须指明节点", en="--to: name a node"))
        return _ask(target, code, url, token, as_json=as_json)
    if is_number(target) and not Path(target).exists():
        raise click.UsageError(say(zh="编号须与核验码同给", en="a number goes with its code"))
    if network is None:
        message = say(zh="核验 PDF 须给出网络文件", en="a PDF is checked with a network file")
        raise click.UsageError(f"--network: {message}")
    found = _verify(_read(Path(target)), network, rpc, schemas, url)
    if as_json:
        print_json(found.as_dict())
    else:
        from ledger.cli.report_tables import show_report  # noqa: PLC0415 - rich is slow

        show_report(Path(target).name, found.as_dict(), found.exit)
    return found.exit


@click.command(
    "object",
    help=say(
        zh="""对报告中的一条提出异议：按行号取出记录，向本节点登记，同 case file
        --kind objection。记录属于别的省份时，由本节点转交；受理后该记录即标注异议。

        \b
        示例：
          credit-ledger report object 报告.pdf 2 --reason 已缴清 --doc 缴款书.pdf --to URL

        退出码：0 已登记 · 1 不予登记，或文件不是报告 · 4 无法连接
        """,
        en="""Object to a line of a report: its record, by the number of the line, is filed at one's
        own node (as `case file --kind objection`). One of another province is handed on; the record
        is then marked as disputed.

        \b
        Example:
          credit-ledger report object report.pdf 2 --reason paid --doc a.pdf --to URL

        Exit codes: 0 filed · 1 refused, or the file is no report · 4 unreachable
        """,
    ),
)
@click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.argument("line", metavar="LINE", type=click.IntRange(1))
@click.option("--reason", required=True, metavar="TEXT", help=say(zh="理由。", en="Why."))
@click.option(
    "--authority",
    metavar="USCC",
    help=say(
        zh="认定单位；缺省为报告的回执所载。",
        en="Who determined it; by default as the receipt in the report has it.",
    ),
)
@doc_option
@node_options
@json_option
def object_(
    *,
    file: Path,
    line: int,
    reason: str,
    authority: str | None,
    docs: tuple[Path, ...],
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    record, unit = _record(_read(file), line)
    filing = {
        "record": record,
        "kind": "objection",
        "reason": reason,
        "authority": authority or unit,
    }
    with Node(url, token) as node:
        told = send(node, "/v1/cases", filing, docs)
    if as_json:
        print_json(told)
    else:
        click.echo(told["case"])
        note(say(zh=f"办理期限：{told['deadline']}", en=f"deadline: {told['deadline']}"))
    return 0


def _ask(number: str, code: str, url: str, token: str | None, *, as_json: bool) -> int:
    body = {"number": number, "code": code}
    with Node(url, token) as node:
        answer = node.post("/v1/report-checks", json=body)
    if answer.status == _ELSEWHERE:
        told = answer.json()
        there = told.get("endpoint")
        if not isinstance(there, str):
            raise Unknown(answer.problem())
        note(say(zh=f"由成员 {told['issuer']} 出具，转问", en=f"made by {told['issuer']}, asked"))
        with Node(there, None, foreign=True) as node:
            answer = node.post("/v1/report-checks", json=body)
    if answer.status != _OK:
        raise Unknown(answer.problem())
    state = answer.json().get("state")
    if state not in _EXITS:
        raise Unknown(say(zh="节点的回答无法理解。", en="The node's answer makes no sense."))
    if as_json:
        print_json({"number": number, "state": state})
    else:
        from ledger.cli.report_tables import headline  # noqa: PLC0415 - rich is slow

        headline(state)
    return _EXITS[state]


def _verify(
    data: bytes, network: Path, rpc: tuple[str, ...], schemas: Path | None, url: str | None
) -> ReportVerdict:
    """The verdict on a PDF; of one that holds an overdue promise with the receipt that a node
    has."""
    from ledger.files.report_check import verify_report  # noqa: PLC0415 - with it only
    from ledger.verify import Verifier  # noqa: PLC0415

    verifier = Verifier(load_network(network, rpc), schemas=library_of(schemas), now=local_clock())
    try:
        found = verify_report(verifier, data)
        overdue = any(one.code == "report-overdue" for one in found.problems)
        if overdue and url is not None and found.file is not None:
            leaf = hex32(found.file.opening.leaf)
            return verify_report(verifier, data, receipt=_receipt(url, leaf))
        return found
    finally:
        verifier.close()


def _receipt(url: str, leaf: str) -> Receipt:
    """The receipt of an entry, which anybody is given. Whatever it is, it is checked."""
    with Node(url, None) as node:
        data = expect(node.get(f"/v1/receipts/{leaf}"), _OK).body
    try:
        return receipts.parse(data)
    except (EvidenceError, VersionUnknown) as error:
        raise Unknown(str(error)) from error


def _record(data: bytes, line: int) -> tuple[str, str | None]:
    """The id of the record of a line, and USCC of its authority where its receipt shows it: the
    node need not be told of it, for others. Nothing is verified: whoever takes the objection
    looks."""
    try:
        texts: Any = parse_report(data).receipts
        found = line_at(texts, line, library_of(None))
        if found is None:
            count = len(texts)
            raise Refused(
                say(
                    zh=f"报告没有这一条；共有 {count} 条，从 1 起编号",
                    en=f"the report has no such line; it has {count}, counted from 1",
                )
            )
        return found
    except (EvidenceError, VersionUnknown) as error:
        raise Refused(told_problem(error)) from error
    except CouldNotCheck as error:
        raise Unknown(str(error)) from error


def _read(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too long."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise Unknown(f"{path}: {error.strerror}") from error
