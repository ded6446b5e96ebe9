"""How commands run a replay: what they ask for, how far it is, and what they say beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ledger.cli.drawing import fetch_over_http
from ledger.cli.language import pick, say
from ledger.cli.options import local_clock
from ledger.cli.output import Unknown, note
from ledger.cli.problems import told as told_problem
from ledger.cli.progress import bars
from ledger.core.canonical import parse_day
from ledger.core.day_list import MAX_FILE
from ledger.core.errors import ConfigError, CouldNotCheck, Malformed
from ledger.core.verdict.facts import date_of
from ledger.core.verdict.verdict import note_text

if TYPE_CHECKING:
    from ledger.audit.judge_sums import SumsAsked
    from ledger.audit.kept import Found, Kept
    from ledger.audit.listed import Beside
    from ledger.audit.replay import Report
    from ledger.chain.network import NetworkFile
    from ledger.chain.nodes.addresses import Network
    from ledger.chain.nodes.http import Http
    from ledger.chain.nodes.quorum import QuorumReader
    from ledger.cli.report_signature import Signing
    from ledger.core.verdict.facts import Note
    from ledger.verify import Verifier


mirror_option = click.option(
    "--mirror",
    multiple=True,
    callback=lambda _context, _option, given: dict(_mirror(text) for text in given),
    metavar="CODE=URL",
    help=say(
        zh="从别处读取某成员的日志（可重复）。", en="Read a member's logs there (repeatable)."
    ),
)
"""`--mirror CODE=URL`, as URLs by codes."""


class BlockOrDay(click.ParamType[int | date]):
    """A block by its number, or a day YYYY-MM-DD in China: its last block."""

    name = "BLOCK|DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click."""
        if isinstance(value, int | date):
            return value
        if value.isascii() and value.isdigit() and len(value) <= _DIGITS:
            return int(value)
        try:
            return parse_day(value)
        except Malformed:
            text = say(
                zh="应为区块号或 YYYY-MM-DD 形式的日期",
                en="must be the number of a block, or a day YYYY-MM-DD",
            )
            self.fail(f"{value}: {text}", param, ctx)


_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be replayed, and how. lists, draws, sums: as the commands take them. to: number of
    the last block, or its day. resume: folder in which it goes on. processes: in which logs are
    read. signing: who signs it. private: networks in which members are asked beside public
    addresses; None: wherever they say."""

    openings: tuple[Path, ...] = ()
    lists: tuple[Path, ...] = ()
    draws: tuple[Path, ...] = ()
    calendar: Path | None = None
    mirrors: dict[str, str] = field(default_factory=dict)
    to: int | date | None = None
    check_mirrors: bool = False
    sums: SumsAsked | None = None
    gas: bool = False
    resume: Path | None = None
    signing: Signing | None = None
    processes: int = 1
    private: Sequence[Network] | None = None

    def options(self) -> Mapping[str, str]:
        """All that the report depends on beside network and block. Raises OSError."""
        from ledger.audit.kept import digest_of  # noqa: PLC0415 - see `--help`

        return {
            "--openings": digest_of(self.openings),
            "--lists": digest_of(self.lists),
            "--draws": digest_of(self.draws),
            "--calendar": digest_of([self.calendar] if self.calendar else []),
            "--check-mirrors": "yes" if self.check_mirrors else "",
            "--gas": "yes" if self.gas else "",
            "--from, --until, --by": "" if self.sums is None else str(self.sums),
        }


def run_replay(network: NetworkFile, asked: Asked) -> Report:
    """The report, with a bar while it is made. Raises BadParameter where a file cannot be read,
    Refused where its signer is no auditor, and Unknown where the chain cannot be read."""
    from ledger.audit.opening_files import NotOpenings, OpeningFiles  # noqa: PLC0415 - see `--help`
    from ledger.audit.replay import replay as run  # noqa: PLC0415
    from ledger.audit.replay_block import NoSuchBlock  # noqa: PLC0415
    from ledger.chain.nodes.http import Http  # noqa: PLC0415
    from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415
    from ledger.records.calendar import Calendar  # noqa: PLC0415

    clock = local_clock()
    reader = QuorumReader(network, now=clock, on_note=_show_note)
    https = Http(public=asked.private is not None, private_networks=asked.private or ())
    try:
        if asked.signing is not None:
            asked.signing.demand(network, reader.head())
        if isinstance(asked.to, date) and date_of(int(clock())) == asked.to.isoformat():
            text = "that day is not over: up to the newest final block"
            note(say(zh="该日尚未结束：止于最新的最终区块", en=text))
        with _kept(asked) as kept, bars() as shown:
            task = shown.add_task(say(zh="重放", en="replaying"), total=None)

            def progress(log: str, done: int, size: int) -> None:
                shown.update(task, completed=done, total=size, description=log[:12])

            return run(
                network,
                reader=reader,
                mirrors=asked.mirrors,
                to_block=asked.to,
                progress=progress,
                told=_show_mirror,
                openings=OpeningFiles(asked.openings) if asked.openings else None,
                calendar=Calendar.load(asked.calendar),
                check_mirrors=asked.check_mirrors,
                beside=_beside(network, reader, asked, https),
                sums=asked.sums,
                gas=asked.gas,
                kept=kept,
                processes=asked.processes,
                private=asked.private,
            )
    except NotOpenings as error:
        raise click.BadParameter(told_problem(error), param_hint="--openings") from error
    except ConfigError as error:
        raise click.BadParameter(told_problem(error), param_hint="--calendar") from error
    except NoSuchBlock as error:
        raise Unknown(pick(error.words)) from error
    except CouldNotCheck as error:
        text = say(zh="无法读取区块链", en="the chain could not be read")
        raise Unknown(f"{text}: {error}") from error
    finally:
        https.close()
        reader.close()


@contextmanager
def _kept(asked: Asked) -> Iterator[Kept | None]:
    """The folder in which the replay goes on; None: in none. Raises BadParameter."""
    if asked.resume is None:
        yield None
        return
    from ledger.audit.kept import RESUME_PROBLEMS, CannotResume, Kept  # noqa: PLC0415

    try:
        kept = Kept(asked.resume, asked.options(), told=_show_kept)
        try:
            if kept.asked is not None:
                number = kept.asked.number
                note(say(zh=f"继续重放，止于区块 {number}", en=f"goes on, up to block {number}"))
            yield kept
        finally:
            kept.close()
    except CannotResume as error:
        told = f"{asked.resume}: {pick(RESUME_PROBLEMS[error.code])}"
        told += f": {error.what}" if error.what else ""
        raise click.BadParameter(told, param_hint="--resume") from error
    except OSError as error:
        raise click.BadParameter(f"{error.filename}: {error.strerror}") from error


def _beside(network: NetworkFile, reader: QuorumReader, asked: Asked, https: Http) -> Beside | None:
    """What holds files against the replay; None where there are none."""
    if not asked.lists and not asked.draws:
        return None
    from ledger.audit.listed import Together  # noqa: PLC0415 - see `--help`
    from ledger.verify import Verifier  # noqa: PLC0415

    verifier = Verifier(network, reader=reader, now=local_clock())
    parts = [*_lists(verifier, asked.lists), *_draws(network, verifier, reader, asked, https)]
    return Together(parts)


def _lists(verifier: Verifier, paths: tuple[Path, ...]) -> Iterator[Beside]:
    if not paths:
        return
    from ledger.files.list_audit import ListAudit, NotLists  # noqa: PLC0415 - see `--help`

    try:
        yield ListAudit(verifier, {str(path): _bytes(path) for path in paths})
    except NotLists as error:
        raise click.BadParameter(str(error), param_hint="--lists") from error


def _draws(
    network: NetworkFile, verifier: Verifier, reader: QuorumReader, asked: Asked, https: Http
) -> Iterator[Beside]:
    if not asked.draws:
        return
    from ledger.chain.contracts.bindings import Consortium  # noqa: PLC0415 - see `--help`
    from ledger.files.draw_files import DrawAudit, Papers  # noqa: PLC0415

    view = reader.head()
    consortium = Consortium(network.consortium, view.call, view.calls)
    yield DrawAudit(
        verifier=verifier,
        reader=reader,
        folders=asked.draws,
        papers=Papers(asked.openings),
        fetch_for=fetch_over_http(consortium, https, asked.mirrors),
    )


def _bytes(path: Path) -> bytes:
    """A file; of one that is too long for any list so much that it is seen."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror}", param_hint="--lists") from error


def _show_note(told: Note) -> None:
    """Something about a node, on stderr; the report is the same without."""
    note(pick(note_text(told)))


def _show_mirror(log: str, member: str) -> None:
    """Whose copy of a log was read, on stderr; the report is the same without."""
    note(
        say(
            zh=f"日志 {log[:12]} 的成员没有提供全部内容，已改读成员 {member} 的镜像",
            en=f"log {log[:12]}: its member does not serve all of it, read from the mirror of"
            f" {member}",
        )
    )


def _show_kept(log: str, found: Found, at: int) -> None:
    """From where on a log is read, on stderr; the report is the same."""
    if found == "kept":
        text = say(zh=f"从第 {at} 条继续", en=f"goes on at entry {at}")
    elif found == "damaged":
        text = say(
            zh=f"所存内容有损坏，从第 {at} 条重新读取",
            en=f"what was kept is damaged: read again from entry {at}",
        )
    else:
        return
    note(say(zh=f"日志 {log[:12]}：{text}", en=f"log {log[:12]}: {text}"))


def _mirror(text: str) -> tuple[str, str]:
    from ledger.audit.tiles import is_plain_url  # noqa: PLC0415 - `--help` need not wait for it

    code, _, url = text.partition("=")
    if not code or not is_plain_url(url):
        wanted = say(zh="应为 CODE=URL", en="must be CODE=URL")
        raise click.BadParameter(f"{text}: {wanted}", param_hint="--mirror")
    return code, url
