"""Judge receipts, and statements by them: section 16."""

from dataclasses import dataclass

from tests.second import acts, catalogue, keys
from tests.second.codec import b64url, day_of
from tests.second.curves import sha256
from tests.second.facts import PROVINCE, Anchored, Log, World
from tests.second.merkle import included
from tests.second.question import Question
from tests.second.receipt import Receipt
from tests.second.record import View, view
from tests.second.shelf import Shelf
from tests.second.statement import Statement
from tests.second.verdicts import Findings, Judged


@dataclass
class Judge:
    """Judge one receipt, for a day or for the head."""

    receipt: Receipt
    said: Statement | None
    question: Question
    world: World | None
    view: View
    found: Findings

    @property
    def end(self) -> int | None:
        """Give the end of the day asked about."""
        return self.question.end

    def offline(self) -> None:
        """Make checks 2 to 7, the comparison of check 12, and step 1 of 27."""
        it, found = self.receipt, self.found
        if it.checkpoint.unknown:
            found.add_line("version-unknown")
        if self.world is not None:
            found.add(network(self.world, it.network))
        if it.entry.log != it.log:
            found.add("entry-mismatch")
        if not included(it.entry.leaf, it.index, it.size, it.path, it.checkpoint.root):
            found.add("inclusion-mismatch")
        if (it.checkpoint.log, it.checkpoint.size) != (it.log, it.size):
            found.add("checkpoint-mismatch")
        for code in self.view.mismatches:
            found.add(code)
        if not self.view.agrees():
            found.add("values-disagree")
        if it.binding and it.presentation:
            shown = b64url(sha256(it.presentation.text.encode()))
            found.add(None if it.binding.sd_hash == shown else "binding-mismatch")
        if self.said is not None:
            found.add(said(self.said, it.entry.kind, it.entry.commitment, it.entry.log))

    def chain(self, world: World) -> str | None:
        """Make check 8."""
        code = world.unreadable(self.receipt.log)
        as_of = self.question.as_of
        future = as_of is not None and as_of > day_of(world.head_time)
        return code or ("as-of-in-future" if future else None)

    def unread(self) -> None:
        """Make what can be made without the chain."""
        if self.said is not None:
            self.found.add(only_of_records(self.question))
            return
        self.found.add(keys.asked(self.receipt.binding, self.question))
        self.found.add(self.view.subject(self.question.subject))
        self.found.add(self.view.asked(self.question, None))
        self.found.add(self.view.record(None))

    def standing(self, world: World) -> None:
        """Make checks 19 and 20."""
        entry = self.receipt.entry
        records = [entry.record] + ([entry.replaces] if entry.replaces else [])
        self.found.add(acts.status(world, records, self.end))
        self.found.add(self.view.in_force(self.question.as_of or day_of(world.head_time)))

    def unregistered(self, world: World) -> None:
        """Make what can be made of a log that is not registered."""
        behind = self.receipt.anchor.block > world.head
        self.found.add("head-behind-receipt" if behind else "log-unknown")
        self.unread()
        if self.said is None:
            self.standing(world)

    def signatures(self, world: World, owner: str) -> None:
        """Make checks 9 to 14."""
        it, found = self.receipt, self.found
        issuers = {part.iss for part in (self.view.payload, self.said) if part is not None}
        if not issuers <= {owner}:
            found.add("issuer-differs")
        if it.checkpoint.owner is None:
            found.add_line("version-unknown")
        else:
            found.add(keys.checkpoint(world, owner, it.checkpoint))
        if self.said is not None:
            found.add(asked_of_statement(self.question, owner))
            return
        if it.presentation is not None:
            found.add(keys.signature(world, owner, it.presentation.jws, self.end))
        found.add(keys.binding(world, owner, it.binding, self.question, self.end))
        found.add(self.view.subject(self.question.subject))
        found.add(self.view.asked(self.question, owner))

    def anchored(self, world: World) -> Anchored | None:
        """Make checks 15 and 16; give the first anchor where both let it be believed."""
        it, found = self.receipt, self.found
        root = world.root_at(it.log, it.size)
        if root != it.checkpoint.root:
            behind = root is None and it.anchor.block > world.head
            found.add("head-behind-receipt" if behind else "root-not-anchored")
            return None
        event = world.first_anchor(it.log, it.index)
        if event is None or (event.size == it.size and event.root != it.checkpoint.root):
            found.add("anchor-event-missing")
            return None
        named = (it.anchor.block, it.anchor.block_hash, it.anchor.time, it.anchor.tx)
        if event.size != it.size:
            found.add("not-first-anchor")
        elif named != (event.block, event.block_hash, event.time, event.tx):
            found.add("anchor-differs")
        return event

    def by_anchor(self, world: World, log: Log, event: Anchored) -> None:
        """Make checks 17, 18 and 21 to 24."""
        found = self.found
        later = self.end is not None and log.closed_at >= self.end
        if log.closed and event.size > log.trusted_size and not later:
            found.add("log-closed")
        found.add(keys.anchor(world, log.owner, event, self.end))
        if event.block > world.final:
            found.add("anchor-not-final")
        if self.said is not None:
            return
        if self.end is not None and event.time >= self.end:
            found.add("anchored-later")
        if self.receipt.entry.kind == "record":
            self.lawful(world, log.owner, event.time)

    def lawful(self, world: World, owner: str, at: int) -> None:
        """Make checks 23 and 24."""
        member = world.members.get(owner)
        if not world.had(owner, PROVINCE, at):
            self.found.add("issuer-not-a-province")
        region = member.region if member else ""
        schema, payload = self.receipt.entry.schema, self.view.payload
        self.found.add(catalogue.in_force(world, region, schema, payload, at))

    def online(self, world: World, log: Log) -> None:
        """Make checks 9 to 26 of a log that is registered."""
        self.signatures(world, log.owner)
        event = self.anchored(world)
        if event is not None:
            self.by_anchor(world, log, event)
        if self.said is not None:
            return
        self.standing(world)
        self.found.add(self.view.record(event.time if event else None))
        note, needed = self.receipt.checkpoint, self.question.witnesses
        self.found.add_line(keys.witnesses(world, log.owner, note, needed, self.end))

    def judged(self) -> Judged:
        """Make all checks that can be made."""
        self.offline()
        world = self.world
        if self.found.codes or world is None:
            return self.found.judged(complete=False)
        code = self.chain(world)
        log = world.logs.get(self.receipt.log)
        if code is not None:
            self.found.add(code)
            self.unread()
        elif log is None:
            self.unregistered(world)
        else:
            self.online(world, log)
        return self.found.judged(complete=code is None and log is not None)


def network(world: World, named: str) -> str | None:
    """Make check 2."""
    if named in world.formerly:
        return "network-moved"
    return None if named == world.reference else "other-network"


def said(statement: Statement, kind: str, commitment: str, log: str) -> str | None:
    """Make step 1 of check 27."""
    alike = (kind, commitment, log) == ("statement", statement.commitment, statement.log)
    return None if alike else "statement-mismatch"


def only_of_records(question: Question) -> str | None:
    """Tell whether something was asked that is only asked of records."""
    asked = (question.subject, question.type, question.as_of, question.audience)
    some = any(one is not None for one in asked) or question.witnesses
    return "only-of-records" if some else None


def asked_of_statement(question: Question, owner: str) -> str | None:
    """Make check 14 of a statement."""
    wrong = only_of_records(question)
    if wrong is None and question.issuer not in (None, owner):
        return "statement-issuer-not-asked"
    return wrong


def judged(
    receipt: Receipt, said: Statement | None, question: Question, world: World | None, seen: View
) -> Judged:
    """Judge a receipt that was looked at."""
    return Judge(receipt, said, question, world, seen, Findings()).judged()


def judge_receipt(
    receipt: Receipt,
    statement: Statement | None,
    question: Question,
    world: World | None,
    shelf: Shelf,
) -> tuple[Judged, Judged | None]:
    """Judge a receipt, and where a day was asked about also for the head."""
    seen = view(receipt.entry, receipt.presentation, shelf)
    first = judged(receipt, statement, question, world, seen)
    if question.as_of is None:
        return first, None
    at_head = question if statement is not None else question.at_head()
    return first, judged(receipt, statement, at_head, world, seen)
