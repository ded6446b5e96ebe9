"""`credit-ledger audit openings`: the openings of all statements, asked of every member."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE_HEAD
from rich.progress import Progress, TaskID
from rich.table import Table

from ledger.cli.acting import failures
from ledger.cli.auditors import auditor_options, demand_auditor
from ledger.cli.language import pick, say
from ledger.cli.options import json_option, load_network, local_clock, network_options
from ledger.cli.output import EXIT_UNKNOWN, Unknown, note, print_json
from ledger.cli.passwords import open_key
from ledger.cli.progress import bars
from ledger.cli.tables import plain, stdout
from ledger.core.errors import CouldNotCheck
from ledger.core.keys import Purpose
from ledger.core.verdict.verdict import note_text

if TYPE_CHECKING:
    from ledger.audit.ask_openings import Told
    from ledger.chain.contracts.bindings import Consortium
    from ledger.chain.keys.signers import MessageSigner
    from ledger.chain.network import NetworkFile
    from ledger.chain.nodes.quorum import View

_HELP = say(
    zh="""以审计成员的名义，向每个成员逐段索取其声明的开启件，存入文件夹，供 audit replay
    --openings 使用。

    须持有审计成员（AUDITOR）的 REQUEST 密钥。每个应答都须有该成员的签名。中断后再运行，从已存的
    下一条继续。文件夹内有个案内容，只有本人可读。
    退出码：0 全部取得；1 密钥或成员不符；4 有成员未应答。

    \b
    示例：
      credit-ledger audit openings --member demo-auditor --key request.json -o openings \\
          --network network.json
      credit-ledger audit replay --network network.json --openings openings --out report.json
    """,
    en="""Ask every member, in the name of an auditor, for the openings of its statements, piece by
    piece, and keep them in a folder for `audit replay --openings`.

    It takes the REQUEST key of an AUDITOR member. Every answer must be signed by the member asked.
    Started again, it goes on behind what it has. The folder tells of cases: nobody but its owner
    can read it. Exit codes: 0 all are here; 1 not the key of an auditor; 4 a member did not answer.

    \b
    Examples:
      credit-ledger audit openings --member demo-auditor --key request.json -o openings \\
          --network network.json
      credit-ledger audit replay --network network.json --openings openings --out report.json
    """,
)
_REASONS = {
    "no-endpoint": {"zh": "没有登记地址", "en": "has registered no address"},
    "unreachable": {"zh": "无法连接", "en": "was not reached"},
    "too-slow": {"zh": "应答太慢", "en": "was too slow"},
    "busy": {"zh": "忙，请稍后再试", "en": "was busy: try again later"},
    "not-recognised": {"zh": "不认可本请求的签名", "en": "does not recognise our signature"},
    "refused": {"zh": "拒绝", "en": "refused"},
}
_FALSE = {"zh": "应答不成立", "en": "its answer does not hold"}


@click.command("openings", help=_HELP)
@auditor_options(key_required=True)
@network_options
@json_option
def openings(
    *,
    member: str,
    key: Path,
    password_files: tuple[Path, ...],
    out: Path,
    network: Path,
    rpc: tuple[str, ...],
    as_json: bool,
) -> int:
    """See `_HELP`."""
    with failures():
        signer = open_key(key, Purpose.REQUEST.name, password_files)
        told = _run(load_network(network, rpc), member, signer, out)
    if as_json:
        print_json({"member": member, "logs": [one.as_dict() for one in told]})
    else:
        _show(told)
    return EXIT_UNKNOWN if any(one.reason is not None for one in told) else 0


def _run(network: NetworkFile, member: str, signer: MessageSigner, folder: Path) -> list[Told]:
    from ledger.audit.ask_openings import Asker, subjects  # noqa: PLC0415 - see `--help`
    from ledger.chain.nodes.http import Http  # noqa: PLC0415

    clock = local_clock()
    http = Http()

    def now() -> int:
        return int(clock())

    try:
        with _chain(network) as (view, consortium):
            demand_auditor(consortium, member, signer, now())
            asker = Asker(
                member=member,
                consortium=consortium,
                signer=signer,
                http=http,
                folder=folder,
                now=now,
            )
            found = []
            with bars() as shown:
                for subject in subjects(view, consortium):
                    name = f"{subject.member} {subject.log.hex()[:12]}"
                    task = shown.add_task(name, total=subject.size)
                    advance = partial(_advance, shown, task)
                    found.append(asker.run(subject, advance))
            return found
    except OSError as error:
        raise Unknown(f"{folder}: {error.strerror}") from error
    finally:
        http.close()


def _advance(shown: Progress, task: TaskID, done: int) -> None:
    shown.update(task, completed=done)


@contextlib.contextmanager
def _chain(network: NetworkFile) -> Iterator[tuple[View, Consortium]]:
    """The latest head, and the Consortium at it."""
    from ledger.chain.contracts.bindings import Consortium  # noqa: PLC0415 - see `--help`
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415

    reader = QuorumReader(
        network, now=local_clock(), on_note=lambda told: note(pick(note_text(told)))
    )
    try:
        view = reader.head()
        yield view, Consortium(network.consortium, view.call, view.calls)
    except CouldNotCheck as error:
        text = say(zh="无法读取区块链", en="the chain could not be read")
        raise Unknown(f"{text}: {error}") from error
    finally:
        reader.close()


def _show(told: Sequence[Told]) -> None:
    table = Table(box=SIMPLE_HEAD)
    for title in (
        say(zh="成员", en="Member"),
        say(zh="日志", en="Log"),
        say(zh="条目", en="Entries"),
        say(zh="已应答", en="Answered for"),
        "",
    ):
        table.add_column(title)
    for one in told:
        cells: list[Any] = [one.member, one.log.hex()[:12], one.size, one.done, _why(one)]
        table.add_row(*(plain(cell) for cell in cells))
    stdout().print(table)


def _why(one: Told) -> str:
    """Why a member did not answer for all, for a person."""
    if one.reason is None:
        return ""
    text = pick(_REASONS.get(one.reason.code, _FALSE))
    more = one.reason.problem or (one.reason.code if one.reason.code not in _REASONS else "")
    return f"{text} ({more})" if more else text
