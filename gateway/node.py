"""One gateway, put together: the only place that knows every part.

Everything that serves or works is given its parts; nothing is global.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread

import sqlalchemy as sa
import structlog

from gateway.about.collector import NodeCollector
from gateway.about.figures import NodeFigures
from gateway.accesses.services import AccessLog
from gateway.accesses.tasks import tidier
from gateway.anchoring.services import Anchoring
from gateway.anchoring.sync import lose_chain
from gateway.anchoring.tasks import LOOK_AGAIN_SECONDS, Anchorer
from gateway.authorisations.store import gauges as revocation_gauges
from gateway.authorisations.store import hand_again
from gateway.authorisations.store import send_again as revoke_again
from gateway.authorisations.tasks import handing_over, revoker
from gateway.authorisations.wiring import AuthorisationParts
from gateway.base import threads
from gateway.base.access_table import Standing
from gateway.base.context import Context
from gateway.base.crypto import Hmac, Vault
from gateway.base.db import close_engine
from gateway.base.keyring import KeyFolder, Keyring
from gateway.base.lease import Lease, watcher
from gateway.base.schema_folder import SchemaWatch
from gateway.base.settings import Settings
from gateway.base.who import WhoWatch
from gateway.casefiles.store import forget_records as forget_rows
from gateway.casefiles.wiring import CaseFileParts, make_case_files
from gateway.cases import store as case_store
from gateway.cases.figures import RepairCounts
from gateway.cases.routes import CaseParts
from gateway.cases.tasks import proposal_tidier, sender
from gateway.cases.wiring import make_cases
from gateway.chain.nodes import NodeWatch
from gateway.chain.outbox import Outbox
from gateway.chain.signing import Signing
from gateway.chain.view import ChainView
from gateway.erasures.services import Erasures
from gateway.erasures.tasks import eraser
from gateway.explorer.services import Explorer, make_explorer
from gateway.files.services import Files
from gateway.files.store import FileStore
from gateway.files.tasks import file_workers
from gateway.finance import Finance, make_finance
from gateway.giving import Giving, make_giving
from gateway.intake.calendar_file import CalendarWatch
from gateway.intake.pool import Workers
from gateway.intake.services import Intake
from gateway.jobs.services import Jobs
from gateway.log.services import Logs
from gateway.log.tasks import Integrator
from gateway.making import (
    database_keeper,
    make_intake,
    make_outbox,
    make_reader,
    make_workers,
    make_worklists,
    open_context,
    receipt_of,
)
from gateway.mirrors.services import Mirrors
from gateway.mirrors.store import lose_mirrors
from gateway.mirrors.tasks import MirrorFollower
from gateway.mirrors.witnesses import Witnesses
from gateway.peers.drawn import LoggedDraws
from gateway.peers.parts import PeerParts, make_parts
from gateway.peers.tasks import MessageSender, message_giver, nonce_tidier
from gateway.products import store as product_store
from gateway.products.tasks import noticer
from gateway.products.tasks import sender as product_sender
from gateway.products.wiring import ProductsHere
from gateway.quality.services import QualityFiles
from gateway.quality.tasks import closer
from gateway.queries.store import forget as forget_uses
from gateway.receipts.services import Receipts
from gateway.reports.store import forget as forget_reports
from gateway.sealing.tasks import ContentKeyWatch
from gateway.statements.batch import DailyBatch
from gateway.statements.making import Maker
from gateway.statements.openings import LoggedOpenings
from gateway.statements.services import Statements
from gateway.statements.tasks import batcher
from gateway.statuses.acknowledging import Acknowledger
from gateway.statuses.following import Follower
from gateway.statuses.services import Statuses
from gateway.statuses.store import hold as hold_closed
from gateway.statuses.tasks import LONGEST_PAUSE, StatusFollower
from gateway.subjects.services import SubjectCheck
from gateway.subjects.tasks import SubjectWatch
from gateway.tokens.services import Holders
from gateway.verifying.services import Verifying
from gateway.watching.notices import ProductNotices
from gateway.watching.services import Watching
from gateway.webhooks.figures import gauges as webhook_gauges
from gateway.webhooks.wiring import WebhookParts
from gateway.worklists.services import Worklists
from ledger.chain.keys.wellknown import DEV_CHAIN_ID
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.quorum import QuorumReader
from ledger.core.errors import ConfigError

STOP_SECONDS = 30.0
"""How long `stop` waits for a step to end; a step is one batch or one call to a chain node."""
FIRST_LOOK_SECONDS = 5.0
"""How long `start` waits for the first look at the chain. Where that is down or silent, what was
known of it last must do: intake does not depend on the chain."""


_log = structlog.get_logger(__name__)


@dataclass(kw_only=True)
class Node:
    """All parts of one gateway. Nobody below knows it: each is given what it needs.

    lease: held by the one gateway on this database that integrates and anchors.
    """

    ctx: Context
    chain: ChainView
    reader: QuorumReader
    outbox: Outbox
    signing: Signing
    vault: Vault
    hmac: Hmac
    holders: Holders
    accesses: AccessLog
    workers: Workers
    lease: Lease
    logs: Logs
    anchoring: Anchoring
    intake: Intake
    jobs: Jobs
    file_store: FileStore
    files: Files
    receipts: Receipts
    statement_maker: Maker
    statements: Statements
    daily_batch: DailyBatch
    subjects: SubjectCheck
    quality: QualityFiles
    worklists: Worklists
    content_keys: ContentKeyWatch
    peers: PeerParts
    follower: Follower
    acknowledger: Acknowledger
    statuses: Statuses
    mirrors: Mirrors
    witnesses: Witnesses
    case_parts: CaseParts = field(init=False)
    case_files: CaseFileParts = field(init=False)
    giving: Giving = field(init=False)
    erasures: Erasures = field(init=False)
    notices: ProductNotices = field(init=False)
    watching: Watching = field(init=False)
    finance: Finance = field(init=False)
    figures: NodeFigures = field(init=False)
    explorer: Explorer = field(init=False)
    verifying: Verifying = field(init=False)
    _stop: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list)
    _sender: MessageSender | None = None

    def __post_init__(self) -> None:
        """Tell those who stand apart whom to ask."""
        self.peers.exchange.ask_openings(LoggedOpenings(self.ctx, self.statements))
        self.peers.exchange.ask_draws(LoggedDraws(self.ctx, self.peers.reader))
        self.peers.exchange.ask_status(lambda record: Standing(self.statuses(record).value))
        self.case_parts = make_cases(
            self.ctx,
            statements=self.statements,
            chain=self.chain,
            reader=self.reader,
            outbox=self.outbox,
            signing=self.signing,
            vault=self.vault,
            hmac=self.hmac,
            accesses=self.accesses,
            who=self.workers.who,
            calendar=self.workers.calendar,
            peers=self.peers,
            tokens=self.holders,
            acknowledged=self.statuses.acknowledged,
        )
        self.notices = ProductNotices(self.vault)
        self.finance = make_finance(self)
        self.peers.messages.give({"case": self.case_parts.inbox, **self.finance.inboxes})
        self.case_files = make_case_files(
            self.case_parts, self.hmac, self.accesses, self.holders, self.worklists
        )
        self.case_files.follow(self.intake, self.files, self.file_store)
        self.giving = make_giving(self)
        self.watching = Watching(self.ctx, self.notices)
        self.verifying = Verifying(self.ctx)
        self.figures = NodeFigures(self.ctx, RepairCounts(self.ctx.settings.node.code))
        self.explorer = make_explorer(self.ctx)
        self.erasures = Erasures(
            self.ctx, self.file_store, self.signing, self.accesses, forget=_forget
        )

    @property
    def authorisations(self) -> AuthorisationParts:
        """Consents of subjects: made, held, judged, taken back."""
        return self.finance.authorisations

    @property
    def products(self) -> ProductsHere:
        """Products made of records."""
        return self.finance.products

    @property
    def webhooks(self) -> WebhookParts:
        """Events sent to programs of whoever watches."""
        return self.finance.webhooks

    @property
    def collector(self) -> NodeCollector:
        """The figures of this node, for whoever scrapes them."""
        return NodeCollector(
            ctx=self.ctx,
            chain=self.chain,
            signing=self.signing,
            lease=self.lease,
            calendar=self.workers.calendar,
            vault=self.vault,
            who=self.workers.who,
            subjects=self.subjects,
            statuses=self.statuses,
            case_acts=case_store.act_figures,
            cases=lambda connection: (
                *self.case_parts.figures.gauges(connection),
                *revocation_gauges(connection),
                *product_store.gauges(connection),
            ),
            webhooks=webhook_gauges,
        )

    def start(self) -> None:
        """Start the threads that integrate, anchor and read files. Raises ConfigError."""
        self.lease.demand_usable()
        self.ctx.signals.promised.set()
        self.peers.directory.list_anew()  # before the first of them asks
        self._sender = MessageSender(self.peers.outbox, self.peers.asking)
        papers = self.authorisations
        steps: list[tuple[str, threads.Step]] = [
            ("lease", watcher(self.lease, self.ctx.signals.wake_all)),
            ("integrator", Integrator(self.ctx, self.logs, self.lease)),
            *file_workers(self.ctx, self.jobs, self.file_store, self.files),
            ("access-log", tidier(self.accesses, self.ctx.settings.accesses.keep_days)),
            ("content-keys", self.content_keys),
            ("quality", closer(self.quality)),
            ("statements", batcher(self.daily_batch)),
            ("acts", sender(self.ctx, self.case_parts.sending, self.lease)),
            ("proposals", proposal_tidier(self.case_parts.waiting, self.case_parts.drafts)),
            ("products", product_sender(self.ctx, self.products.sending, self.lease)),
            ("product-notices", noticer(self.products.noticing, self.lease)),
            ("revocations", revoker(self.ctx, papers.sending, papers.keeping, self.lease)),
            ("handover", handing_over(papers.handover, self.lease)),
            ("case-files", self.case_files.worker(self.lease)),
            ("erasures", eraser(self.erasures, self.lease)),
            ("calendar", CalendarWatch(self.workers.calendar, self.ctx.clock)),
            ("who", WhoWatch(self.workers.who)),
            ("subjects", SubjectWatch(self.subjects)),
            ("schemas", SchemaWatch(self.ctx.schemas)),
            ("nonces", nonce_tidier(self.ctx.engine, self.ctx.clock)),
            ("messages", self._sender),
            ("inbox", message_giver(self.peers.messages)),
            ("mirrors", MirrorFollower(self.mirrors, self.witnesses, self.lease)),
            ("chain-nodes", NodeWatch(self.ctx)),
            *self.webhooks.steps(self.lease),
            database_keeper(self.ctx.engine),
            *self.logs.steps(self.lease),
        ]
        anchorer = Anchorer(self.ctx, self.anchoring, self.lease)
        self._threads.append(
            threads.start("anchorer", anchorer, self._stop, longest=LOOK_AGAIN_SECONDS)
        )
        follower = StatusFollower(self.follower, self.acknowledger, self.lease)
        self._threads.append(threads.start("statuses", follower, self._stop, longest=LONGEST_PAUSE))
        # What `restore` made is unproven and waits by itself; a database that was copied by other
        # means is best found out before it promises or publishes.
        self.ctx.signals.looked.wait(FIRST_LOOK_SECONDS)
        for name, step in steps:
            self._threads.append(threads.start(name, step, self._stop))
        self.workers.warm_up()

    def stop(self) -> None:
        """End the threads after the step they are in. Harmless where none was started."""
        self._stop.set()
        self.ctx.signals.wake_all()
        for thread in self._threads:
            thread.join(STOP_SECONDS)
        self._threads.clear()
        if self._sender is not None:
            self._sender.close()
        self.webhooks.end()
        try:
            self.lease.release()
        except (sa.exc.OperationalError, ConfigError):
            # The database or its folder is gone; the lease runs out by itself.
            _log.warning("lease.kept")

    def close(self) -> None:
        """Close database, connections and processes. Threads must have been stopped."""
        for close in (
            *(self.logs.leave_files, self.workers.close, self.files.close, self.worklists.close),
            *(self.mirrors.close, self.reader.close, self.outbox.close, self.peers.close),
            *(self.verifying.close, self.explorer.close, self.finance.close, self.lease.close),
        ):
            close()
        close_engine(self.ctx.engine)


def _forget(connection: sa.Connection, records: Collection[bytes]) -> None:
    """Destroy what is kept of records beside themselves and their cases."""
    forget_rows(connection, records)
    forget_reports(connection, records)
    forget_uses(connection, records)


def open_node(settings: Settings, *, beside: bool = False) -> Node:
    """Open keys and database, bring the tables up to date. beside: a gateway may be running, so
    the tables must be of this version already. Raises ConfigError."""
    network = NetworkFile.load(settings.network, development=settings.env == "development")
    if settings.rpc:
        network = network.with_rpc(settings.rpc)
    if settings.env == "production" and network.chain_id == DEV_CHAIN_ID:
        raise ConfigError("network", f"chain {DEV_CHAIN_ID} is for development only")
    if network.chain_id == DEV_CHAIN_ID:
        _log.warning("chain.development", chain=network.chain_id)
    folder = KeyFolder.of(settings)
    node = make_node(settings, network, folder.first(), key_folder=folder, beside=beside)
    node.signing.take_up()
    return node


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What every domain may be given."""

    ctx: Context
    keys: Keyring
    chain: ChainView
    signing: Signing
    accesses: AccessLog
    vault: Vault
    hmac: Hmac
    workers: Workers


def make_node(
    settings: Settings,
    network: NetworkFile,
    keys: Keyring,
    *,
    key_folder: KeyFolder | None = None,
    beside: bool = False,
) -> Node:
    """Put a node together of parts that are open already."""
    vault = Vault(keys.content)
    workers = make_workers(settings, vault, keys)  # before the database: a wrong file ends it here
    ctx = open_context(settings, network, beside=beside)
    chain = ChainView(ctx.engine)
    chain.load(network, _lose)
    ground = _Ground(
        ctx=ctx,
        keys=keys,
        chain=chain,
        signing=Signing(ctx, chain, keys, key_folder),
        accesses=AccessLog(ctx.engine, ctx.clock),
        vault=vault,
        hmac=Hmac(keys.index),
        workers=workers,
    )
    content = key_folder.content if key_folder else None
    return _put_together(ground, ContentKeyWatch(ctx, vault, content, workers.wrap_with))


def _put_together(ground: _Ground, content_keys: ContentKeyWatch) -> Node:
    ctx, chain, signing = ground.ctx, ground.chain, ground.signing
    accesses, vault, hmac, workers = ground.accesses, ground.vault, ground.hmac, ground.workers
    reader, outbox = make_reader(ctx), make_outbox(ctx, ground.keys)
    holders = Holders(ctx.engine, hmac, workers.who, ctx.clock)
    logs = Logs(ctx, signing)
    intake = make_intake(ctx, chain, signing, vault=vault, workers=workers, accesses=accesses)
    file_store = FileStore(ctx.engine, vault, ctx.settings.files)
    receipts = Receipts(ctx, vault, signing, accesses)
    mirrors = Mirrors(ctx, chain=chain, reader=reader, signing=signing)
    maker = Maker(ctx, chain=chain, signing=signing, vault=vault, hmac=hmac)
    statements = Statements(ctx, maker, vault, partial(receipt_of, receipts))
    return Node(
        ctx=ctx,
        chain=chain,
        reader=reader,
        outbox=outbox,
        signing=signing,
        vault=vault,
        hmac=hmac,
        holders=holders,
        accesses=accesses,
        workers=workers,
        lease=Lease(ctx.engine),
        logs=logs,
        anchoring=Anchoring(
            ctx, chain=chain, reader=reader, outbox=outbox, signing=signing, logs=logs
        ),
        intake=intake,
        jobs=Jobs(ctx.engine),
        file_store=file_store,
        files=Files(ctx, file_store, intake, holders),
        receipts=receipts,
        statement_maker=maker,
        statements=statements,
        daily_batch=DailyBatch(ctx, maker, vault),
        subjects=SubjectCheck(ctx, vault, hmac, workers.who, accesses),
        quality=QualityFiles(ctx, signing),
        worklists=make_worklists(ctx, accesses, workers, vault=vault, hmac=hmac),
        content_keys=content_keys,
        follower=Follower(ctx, reader),
        acknowledger=Acknowledger(ctx, chain, outbox, signing),
        statuses=Statuses(ctx),
        peers=make_parts(ctx, chain, signing, vault=vault, receipts=receipts, accesses=accesses),
        mirrors=mirrors,
        witnesses=Witnesses(ctx, chain, mirrors.http),
    )


def _lose(connection: sa.Connection) -> None:
    """The chain was lost and another one stands in its place: logs are anchored again, our acts and
    revocations go again, authorisations with receipts of this one, and what was closed stays so
    until this one was followed."""
    lose_chain(connection)
    lose_mirrors(connection)
    hold_closed(connection)
    case_store.refile(connection)
    product_store.refile(connection)
    revoke_again(connection)
    hand_again(connection)
