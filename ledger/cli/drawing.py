"""A draw while it is made: what is read from chain, logs and folder, and asked of members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli.auditors import demand_auditor
from ledger.cli.language import say
from ledger.cli.options import local_clock
from ledger.cli.output import Unknown, write_file
from ledger.cli.problems import told
from ledger.cli.progress import bars
from ledger.core.draw import Draw, Drawn, DrawnLog
from ledger.core.errors import CouldNotCheck
from ledger.core.ids import Digest, sha256
from ledger.core.keys import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.audit.asking import Line
    from ledger.audit.draws import FetchFor
    from ledger.chain.contracts.bindings import Consortium
    from ledger.chain.keys.signers import MessageSigner
    from ledger.chain.network import NetworkFile
    from ledger.chain.nodes.http import Http
    from ledger.chain.nodes.quorum import QuorumReader
    from ledger.files.draw_audit import DrawJudge


class Drawing:
    """What one draw needs, while it is open."""

    def __init__(
        self,
        network: NetworkFile,
        member: str,
        signer: MessageSigner | None,
        folder: Path,
        mirrors: Mapping[str, str],
    ) -> None:
        self._network = network
        self._member = member
        self._signer = signer
        self._folder = folder
        self._mirrors = mirrors
        self._clock: Callable[[], float] = local_clock()
        self.unread: list[str] = []

    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    @contextmanager
    def open(self) -> Iterator[None]:
        """Connections to the chain and to members. Raises Unknown where the chain is not read."""
        from ledger.chain.contracts.bindings import Consortium  # noqa: PLC0415 - see `--help`
        from ledger.chain.nodes.http import Http  # noqa: PLC0415
        from ledger.chain.nodes.quorum import QuorumReader  # noqa: PLC0415

        self._reader: QuorumReader = QuorumReader(self._network, now=self._clock)
        self._http: Http = Http()
        try:
            self._view = self._reader.head()
            self._consortium: Consortium = Consortium(
                self._network.consortium, self._view.call, self._view.calls
            )
            if self._signer is not None:
                demand_auditor(self._consortium, self._member, self._signer, self.now())
            yield
        except CouldNotCheck as error:
            text = say(zh="无法核对", en="it could not be checked")
            raise Unknown(f"{text}: {error}") from error
        except OSError as error:
            raise Unknown(f"{self._folder}: {error.strerror}") from error
        finally:
            self._http.close()
            self._reader.close()

    # ---- the draw

    def draw(self, day: date, members: tuple[str, ...], count: int) -> Draw:
        """Draw; which logs could not be read is kept in `unread`."""
        from ledger.audit.draws import draw as run  # noqa: PLC0415 - see `--help`

        made, unread = run(
            self._reader,
            self._view,
            auditor=self._member,
            day=day,
            members=sorted(set(members)) or self._provinces(),
            count=count,
            fetch_for=fetch_over_http(self._consortium, self._http, self._mirrors),
        )
        self.unread = [str(one) for one in unread]
        return made

    def _provinces(self) -> list[str]:
        members = self._consortium.members()
        return sorted(one.code for one in members if one.roles & Role.PROVINCE)

    def disclose(self, made: Draw, given: tuple[Path, ...]) -> Draw:
        """Have every record disclosed that is not yet: by what is in the folder, by what was handed
        over, by asking."""
        from ledger.core.receipt import parse  # noqa: PLC0415 - see `--help`
        from ledger.files.draw_files import RECEIPTS, read_receipts  # noqa: PLC0415

        kept = self._folder / RECEIPTS
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        held: dict[Digest, bytes] = {}
        for data in read_receipts([kept, *given]).values():
            with _told_as_bad():
                held[parse(data).leaf] = data
        line = self._line()
        logs = []
        with bars() as shown:
            task = shown.add_task(say(zh="索取", en="asking"), total=_leaves(made))
            for log in made.logs:
                leaves = []
                for drawn in log.leaves:
                    leaves.append(self._one(made, log, drawn, held, line))
                    shown.advance(task)
                logs.append(replace(log, leaves=tuple(leaves)))
        return replace(made, logs=tuple(logs))

    def _line(self) -> Line | None:
        from ledger.audit.asking import Line  # noqa: PLC0415 - see `--help`

        if self._signer is None:
            return None
        return Line(
            member=self._member,
            consortium=self._consortium,
            signer=self._signer,
            http=self._http,
            now=self.now,
        )

    def _one(
        self,
        made: Draw,
        log: DrawnLog,
        drawn: Drawn,
        held: Mapping[Digest, bytes],
        line: Line | None,
    ) -> Drawn:
        from ledger.audit.ask_drawn import NOT_ASKED, disclosed  # noqa: PLC0415 - see `--help`
        from ledger.audit.asking import NotAnswered  # noqa: PLC0415

        data = held.get(drawn.leaf)
        if data is None and line is None:
            return replace(drawn, refused=NOT_ASKED)
        if data is None and line is not None:
            found = self._consortium.member(log.member)
            try:
                endpoint = "" if found is None else found.endpoint
                data = disclosed(line, log.member, endpoint, made, drawn)
            except NotAnswered as error:
                refused = error.problem if error.code == "refused" else error.code
                return replace(drawn, refused=refused)
        assert data is not None  # noqa: S101 - given, or asked for
        write_file(self._folder / "receipts" / f"{drawn.leaf.hex()}.json", data, private=True)
        return replace(drawn, given=sha256(data))

    # ---- what comes of it

    def judge(self, made: Draw, answers: tuple[Path, ...]) -> DrawJudge:
        """Hold it against the answers."""
        from ledger.audit.findings import Findings  # noqa: PLC0415 - see `--help`
        from ledger.files.draw_audit import DrawJudge  # noqa: PLC0415
        from ledger.files.draw_files import RECEIPTS, Papers, read_receipts  # noqa: PLC0415
        from ledger.verify import Verifier  # noqa: PLC0415

        verifier = Verifier(self._network, reader=self._reader, now=self._clock)
        judge = DrawJudge(verifier=verifier, findings=Findings())
        judge.draw(made, read_receipts([self._folder / RECEIPTS]))
        papers = Papers(answers)
        with _told_as_bad():
            judge.answers(papers.answers())
            judge.queries(papers.queries())
        return judge


def fetch_over_http(consortium: Consortium, http: Http, mirrors: Mapping[str, str]) -> FetchFor:
    """Logs as their members serve them, or whoever stands in for them."""
    from ledger.audit.tiles import HttpFetch, is_plain_url, log_url  # noqa: PLC0415 - see `--help`

    def fetch_for(member: str, log: bytes) -> HttpFetch | None:
        found = consortium.member(member)
        base = mirrors.get(member) or ("" if found is None else found.endpoint)
        return HttpFetch(http, log_url(base, log)) if is_plain_url(base) else None

    return fetch_for


@contextmanager
def _told_as_bad() -> Iterator[None]:
    """What is wrong with a file that was named."""
    from ledger.audit.opening_files import NotOpenings  # noqa: PLC0415 - see `--help`
    from ledger.core.errors import EvidenceError, VersionUnknown  # noqa: PLC0415

    try:
        yield
    except (NotOpenings, EvidenceError, VersionUnknown) as error:
        raise click.UsageError(told(error)) from error


def _leaves(made: Draw) -> int:
    return sum(len(log.leaves) for log in made.logs)
