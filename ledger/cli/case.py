"""`credit-ledger case`: repairs and objections, from the desk to the release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.cli.case_decisions import decide, release
from ledger.cli.case_parts import (
    NAME,
    RECORD,
    SCANNED,
    Told,
    day_text,
    doc_option,
    read_steps,
    record_of,
    send,
    told_acts,
)
from ledger.cli.case_steps import COMMANDS
from ledger.cli.case_words import KINDS, REFUSALS, STAGES, STATES, STEPS, proposal_text, word
from ledger.cli.decided import import_national
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import Refused, note, print_json, print_rows, shown_path, write_file

_OK = 200
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group(
    help=say(
        zh="案件：信用修复与异议的申请、受理、决定与放行。",
        en="Cases: repairs and objections, filed, accepted, decided, released.",
    )
)
def case() -> None:
    """Group; its help is above."""


case.add_command(import_national)


@case.command(
    "file",
    help=say(
        zh="""就一条记录申请信用修复或提出异议。RECORD 为记录编号、叶值或 文书号@认定单位代码。

        \b
        示例：credit-ledger case file 记录 --kind repair --reason 已缴清 --doc 缴款书.pdf --to URL

        外省市的记录用记录编号或叶值（见其回执），不必指明所属成员。

        退出码：0 已登记 · 1 不予登记 · 4 无法连接
        """,
        en="""File a repair of a record, or an objection to it. RECORD is its id, its leaf or
        NUMBER@AUTHORITY.

        \b
        Example: credit-ledger case file RECORD --kind repair --reason paid --doc a.pdf --to URL

        Name a record of another province by its id or leaf, as its receipt has it; whose it is
        need not be told.

        Exit codes: 0 filed · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("record", type=RECORD)
@click.option(
    "--kind",
    type=click.Choice(["repair", "objection"]),
    required=True,
    help=say(zh="repair 信用修复，objection 异议。", en="What is filed."),
)
@click.option("--reason", required=True, metavar="TEXT", help=say(zh="理由。", en="Why."))
@click.option("--owner", metavar="CODE", help=say(zh="记录所属成员。", en="Whose record it is."))
@click.option("--authority", metavar="USCC", help=say(zh="认定单位。", en="Who determined it."))
@click.option(
    "--channel",
    type=click.Choice(["national", "portal", "desk", "court", "own"]),
    help=say(
        zh="来源：national 国家平台，portal 网站，desk 窗口，court 法院，own 自行；"
        "缺省 desk，有国家平台编号时 national。",
        en="By which way it came. Default: desk, with a national number national.",
    ),
)
@click.option("--national-no", metavar="N", help=say(zh="国家平台编号。", en="Of Credit China."))
@click.option("--received", type=_DAY, help=say(zh="收到之日。", en="Day of receipt."))
@doc_option
@node_options
@json_option
def file_(
    *,
    record: str,
    url: str,
    token: str | None,
    docs: tuple[Path, ...],
    as_json: bool,
    received: Any,
    national_no: str | None,
    **said: str | None,
) -> int:
    """See its help."""
    value = said | {"nationalNo": national_no, "received": day_text(received)}
    with Node(url, token) as node:
        value |= {"record": record_of(node, record)}
        told = send(node, "/v1/cases", value, docs)
    if as_json:
        print_json(told)
    else:
        click.echo(told["case"])
        note(say(zh=f"办理期限：{told['deadline']}", en=f"deadline: {told['deadline']}"))
    return 0


@case.command(
    "list",
    help=say(
        zh="""列出可见的案件，新的在前；待放行的自行决定（proposed）在最前。

        \b
        示例：credit-ledger case list --state proposed --to URL

        退出码：0 已列出 · 1 不予列出 · 4 无法连接
        """,
        en="""The cases that you may see, newest first, behind the owner's decisions that wait.

        \b
        Example: credit-ledger case list --state proposed --to URL

        Exit codes: 0 listed · 1 refused · 4 unreachable
        """,
    ),
)
@click.option(
    "--state",
    type=click.Choice([str(name) for name in STATES]),
    help=say(zh="状态。", en="Of this state."),
)
@click.option("--overdue", is_flag=True, help=say(zh="仅超期的。", en="Only those overdue."))
@click.option(
    "--mine",
    is_flag=True,
    help=say(
        zh="仅本部门提出的，或应由本机关决定的。",
        en="Only those that your department filed, or your authority decides.",
    ),
)
@node_options
@json_option
def list_(
    *, url: str, token: str | None, state: str | None, overdue: bool, mine: bool, as_json: bool
) -> int:
    """See its help."""
    params = {name: "true" for name, on in (("overdue", overdue), ("mine", mine)) if on}
    params |= {"state": state} if state else {}
    with Node(url, token) as node:
        told = expect(node.get("/v1/cases", **params), _OK).json()
    if as_json:
        print_json(told)
        return 0
    head = say(
        zh="案件 类别 状态 环节 期限 待放行", en="case kind state stage deadline proposed"
    ).split()
    print_rows(
        [
            (
                one["case"],
                word(KINDS, one["kind"]),
                word(STATES, one["state"]),
                word(STAGES, one["stage"]["name"]),
                _deadline(one),
                word(STEPS, one["proposed"]),
            )
            for one in told["cases"]
        ],
        head=head,
    )
    if told["more"]:
        note(say(zh="还有更多，请缩小范围。", en="There are more; ask for fewer."))
    return 0


@case.command(
    "show",
    help=say(
        zh="""案件的步骤、期限、上链情况，以及哪些省市已执行、尚未执行。
        CASE 也可以是回执二维码的内容。

        \b
        示例：credit-ledger case show 案件 --docs 材料 --to URL

        退出码：0 已答复 · 1 没有此案件 · 4 无法连接
        """,
        en="""Steps, deadline and acts of a case, and which provinces have carried it out, and which
        have not yet. CASE may be what the code on a receipt says.

        \b
        Example: credit-ledger case show CASE --docs DIR --to URL

        Exit codes: 0 answered · 1 no such case · 4 unreachable
        """,
    ),
)
@click.argument("case_", metavar="CASE", type=SCANNED)
@click.option(
    "--docs",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help=say(zh="把各步骤的材料存入该文件夹。", en="Put the documents of its steps there."),
)
@node_options
@json_option
def show(*, case_: str, folder: Path | None, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    name, _, commitment = case_.partition(":")
    with Node(url, token) as node:
        told = expect(node.get(f"/v1/cases/{name}"), _OK).json()
        if commitment and commitment != told["steps"][0]["commitment"]:
            raise Refused(say(zh="回执与该案件不符", en="the receipt is not of this case"))
        if folder is not None:
            told["files"] = [shown_path(path) for path in read_steps(node, told, folder)]
    if as_json:
        print_json(told)
        return 0
    _show(told)
    for name in told.get("files", ()):
        note(name)
    return 0


@case.command(
    "receipt",
    help=say(
        zh="""打印申请回执（PDF，一页，带二维码），交给申请人。

        \b
        示例：credit-ledger case receipt 案件 -o 回执.pdf --to URL

        退出码：0 已写入 · 1 没有此案件 · 4 无法连接
        """,
        en="""Write the receipt of a filing for whoever filed it: one page of PDF, with a QR code by
        which any counter finds it again (`case show`).

        \b
        Example: credit-ledger case receipt CASE -o receipt.pdf --to URL

        Exit codes: 0 written · 1 no such case · 4 unreachable
        """,
    ),
)
@click.argument("case_", metavar="CASE", type=NAME)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=say(zh="写入的文件。", en="File to write."),
)
@node_options
@json_option
def receipt(*, case_: str, out: Path, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        found = expect(node.get(f"/v1/cases/{case_}/receipt.pdf"), _OK)
    write_file(out, found.body, private=True)
    if as_json:
        print_json({"file": shown_path(out)})
    else:
        note(say(zh=f"已写入 {out}", en=f"wrote {out}"))
    return 0


def _show(told: Told) -> None:
    stands = f"{word(KINDS, told['kind'])} · {word(STATES, told['state'])}"
    note(f"{stands} · {say(zh='记录', en='record')} {told['record']}")
    if told["owner"] != told["filer"]:
        between = f"{told['filer']} → {told['owner']}"
        note(say(zh=f"提出 → 记录所属：{between}", en=f"filed by → record of: {between}"))
    if told["stage"]["name"]:
        note(
            say(zh="期限", en="deadline")
            + f": {word(STAGES, told['stage']['name'])} {_deadline(told)}"
        )
    if told["proposed"]:
        note(say(zh="待放行", en="to be released") + f": {proposal_text(told['proposed'])}")
    head = say(zh="步骤 事项 成员 日期 登记凭据", en="step act iss day commitment").split()
    rows = [
        (s["step"], word(STEPS, s["act"]), s["iss"], s["day"], s["commitment"])
        for s in told["steps"]
    ]
    print_rows(rows, head=head)
    for step in told["steps"]:
        if (sent := step.get("sent")) and sent["state"] != "sent":
            note(_on_its_way(step, sent))
    for step in told["displaced"]:
        again = say(zh="被在先步骤取代，须重新提交", en="another step came first; file it anew")
        note(f"{word(STEPS, step['act'])} {step['day']}: {again}")
    told_acts(told)
    _told_reach(told)


def _told_reach(told: Told) -> None:
    """Which provinces have carried the acts out, and on whom one waits."""
    done = [one["member"] for one in told["acknowledged"] if not one["behind"]]
    if done:
        note(say(zh="已确认执行", en="carried out by") + f": {' '.join(done)}")
    for code in told["awaited"]:
        behind = {one["member"]: one["behind"] for one in told["acknowledged"]}.get(code)
        lacks = (
            "" if behind is None else say(zh=f"（差 {behind} 项）", en=f" ({behind} acts behind)")
        )
        note(say(zh="尚未确认执行", en="not yet carried out by") + f": {code}{lacks}")


def _on_its_way(step: Told, sent: Told) -> str:
    """What became of a step that the other party does not have."""
    of, to, code = step["step"], sent["to"], sent["code"] or "-"
    why = f"{word(REFUSALS, code)} [{code}]" if code in REFUSALS else code
    if sent["state"] == "set-aside":
        return say(
            zh=f"第 {of} 步未被 {to} 接收：{why}", en=f"step {of} was not taken by {to}: {why}"
        )
    return say(
        zh=f"第 {of} 步正送往 {to}（{code}）", en=f"step {of} is on its way to {to} ({code})"
    )


def _deadline(one: Told) -> str | None:
    stage = one["stage"]
    late = say(zh="（超期）", en=" (overdue)") if stage["overdue"] else ""
    return None if stage["deadline"] is None else f"{stage['deadline']}{late}"


for _command in (*COMMANDS, decide, release):
    case.add_command(_command)
