"""`credit-ledger webhooks`: changes of records and of followed subjects, sent to one's own
programs."""

from __future__ import annotations

import re
from typing import Any, Final, get_args

import click

from ledger.cli.case_parts import NAME, RECORD, record_of
from ledger.cli.language import say
from ledger.cli.node import Node, expect
from ledger.cli.options import json_option, node_options
from ledger.cli.output import EXIT_NO, Refused, harmless, note, print_json
from ledger.cli.times import shown_time
from ledger.cli.webhook_tables import show_endpoints, show_subjects
from ledger.core.authorisation import GovernmentPurpose, OwnPurpose

_OK, _CREATED, _EMPTY = 200, 201, 204
MAX_RECORDS: Final = 1000
_PATH: Final = "/v1/webhooks"
_PURPOSES: Final = (*get_args(OwnPurpose), *get_args(GovernmentPurpose))
_TYPES: Final = re.compile(r"[a-z][a-z0-9-]{0,31}(,[a-z][a-z0-9-]{0,31})*")


class _Endpoint(click.ParamType[str]):
    """The id of an endpoint: 32 hexadecimal digits."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See click."""
        if re.fullmatch("[0-9a-f]{32}", str(value)) is None:
            message = say(zh="须为 32 位小写十六进制", en="is not 32 lower-case hexadecimal digits")
            self.fail(message, param, ctx)
        return str(value)


ENDPOINT: Final = _Endpoint()


@click.group(
    help=say(
        zh="""网络回调：记录和关注主体的变化，发送到您的程序（Standard Webhooks）。

        至少送达一次，按顺序；失败时三天内重试 16 次，之后列入死信。
        接收方用库 standardwebhooks 核对签名，按 webhook-id 去重。
        """,
        en="""Webhooks: changes of records and of followed subjects, sent to programs of yours
        (Standard Webhooks).

        At least once and in order; what fails is tried 16 times within three days and then becomes
        a dead letter. Receivers verify with the library `standardwebhooks` and drop repeats by
        `webhook-id`.
        """,
    ),
)
def webhooks() -> None:
    """Group; its help is above."""


@webhooks.command(
    "add",
    help=say(
        zh="""把变化发送到 URL；密钥只在此处显示一次，请妥善保存。
        TARGET 也可为已有的编号，为其增加内容。
        不给 --record 和 --subject 时，为 watch 所示的全部：本成员的、您可以知悉的记录，
        及您关注的主体。

        --subject 关注一个主体：立即并于每夜凭授权向各成员查询，新的记录会告知。

        \b
        示例：
          credit-ledger webhooks add https://bank.example/hook --to URL
          credit-ledger webhooks add https://bank.example/hook --record 记录 --to URL
          credit-ledger webhooks add 编号 --subject 统一社会信用代码 --authorisation 承诺值 \\
              --purpose post-loan --to URL

        退出码：0 完成 · 1 被拒绝 · 4 无法连接
        """,
        en="""Have changes sent to a URL; the secret is shown here once, keep it. TARGET may be the
        id of an endpoint too, which is then told of more. Without --record and --subject it is all
        that `watch` shows: the records of this member that you may know of, and the subjects that
        you follow.

        --subject follows a subject: at once and then every night the members are asked under the
        authorisation, and new records are told.

        \b
        Examples:
          credit-ledger webhooks add https://bank.example/hook --to URL
          credit-ledger webhooks add https://bank.example/hook --record RECORD --to URL
          credit-ledger webhooks add ID --subject USCC --authorisation COMMITMENT \\
              --purpose post-loan --to URL

        Exit codes: 0 done · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("target", metavar="TARGET")
@click.option(
    "--record",
    "records",
    multiple=True,
    type=RECORD,
    metavar="RECORD",
    help=say(zh="只发送此记录（可重复）。", en="Only this record (repeatable)."),
)
@click.option(
    "--subject",
    "code",
    metavar="USCC",
    help=say(zh="关注此主体。", en="Follow this subject."),
)
@click.option(
    "--authorisation",
    type=NAME,
    metavar="C",
    help=say(zh="其授权的承诺值。", en="Commitment of its authorisation."),
)
@click.option(
    "--purpose",
    type=click.Choice(_PURPOSES),
    help=say(zh="查询的用途。", en="What the members are asked for."),
)
@click.option(
    "--types",
    metavar="T,…",
    help=say(zh="记录类型；默认为授权所列全部。", en="Types of records; all of the authorisation."),
)
@node_options
@json_option
def add(
    *,
    target: str,
    records: tuple[str, ...],
    code: str | None,
    authorisation: str | None,
    purpose: str | None,
    types: str | None,
    url: str,
    token: str | None,
    as_json: bool,
) -> int:
    """See its help."""
    subject = _subject(code, authorisation, purpose, types)
    if len(records) > MAX_RECORDS:
        text = say(zh=f"至多 {MAX_RECORDS} 条", en=f"at most {MAX_RECORDS}")
        raise click.BadParameter(text, param_hint="--record")
    with Node(url, token) as node:
        body: dict[str, Any] = {"records": [record_of(node, one) for one in records]}
        if subject is not None:
            body["subject"] = subject
        if re.fullmatch("[0-9a-f]{32}", target):
            told = expect(node.post(f"{_PATH}/{target}/follow", json=body), _OK).json()
        else:
            told = expect(node.post(_PATH, json=body | {"url": target}), _CREATED).json()
    if as_json:
        print_json(told)
        return 0
    click.echo(told["id"])
    if "secret" in told:
        _show_secret(told["secret"])
    return 0


def _subject(
    code: str | None, authorisation: str | None, purpose: str | None, types: str | None
) -> dict[str, Any] | None:
    """The subject that is to be followed, as a node takes it. Raises BadParameter."""
    if code is None:
        if authorisation or purpose or types:
            text = say(zh="须同时给出 --subject", en="goes with --subject alone")
            raise click.BadParameter(text, param_hint="--authorisation / --purpose / --types")
        return None
    if purpose is None:
        text = say(zh="关注主体须写明用途", en="is needed to follow a subject")
        raise click.BadParameter(text, param_hint="--purpose")
    if types is not None and not _TYPES.fullmatch(types):
        text = say(zh="须为类型名称，用逗号分隔", en="must be names of types, a comma between")
        raise click.BadParameter(text, param_hint="--types")
    subject: dict[str, Any] = {"code": code, "purpose": purpose}
    if authorisation is not None:
        subject["authorisation"] = authorisation
    if types is not None:
        subject["types"] = types.split(",")
    return subject


def _show_secret(secret: str) -> None:
    """The secret on a line of its own, the last on stdout as of `token add`."""
    note(
        say(
            zh="密钥如下，只显示这一次，请放入接收程序：",
            en="The secret, shown this once; give it to the receiving program:",
        )
    )
    click.echo(harmless(secret))


@webhooks.command(
    "list",
    help=say(
        zh="""列出您的接收地址：状态、送达情况、死信，以及关注的主体。

        退出码：0 完成 · 1 被拒绝 · 4 无法连接
        """,
        en="""List your endpoints: their state, how deliveries go, dead letters; and the subjects
        that you follow.

        Exit codes: 0 done · 1 refused · 4 unreachable
        """,
    ),
)
@node_options
@json_option
def list_webhooks(*, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        items = expect(node.get(_PATH), _OK).json()["items"]
        subjects = expect(node.get("/v1/watched-subjects"), _OK).json()["items"]
    if as_json:
        print_json({"webhooks": items, "subjects": subjects})
        return 0
    show_endpoints(items)
    if subjects:
        show_subjects(subjects)
    return 0


@webhooks.command(
    "test",
    help=say(
        zh="""立即发送一次类型为 webhook.test 的消息。

        退出码：0 已送达 · 1 未送达或被拒绝 · 4 无法连接节点
        """,
        en="""Send a message of the type `webhook.test` now, once.

        Exit codes: 0 it came there · 1 it did not, or refused · 4 the node is unreachable
        """,
    ),
)
@click.argument("endpoint", metavar="ID", type=ENDPOINT)
@node_options
@json_option
def test(*, endpoint: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        told = expect(node.post(f"{_PATH}/{endpoint}/test"), _OK).json()
    if as_json:
        print_json(told)
    elif told["delivered"]:
        note(say(zh=f"已送达（{told['message']}）", en=f"it came there ({told['message']})"))
    else:
        note(say(zh=f"未送达：{told['code']}", en=f"it did not come there: {told['code']}"))
    return 0 if told["delivered"] else EXIT_NO


@webhooks.command(
    "dead-letters",
    help=say(
        zh="""列出未能送达的事件（三天内 16 次失败），每行一个；--json 含全文。
        用 webhooks retry 重新发送。

        退出码：0 完成 · 1 被拒绝 · 4 无法连接
        """,
        en="""List events that could not be delivered in sixteen tries or three days, a line for
        each; --json has them whole. `webhooks retry` sends them again.

        Exit codes: 0 done · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("endpoint", metavar="ID", type=ENDPOINT)
@node_options
@json_option
def dead_letters(*, endpoint: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        told = expect(node.get(f"{_PATH}/{endpoint}/dead-letters"), _OK).json()
    if as_json:
        print_json(told)
        return 0
    if not told["items"]:
        note(say(zh="没有死信。", en="There are no dead letters."))
    for one in told["items"]:
        state = say(zh="将重发", en="again") if one["state"] == "again" else one["state"]
        when = shown_time(one["since"]) or "-"
        parts = (when, one["message"], one["type"], state, str(one["tries"]), one["code"] or "-")
        click.echo(harmless("  ".join(parts)))
    return 0


@webhooks.command(
    "retry",
    help=say(
        zh="""重新发送全部死信，并恢复已停用的接收地址。

        退出码：0 完成 · 1 被拒绝 · 4 无法连接
        """,
        en="""Send all dead letters again, and go on with an endpoint that was disabled.

        Exit codes: 0 done · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("endpoint", metavar="ID", type=ENDPOINT)
@node_options
@json_option
def retry(*, endpoint: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        told = expect(node.post(f"{_PATH}/{endpoint}/retry"), _OK).json()
    if as_json:
        print_json(told)
    else:
        n = told["letters"]
        note(say(zh=f"已恢复，{n} 封死信将重发", en=f"it goes on; {n} dead letters go again"))
    return 0


@webhooks.command(
    "rotate",
    help=say(
        zh="""更换密钥：新密钥只在此处显示一次。旧密钥再签名一天，接收方可在此期间更换；
        --end-old 立即停用旧密钥。

        退出码：0 完成 · 1 被拒绝 · 4 无法连接
        """,
        en="""Have a new secret, shown here once. For a day deliveries are signed with the old one
        too, so that the receiver can change over; --end-old ends it at once.

        Exit codes: 0 done · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("endpoint", metavar="ID", type=ENDPOINT)
@click.option(
    "--end-old",
    is_flag=True,
    help=say(zh="旧密钥立即停用（已泄露时）。", en="End the old one at once (it was stolen)."),
)
@node_options
@json_option
def rotate(*, endpoint: str, end_old: bool, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    path = f"{_PATH}/{endpoint}/rotate" + ("?end_old=true" if end_old else "")
    with Node(url, token) as node:
        told = expect(node.post(path), _OK).json()
    if as_json:
        print_json(told)
        return 0
    if told["formerUntil"] is not None:
        when = shown_time(told["formerUntil"])
        note(say(zh=f"旧密钥有效至 {when}", en=f"the old one signs until {when}"))
    _show_secret(told["secret"])
    return 0


@webhooks.command(
    "remove",
    help=say(
        zh="""移除接收地址及其密钥和死信；只为它关注的主体不再关注。ID 也可为关注主体的编号。

        退出码：0 完成 · 1 被拒绝 · 4 无法连接
        """,
        en="""Take an endpoint away, with its secret and its dead letters; subjects that are
        followed for it alone are followed no longer. ID may be that of a followed subject too.

        Exit codes: 0 done · 1 refused · 4 unreachable
        """,
    ),
)
@click.argument("endpoint", metavar="ID", type=ENDPOINT)
@node_options
@json_option
def remove(*, endpoint: str, url: str, token: str | None, as_json: bool) -> int:
    """See its help."""
    with Node(url, token) as node:
        answers = [node.delete(f"{path}/{endpoint}") for path in (_PATH, "/v1/watched-subjects")]
    if all(answer.status != _EMPTY for answer in answers):
        raise Refused(answers[0].problem())
    if as_json:
        print_json({"id": endpoint, "removed": True})
    else:
        note(say(zh="已移除", en="removed"))
    return 0
