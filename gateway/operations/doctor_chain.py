"""What a doctor finds on the chain, and in the database as compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import sqlalchemy as sa

from gateway.anchoring.sync import standing
from gateway.base.clock import Clock
from gateway.base.db import begin_read
from gateway.base.keyring import ROTATED, KeyFolder, Keyring
from gateway.base.settings import Settings
from gateway.chain.interfaces import MemberFacts, OwnKey, RecordType
from gateway.chain.reading import read_facts
from gateway.chain.signing import valid_keys
from gateway.mirrors.store import all_mirrors
from gateway.operations.findings import Finding, Level, finding
from gateway.operations.relog import stranded_records
from gateway.operations.relog_statements import stranded_statements
from gateway.statuses.store import read_error, read_position
from ledger.chain.contracts.bindings import CASE_REGISTRY, CaseRegistry, Consortium
from ledger.chain.network import NetworkFile
from ledger.chain.nodes.blocks import Block, Reader, amount
from ledger.chain.nodes.failover import Failover
from ledger.chain.nodes.heights import NodeState, look
from ledger.chain.nodes.quorum import QuorumReader, View
from ledger.chain.nodes.rpc import Rpc
from ledger.chain.sending.fees import suggest
from ledger.cli.times import shown_time
from ledger.core.canonical import instant
from ledger.core.errors import ConfigError, CouldNotCheck
from ledger.core.keys import Purpose
from ledger.records.store import Library

ANY_AGE = 10**10
"""Seconds: a chain may make blocks only for transactions."""
ANCHOR_GAS = 300_000
"""About what an anchor uses."""
FEW, NONE = 1000, 10
"""Anchors that the payer can pay for: fewer are a warning, or a problem."""
FAR_BEHIND = 5
"""Blocks: nodes are asked one after another by the clock, and take a moment to hear of a block."""
DAY = 86_400
LAST = 253_402_300_799
"""The last second of 9999, beyond which a date has no text: such a key never ends."""


class ChainChecks:
    """One look at the chain. keys: the first of each purpose, and once `run` has read the chain
    those that a gateway signs with by it."""

    def __init__(
        self,
        settings: Settings,
        network: NetworkFile,
        folder: KeyFolder,
        engine: sa.Engine,
        clock: Clock,
    ) -> None:
        """Take up the first key of each purpose. Raises ConfigError where one cannot be opened."""
        self._settings = settings
        self._network = network
        self._folder = folder
        self.keys: Keyring = folder.first()
        self._engine = engine
        self._clock = clock

    def run(self, horizon: int) -> Iterator[Finding]:
        """horizon: days for which keys should still be valid."""
        yield self._nodes()
        network = replace(self._network, max_head_age=ANY_AGE)
        try:
            nodes = QuorumReader(network, now=self._clock.of_chain, max_ahead=None)
        except ConfigError as error:
            yield finding("chain", Level.PROBLEM, error=error)
            return
        with closing(nodes) as reader:
            try:
                view = reader.head()
                yield finding("chain", Level.OK, block=view.block.number)
                facts = self._facts(view)
                if facts is None:
                    yield finding("member-unknown", Level.PROBLEM, member=self._member_code)
                    return
                yield from self._member(facts, horizon)
                yield from self._rules(facts)
                yield from self._logs(view, facts)
                yield from self._statuses(view, facts)
                yield self._payer(view.block)
            except (CouldNotCheck, ConfigError) as error:
                yield finding("chain", Level.PROBLEM, error=error)

    @property
    def _member_code(self) -> str:
        return self._settings.node.code

    def _facts(self, view: View) -> MemberFacts | None:
        """None: the chain knows no such member. Raises as `read_facts` does otherwise."""
        try:
            library = Library.load(self._settings.schemas)
            return read_facts(view, self._network, self._member_code, library)
        except ConfigError as error:
            if error.setting != "node.code":
                raise
            return None

    def _member(self, facts: MemberFacts, horizon: int) -> Iterator[Finding]:
        yield finding("member", Level.OK if facts.active else Level.PROBLEM)
        now = max(self._clock.seconds(), facts.block_time)
        self.keys = self._folder.choose(self.keys, valid_keys(facts, now), tell=False)
        for purpose in ROTATED:
            ours = self._held(purpose)
            if not ours:  # it takes no part in the exchange, or was set up before there was a key
                if purpose is Purpose.CASE:
                    yield finding("case-key", Level.WARNING)
                continue
            valid = [
                key
                for key in facts.keys
                if key.purpose == purpose and key.key_id in ours and key.valid_at(now)
            ]
            if not ours & {key.key_id for key in facts.keys}:
                shown = ", ".join(sorted(key[:8] for key in ours))
                said = {"purpose": purpose.name, "key": shown, "member": self._member_code}
                yield finding("key-unregistered", Level.PROBLEM, **said)
                continue
            end = max((key.not_after for key in valid), default=0)
            level = Level.OK if end > now + horizon * DAY else Level.WARNING
            if not valid:  # since when none is
                ends = (_end_of(key) for key in facts.keys if key.key_id in ours)
                end = max(ends, default=0)
            yield finding(
                "key",
                level if valid else Level.PROBLEM,
                purpose=purpose.name,
                key=", ".join(sorted(key[:8] for key in ours)),
                until=shown_time(end) if 0 < end <= LAST else "-",
            )

    def _rules(self, facts: MemberFacts) -> Iterator[Finding]:
        """Whether each rules file is here that is in force or will be; at least one finding."""
        library = Library.load(self._settings.schemas)
        now = max(self._clock.seconds(), facts.block_time)
        missing = False
        for item in (*facts.rules, *facts.measures):
            held = library.rules(item.content_hash) is not None
            later = item.since > now
            counts = later or item == self._now(facts, item, now)
            if held or not counts or 0 < item.until <= now:
                continue
            missing = True
            said = {"name": item.name, "version": item.version, "hash": item.content_hash}
            level = Level.WARNING if later else Level.PROBLEM
            yield finding("rules-file", level, since=instant(min(item.since, LAST))[:10], **said)
        if not missing:
            yield finding("rules-file", Level.OK)

    @staticmethod
    def _now(facts: MemberFacts, item: RecordType, now: int) -> RecordType | None:
        """The version in force of that item."""
        if item in facts.measures:
            return facts.measures_item(now)
        return facts.rules_item(item.name, now)

    def _held(self, purpose: Purpose) -> set[str]:
        former = self.keys.former if purpose is Purpose.ANCHOR else ()
        now = self.keys.registered.get(purpose)
        return {signer.key_id.hex() for signer in (now, *former) if signer is not None}

    def _logs(self, view: View, facts: MemberFacts) -> Iterator[Finding]:
        yield finding("open-log", Level.OK if facts.open_log else Level.PROBLEM)
        for fact in facts.logs:
            health = standing(self._engine, view, facts, fact).health
            level = Level.OK
            if health.fault is not None:  # a closed log hinders nobody, but its receipts are away
                level = Level.PROBLEM if fact.open else Level.WARNING
            found = finding("log", level, log=fact.log_id[:16], state=health.condition, error="")
            said = health.explain()
            if level is not Level.OK:
                text = {lang: found.text[lang] + said[lang] for lang in ("zh", "en")}
                found = replace(found, text=text)
            yield found
        with begin_read(self._engine) as connection:
            closed = {
                bytes.fromhex(fact.log_id): fact.trusted_size
                for fact in facts.logs
                if not fact.open
            }
            count = stranded_records(connection, closed)
            count += stranded_statements(connection, closed)
        yield from found_mirrors(self._engine)
        yield finding("stranded", Level.PROBLEM if count else Level.OK, count=count)

    def _statuses(self, view: View, facts: MemberFacts) -> Iterator[Finding]:
        """Whether all acts on records were carried out, and acknowledged."""
        registry = Consortium(self._network.consortium, view.call).current(CASE_REGISTRY)
        if registry is None:
            return
        contract = CaseRegistry(registry, view.call)
        there = contract.latest().count
        with begin_read(self._engine) as connection:
            followed, error = read_position(connection).count, read_error(connection)
        said = {"count": followed, "there": there}
        if error is not None:
            yield finding("statuses-unclear", Level.PROBLEM, error=error, **said)
        else:
            yield finding("statuses", Level.OK if followed >= there else Level.WARNING, **said)
        done = contract.acknowledged(facts.member).count
        level = Level.OK if done >= there or not facts.active else Level.WARNING
        yield finding("acknowledged", level, count=done, behind=there - done)

    def _nodes(self) -> Finding:
        """Whether each node answers and is where the others are: a quorum hides those that are not
        well until there are too many of them."""
        states = look(self._network)
        top = max((one.block.number for one in states if one.block), default=0)
        ill = [text for one in states if (text := _ill(one, top))]
        level = Level.WARNING if ill else Level.OK
        return finding("chain-nodes", level, count=len(states), nodes="; ".join(ill) or "-")

    def _payer(self, head: Block) -> Finding:
        rpcs = [Rpc(url) for url in self._network.rpc]
        try:
            node = Reader(Failover(rpcs))
            address = self.keys.payer.address
            if suggest(node.rpc, head).most == 0:
                return finding("payer-free", Level.OK)
            balance = amount(node.name, node.ask("eth_getBalance", address, "latest"))
            price = amount(node.name, node.ask("eth_gasPrice"))
        finally:
            for rpc in rpcs:
                rpc.close()
        anchors = balance // (ANCHOR_GAS * max(price, 1))
        level = Level.PROBLEM if anchors < NONE else Level.WARNING if anchors < FEW else Level.OK
        return finding("payer", level, address=address, anchors=anchors)


def _ill(node: NodeState, top: int) -> str | None:
    """What is wrong with a node, where another one has reached that height; None: nothing is."""
    if node.block is None:
        return f"{node.name} {node.error or 'no-node'}"
    behind = top - node.block.number
    return f"{node.name} behind {behind}" if behind > FAR_BEHIND else None


def found_mirrors(engine: sa.Engine) -> Iterator[Finding]:
    """Each log of another member that is kept here: whether it can be followed."""
    with engine.connect() as connection:
        found = all_mirrors(connection)
    for one in found:
        yield finding(
            "mirror",
            Level.OK if one.error is None else Level.WARNING,
            member=one.member,
            log=one.log_id.hex()[:16],
            size=one.size,
            anchored=one.anchored,
            error=one.error or "-",
        )


def _end_of(key: OwnKey) -> int:
    """The last Unix second at which it may sign."""
    return min(key.not_after, key.compromised_since or key.not_after)
