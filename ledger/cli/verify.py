"""`credit-ledger verify`: may this record be used today, and why?"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.language import say
from ledger.cli.options import (
    json_option,
    load_network,
    local_clock,
    network_options,
    schemas_option,
)
from ledger.cli.output import demand_apart, note, print_json, shown_path, write_file
from ledger.cli.problems import told
from ledger.cli.verify_evidence import is_evidence, judge_evidence
from ledger.core.canonical import parse_day
from ledger.core.errors import ConfigError, Malformed
from ledger.core.ids import sha256
from ledger.core.note import MAX_WITNESSES
from ledger.core.verdict.facts import Question
from ledger.core.verdict.judge import broken
from ledger.core.verdict.verdict import Verdict, worst_exit
from ledger.records import uscc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from ledger.chain.network import NetworkFile
    from ledger.evidence.check import EvidenceVerdict
    from ledger.files.judge import Found
    from ledger.records.store import Library
    from ledger.verify import Verifier

    Judged: TypeAlias = Found | EvidenceVerdict

_OTHER = 3
"""Exit code: genuine it may be, but not about whom was asked for."""
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
"""How .xlsx files (and archives) and old .xls files begin."""
_HELP = say(
    zh="""核验回执：记录是否真实，今天能否使用，为什么。

    不需要任何成员节点在线，只读取区块链。退出码：0 可以使用；1 不真实；3 真实但不得使用；
    4 无法判断；2 用法错误。多个回执取最坏者（1、3、4、0），最后列出汇总表。--json 对一个回执
    给出一个对象，对多个（或用 --all）给出 {"verdicts":[…]}。声明的开启件、某日的名单
    （lists show）、主体的历史（history）、证据包（use，0 无不利记录，3 有，4 未决）、单个答复和
    专项信用报告（PDF）、证据档案（evidence，由节点确认其区块首部）同样核验；--subject 与证据包、
    历史、报告的主体不同时为 3。也可用回执加 --statement 核验声明，结论只说明它是谁作出的、
    是否已经存证。

    \b
    示例：
      credit-ledger verify 回执.json --network network.json --subject 91110000600037341L
      credit-ledger verify *.json --network network.json --json --all
      credit-ledger verify 回执.json --network network.json --as-of 2026-06-30
      credit-ledger verify 回执.json --network network.json --audience demo-bank --nonce 7cQ2
    """,
    en="""Check receipts: genuine? usable today? why?

    No gateway need be running; only the chain is read. Exit codes: 0 may be used; 1 not genuine;
    3 genuine, not to be used; 4 cannot be told; 2 wrong usage. Of several receipts the worst
    counts (1, 3, 4, 0), and a table of all stands at the end. With --json one receipt gives one
    object, several (or --all) give {"verdicts":[…]}. Openings of statements, lists of a day
    (`lists show`), histories of subjects (`history`), bundles (`use`: 0 clear, 3 adverse, 4 open),
    single answers, special credit reports (PDF) and evidence (its header by the nodes) are checked
    as well; 3 where one of these is about another subject than --subject. As is a receipt with
    --statement; then it is told whose the statement is, and whether it is anchored.

    \b
    Examples:
      credit-ledger verify receipt.json --network network.json --subject 91110000600037341L
      credit-ledger verify *.json --network network.json --json --all
      credit-ledger verify receipt.json --network network.json --as-of 2026-06-30
      credit-ledger verify receipt.json --network network.json --audience demo-bank --nonce 7cQ2
    """,
)


PAGE = 256
"""Receipts of which the chain is asked together."""


class Day(click.ParamType[date]):
    """A day, `YYYY-MM-DD`."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return parse_day(value)
        except Malformed:
            self.fail(say(zh=f"{value} 不是 YYYY-MM-DD", en=f"{value} is not YYYY-MM-DD"))


@click.command("verify", help=_HELP)
@click.argument(
    "receipts",
    nargs=-1,
    required=True,
    metavar="RECEIPT...",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
)
@network_options
@click.option(
    "--subject",
    metavar="USCC",
    help=say(zh="记录必须是关于它的。", en="Whom the record must be about."),
)
@click.option(
    "--type",
    "type_",
    metavar="TYPE",
    help=say(zh="记录类型，如 penalty。", en="What it must be, such as penalty."),
)
@click.option(
    "--issuer", metavar="CODE", help=say(zh="签发成员，如 110000。", en="Who must have issued it.")
)
@click.option(
    "--as-of",
    type=Day(),
    metavar="DATE",
    help=say(
        zh="以该日 24 时（北京时间）之前的链上记载为准。",
        en="How it stood by the end of that day (Asia/Shanghai).",
    ),
)
@click.option(
    "--audience",
    metavar="CODE",
    help=say(
        zh="披露必须是给这个成员的（与 --nonce 同用）。",
        en="To whom the fields must be shown (with --nonce).",
    ),
)
@click.option(
    "--nonce",
    metavar="N",
    help=say(
        zh="披露必须回答带此随机数的请求（与 --audience 同用）。",
        en="The nonce of the request that they must answer (with --audience).",
    ),
)
@click.option(
    "--witnesses",
    type=click.IntRange(1, MAX_WITNESSES),
    metavar="K",
    help=say(
        zh="检查点至少须有多少个其他成员见证。",
        en="How many other members must have cosigned the checkpoint.",
    ),
)
@click.option(
    "--statement",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    metavar="FILE",
    help=say(
        zh="回执所对应的声明（原样的文件，只能有一个回执）。",
        en="The statement that the one receipt is of, byte for byte.",
    ),
)
@schemas_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="把 JSON 结论写入文件。", en="Write the JSON verdict to a file as well."),
)
@click.option(
    "--all",
    "as_list",
    is_flag=True,
    help=say(
        zh="只有一个回执时，JSON 也给出列表。", en="Make the JSON a list for one receipt as well."
    ),
)
@json_option
def verify(
    *,
    receipts: tuple[Path, ...],
    network: Path,
    rpc: tuple[str, ...],
    subject: str | None,
    type_: str | None,
    issuer: str | None,
    as_of: date | None,
    audience: str | None,
    nonce: str | None,
    witnesses: int | None,
    statement: Path | None,
    schemas: Path | None,
    out: Path | None,
    as_list: bool,
    as_json: bool,
) -> int:
    """See `_HELP`."""
    from ledger.verify import Verifier, ask  # noqa: PLC0415 - `--help` need not wait for it

    if (audience is None) != (nonce is None):
        message = say(zh="两者须同时给出", en="give both or neither")
        raise click.UsageError(f"--audience, --nonce: {message}")
    if statement is not None and len(receipts) != 1:
        message = say(zh="只能与一个回执同用", en="goes with one receipt")
        raise click.UsageError(f"--statement: {message}")
    said = () if statement is None else (statement,)
    demand_apart(out, network, *receipts, *said, hint="--out")
    pinned, now = load_network(network, rpc), local_clock()
    question = ask(
        subject=_subject(subject),
        type_=type_,
        issuer=issuer,
        as_of=as_of,
        audience=audience,
        nonce=nonce,
        witnesses=witnesses or 0,
    )
    for path in receipts:
        _note_workbook(path)
    verifier = Verifier(pinned, schemas=library_of(schemas), now=now)
    try:
        found = list(_judge_all(verifier, receipts, question, statement, (pinned, now)))
    finally:
        verifier.close()
    document = _document(found, as_list)
    if out is not None:
        _write(out, document)
    if as_json:
        print_json(document)
    else:
        _show(found)
    others = [path for path, verdict in found if _is_other(verdict, question.subject)]
    for path in others:
        text = say(
            zh="说的是另一主体，不得用于此主体", en="about another subject: not for this one"
        )
        note(f"{shown_path(path)}: {text}")
    return worst_exit([verdict.exit for _, verdict in found] + [_OTHER] * len(others))


def _is_other(found: Judged, subject: str | None) -> bool:
    """Whether a file that says itself whom it is about says somebody else. Of receipts that is a
    check of their own; a list is about many."""
    if subject is None or isinstance(found, Verdict):
        return False
    said = found.as_dict().get("subject")
    code = said.get("code") if isinstance(said, dict) else said
    return code is not None and code != subject


def _show(found: Sequence[tuple[Path, Judged]]) -> None:
    """Each by itself; of several receipts a table of all at the end."""
    from ledger.cli.tables import show_summary, show_verdict  # noqa: PLC0415 - rich is slow

    for path, verdict in found:
        if isinstance(verdict, Verdict):
            show_verdict(path.name, verdict)
        else:
            _show_file(path.name, verdict)
    single = [(str(path), one) for path, one in found if isinstance(one, Verdict)]
    if len(found) > 1 and single:
        show_summary(single)


def _show_file(name: str, verdict: Judged) -> None:
    """What is no single receipt."""
    from ledger.cli.evidence_tables import show_evidence  # noqa: PLC0415 - as the verifier
    from ledger.cli.file_tables import show_file  # noqa: PLC0415 - likewise
    from ledger.evidence.check import EvidenceVerdict  # noqa: PLC0415 - likewise

    if isinstance(verdict, EvidenceVerdict):
        show_evidence(name, verdict)
    elif not isinstance(verdict, Verdict):
        show_file(name, verdict)


def library_of(folder: Path | None) -> Library:
    """The schemas and rules at hand. Those that cannot be used are told, for a verdict may hang on
    them."""
    from ledger.records.store import Library  # noqa: PLC0415 - with the verifier only

    try:
        library = Library.load(folder)
    except ConfigError as error:
        raise click.BadParameter(told(error), param_hint="--schemas") from error
    for file in library.unreadable:
        note(f"--schemas: {file.name}: {file.problem}")
    return library


def _judge_all(
    verifier: Verifier,
    paths: Sequence[Path],
    question: Question,
    statement: Path | None,
    chain: tuple[NetworkFile, Callable[[], float]],
) -> Iterator[tuple[Path, Judged]]:
    """Verdicts in the order of the files. What the chain is asked of many is asked together.
    chain: network file and local clock, by which headers of evidence are confirmed."""
    for start in range(0, len(paths), PAGE):
        page = paths[start : start + PAGE]
        if len(page) > 1:
            verifier.prepare(_readable(page))
        for path in page:
            if statement is None and is_evidence(path):
                if question != Question():
                    _note_not_asked()
                yield path, judge_evidence(path, *chain)
            else:
                yield path, _judge(verifier, path, question, statement)


def _readable(paths: Sequence[Path]) -> Iterator[bytes]:
    """Those files that can be read; what is wrong with the others is told one by one."""
    for path in paths:
        try:
            data = _read(path)
        except OSError:
            continue
        yield data


def _judge(
    verifier: Verifier, path: Path, question: Question, statement: Path | None = None
) -> Found:
    """Its own verdict, whatever happens: no file may hide what is said of the others."""
    from ledger.files.judge import judge_file, not_asked  # noqa: PLC0415 - as the verifier

    data = b""
    try:
        data = _read(path)
        said = None if statement is None else _read(statement)
    except OSError as error:
        problem = f"{type(error).__name__}: {error}"
        return broken(sha256(data), problem, question, verifier.trust)
    if statement is None and not_asked(data, question):
        _note_not_asked()
    return judge_file(verifier, data, question, statement=said)


def _note_not_asked() -> None:
    note(
        say(
            zh="注意：名单、证据包、证据档案和答复按其自身的时间核验，它们和历史自述主体、类型与签发者；"
            "这些要求只用于单个回执。",
            en="Note: lists, bundles, evidence and answers are checked as of their own time, and"
            " they and histories say themselves whom and what they are about; that is asked of"
            " single receipts.",
        )
    )


def _subject(text: str | None) -> str | None:
    """A code that identifies somebody. A wrong one is still asked for, with a word about it."""
    if text is None:
        return None
    code = uscc.normalise(text)
    if not code or code == uscc.FILLER:
        message = say(zh="这不是能识别主体的代码。", en="This code identifies nobody.")
        raise click.BadParameter(message, param_hint="--subject")
    if uscc.check(code) is not None:
        note(
            say(
                zh=f"注意：{code} 不是正确的统一社会信用代码，请核对是否输错。",
                en=f"Note: {code} is no valid USCC; is it typed right?",
            )
        )
    return code


def _note_workbook(path: Path) -> None:
    """Say what a workbook is that is taken for a receipt, and what to do with it: departments have
    both, and `malformed` helps nobody."""
    try:
        with path.open("rb") as file:
            start = file.read(max(map(len, _WORKBOOKS)))
    except OSError:
        return  # its own verdict tells
    if start.startswith(_WORKBOOKS) and not is_evidence(path):
        name = shown_path(path)
        note(
            say(
                zh=f"{name} 是工作簿或压缩文件，不是回执。报送其中的记录用 credit-ledger submit；"
                "回执是 JSON 文件，由 credit-ledger receipt 或 submit --receipts 取得，"
                "再由本命令核验。",
                en=f"{name} is a workbook or an archive, no receipt. `credit-ledger submit` sends"
                " the records in it; a receipt is a JSON file, which `credit-ledger receipt` or"
                " `submit --receipts` gets and this command checks.",
            )
        )


def _read(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too long."""
    from ledger.files.judge import MAX_BYTES, MAX_SINGLE, holds_many  # noqa: PLC0415 - likewise

    with path.open("rb") as file:
        start = file.read(MAX_SINGLE + 1)
        return start + file.read(MAX_BYTES + 1 - len(start)) if holds_many(start) else start


def _document(found: list[tuple[Path, Judged]], as_list: bool) -> dict[str, Any]:
    if len(found) == 1 and not as_list:
        return found[0][1].as_dict()
    return {
        "verdicts": [{"file": shown_path(path), **verdict.as_dict()} for path, verdict in found]
    }


def _write(out: Path, document: dict[str, Any]) -> None:
    import orjson  # noqa: PLC0415 - with the file only

    write_file(out, orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
