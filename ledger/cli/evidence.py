"""`credit-ledger evidence`: archives that are checked with one header hash and no node."""

from __future__ import annotations

import re
from contextlib import closing
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
from ledger.cli.output import (
    Unknown,
    demand_apart,
    note,
    print_json,
    read_file,
    shown_path,
    write_file,
)
from ledger.cli.verify import Day, library_of
from ledger.core.canonical import hex0x, hex32, instant
from ledger.core.ids import Digest, sha256
from ledger.core.receipt import MAX_RECEIPT
from ledger.core.verdict.verdict import Verdict, worst_exit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.chain.network import NetworkFile
    from ledger.evidence.check import EvidenceVerdict
    from ledger.evidence.making import Made
    from ledger.records.store import Library

_HASH = re.compile(r"(?:0x)?([0-9a-f]{64})")
_HELP = say(
    zh="""制作或核验证据档案：不依赖任何服务器和节点，只凭一个区块首部的哈希。

    \b
    制作：credit-ledger evidence 回执.json -o 证据.zip --network network.json
    核验：credit-ledger evidence check 证据.zip --header 0x… --network network.json

    证据档案含回执、密钥、表决和状态的历史、当前区块首部及所问各日的结论，以及链上存储的证明
    （也能证明“没有任何行为”）。退出码同 verify；4 表示未能核验。
    """,
    en="""Make or check evidence that needs no server and no node, but one header hash.

    \b
    make:   credit-ledger evidence receipt.json -o evidence.zip --network network.json
    check:  credit-ledger evidence check evidence.zip --header 0x... --network network.json

    The archive holds the receipts, histories of keys, votes and status, the verdicts at the header
    and on the days asked about, and proofs of the chain's storage, also that there is NO act. Exit
    codes as of verify; 4: it could not be checked.
    """,
)
_MAKE_HELP = say(
    zh="""制作证据档案（evidence 之后直接写回执即可）。

    以最新的最终区块为准；同样的回执、同一区块，任何人制作的文件逐字节相同。命令打印区块首部的哈希：
    请另行保存，核验时要用。
    """,
    en="""Make the archive (`evidence RECEIPT...` does the same).

    It is made against the newest final block; of the same receipts at the same block anybody makes
    the same bytes. The hash of the header is printed: keep it apart, for whoever checks needs it.
    """,
)
_CHECK_HELP = say(
    zh="""核验证据档案，不询问任何节点。

    --header 是您从可信来源得知的区块首部哈希；没有它时，其余内容照常核验，打印该哈希并以 4 结束。
    给出 --rpc 时改由这些节点确认各区块。结论以该区块首部为准，不说明此后发生的事。
    """,
    en="""Check an archive. No node is asked.

    --header is the hash of a header that you know from a source that you trust; without it all else
    is checked, the hash is printed, and the command ends with 4. With --rpc those nodes confirm all
    blocks in its place. The verdicts are as of that header, and say nothing of what came after it.
    """,
)


class _Evidence(click.Group):
    """What is no command of this group is a receipt, of which an archive is made."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        """`make` for whatever is none."""
        return super().get_command(ctx, cmd_name) or make

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The same, with `make` in front."""
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [str(make.name), *args]
        return super().parse_args(ctx, args)


class HeaderHash(click.ParamType[Digest]):
    """The hash of a block's header: 64 hex digits, with or without 0x."""

    name = "hash"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Digest:
        match = _HASH.fullmatch(str(value).strip().lower())
        if match is None:
            self.fail(say(zh=f"{value} 不是 64 位十六进制", en=f"{value} is not 64 hex digits"))
        return Digest(bytes.fromhex(match[1]))


@click.group("evidence", cls=_Evidence, help=_HELP)
def evidence() -> None:
    """See `_HELP`."""


@evidence.command("make", help=_MAKE_HELP)
@click.argument(
    "receipts",
    nargs=-1,
    required=True,
    metavar="RECEIPT...",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.zip",
    help=say(zh="证据档案写到这里。", en="Where the archive goes."),
)
@network_options
@click.option(
    "--as-of",
    "days",
    multiple=True,
    type=Day(),
    metavar="DATE",
    help=say(
        zh="另附该日 24 时（北京时间）的结论；可重复。",
        en="Tell the verdicts by the end of that day (Asia/Shanghai) too; repeatable.",
    ),
)
@schemas_option
@json_option
def make(
    *,
    receipts: tuple[Path, ...],
    out: Path,
    network: Path,
    rpc: tuple[str, ...],
    days: tuple[date, ...],
    schemas: Path | None,
    as_json: bool,
) -> int:
    """See `_MAKE_HELP`."""
    from ledger.evidence.manifest import MAX_DAYS  # noqa: PLC0415 - `--help` need not wait for it
    from ledger.evidence.papers import MAX_RECEIPTS  # noqa: PLC0415 - likewise

    if len(receipts) > MAX_RECEIPTS or len(set(days)) > MAX_DAYS:
        message = say(
            zh=f"至多 {MAX_RECEIPTS} 个回执、{MAX_DAYS} 个日期",
            en=f"at most {MAX_RECEIPTS} receipts and {MAX_DAYS} days",
        )
        raise click.UsageError(message)
    demand_apart(out, network, *receipts, hint="-o")
    pinned, now = load_network(network, rpc), local_clock()
    files = [(path, read_file(path, MAX_RECEIPT)) for path in receipts]
    made, at_head = _make(pinned, now, [data for _, data in files], days, library_of(schemas))
    names = {f"receipts/{n:04}.json": path for n, (path, _) in enumerate(files, start=1)}
    found = [(shown_path(names[name]), verdict) for name, verdict in made.verdicts]
    if (exit_ := _nothing_to_prove(found, made)) is not None:
        return exit_
    _check_again(made, pinned)
    write_file(out, made.data, private=True)  # receipts tell of firms and people
    _note_newer(found, at_head)
    if as_json:
        print_json(_made_document(out, made, found))
    else:
        _show_made(out, made, found)
    return worst_exit([verdict.exit for _, verdict in found] + [one.exit for one in at_head])


@evidence.command("check", help=_CHECK_HELP)
@click.argument(
    "file",
    metavar="FILE.zip",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
)
@network_options
@click.option(
    "--header",
    "headers",
    multiple=True,
    type=HeaderHash(),
    metavar="HASH",
    help=say(
        zh="区块首部的哈希，取自您信任的来源；可重复，另给事件所在区块的哈希。",
        en="The hash of the header, from a source that you trust; repeatable, for those of blocks"
        " with events.",
    ),
)
@json_option
def check(
    *, file: Path, network: Path, rpc: tuple[str, ...], headers: tuple[Digest, ...], as_json: bool
) -> int:
    """See `_CHECK_HELP`."""
    from ledger.evidence import check as checking  # noqa: PLC0415 - `--help` need not wait for it
    from ledger.evidence.archive import MAX_FILE  # noqa: PLC0415 - likewise
    from ledger.evidence.confirmed import confirmed_by  # noqa: PLC0415 - likewise

    pinned, data = load_network(network, rpc), read_file(file, MAX_FILE)
    if rpc and not headers:
        with confirmed_by(pinned, local_clock()) as nodes:
            found = checking.check(data, pinned, nodes)
    else:
        found = checking.check(data, pinned, checking.Given(*headers))
    if as_json:
        print_json(found.as_dict())
    else:
        _show_checked(file, found)
    return found.exit


def _make(
    network: NetworkFile,
    now: Callable[[], float],
    receipts: Sequence[bytes],
    days: Sequence[date],
    library: Library,
) -> tuple[Made, list[Verdict]]:
    """The archive, and how each receipt stands at the head, which no archive shows yet."""
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415 - as above
    from ledger.core.errors import CouldNotCheck, EvidenceError  # noqa: PLC0415 - as above
    from ledger.evidence.making import final_view  # noqa: PLC0415 - as above
    from ledger.evidence.making import make as make_archive  # noqa: PLC0415 - as above
    from ledger.verify import Verifier, ask  # noqa: PLC0415 - as above

    with closing(QuorumReader(network, now=now)) as reader:
        try:
            view = final_view(reader)
            made = make_archive(view, network, receipts, days=days, library=library)
        except (CouldNotCheck, EvidenceError) as error:
            text = say(zh="证据档案无法制作", en="no evidence could be made")
            raise Unknown(f"{text}: {error}") from error
        verifier = Verifier(network, schemas=library, now=now, reader=reader)
        verifier.prepare(receipts)
        return made, [verifier.verify(data, ask()) for data in receipts]


def _nothing_to_prove(found: Sequence[tuple[str, Verdict]], made: Made) -> int | None:
    """The exit code where a receipt does not hold by itself, or is anchored in a block that is not
    final, so that there is nothing to prove; None: there is."""
    from ledger.cli.tables import show_verdict  # noqa: PLC0415 - rich is slow

    number = made.header.number
    for name, verdict in found:
        receipt = verdict.receipt
        if verdict.facts is not None and receipt is not None and receipt.anchor.block <= number:
            continue
        show_verdict(name, verdict)
        note(
            say(
                zh="没有制作证据档案：该回执本身不成立，或其存证尚未最终确认（请稍后再试）。",
                en="No evidence was made: this receipt does not hold by itself, or its anchor is"
                " not final yet (try again later).",
            )
        )
        return verdict.exit or worst_exit([])
    return None


def _check_again(made: Made, network: NetworkFile) -> None:
    """Nothing is handed out that does not check."""
    from ledger.evidence.check import Given, check  # noqa: PLC0415 - as above

    found = check(made.data, network, Given(made.header.hash, *made.told))
    if found.problem is not None:
        problem = " ".join([found.problem.code, *found.problem.evidence.values()])
        raise Unknown(say(zh=f"证据档案自查不通过：{problem}", en=f"it does not check: {problem}"))


def _note_newer(found: Sequence[tuple[str, Verdict]], at_head: Sequence[Verdict]) -> None:
    """Say where the head shows what the header does not."""
    now = [(name, one) for name, one in found if one.question.as_of is None]
    for (name, old), new in zip(now, at_head, strict=True):
        if old.verdict != new.verdict:
            note(
                say(
                    zh=f"注意：{name} 在更新的区块上已是 {new.verdict}，尚未最终确认，"
                    "证据档案不含此事。",
                    en=f"Note: {name}: newer blocks say {new.verdict}, which is not final; the"
                    " archive does not show it.",
                )
            )


def _made_document(out: Path, made: Made, found: Sequence[tuple[str, Verdict]]) -> dict[str, Any]:
    header = made.header
    return {
        "_type": "credit-ledger/evidence-made@1",
        "file": shown_path(out),
        "size": len(made.data),
        "sha256": hex32(sha256(made.data)),
        "header": {
            "hash": hex0x(header.hash),
            "number": header.number,
            "time": instant(header.time),
        },
        "verdicts": [{"file": name, **verdict.as_dict()} for name, verdict in found],
    }


def _show_made(out: Path, made: Made, found: Sequence[tuple[str, Verdict]]) -> None:
    from ledger.cli.evidence_tables import show_verdicts  # noqa: PLC0415 - rich is slow

    header = made.header
    size = f"{len(made.data):,}"
    click.echo(
        say(
            zh=f"{shown_path(out)}：{size} 字节，以区块 {header.number}"
            f"（{instant(header.time)}）为准，其区块首部的哈希是",
            en=f"{shown_path(out)}: {size} bytes, proven against block {header.number}"
            f" ({instant(header.time)}); the hash of its header is",
        )
    )
    click.echo(hex0x(header.hash))
    show_verdicts(found)


def _show_checked(file: Path, found: EvidenceVerdict) -> None:
    from ledger.cli.evidence_tables import show_evidence  # noqa: PLC0415 - rich is slow

    show_evidence(shown_path(file), found)
