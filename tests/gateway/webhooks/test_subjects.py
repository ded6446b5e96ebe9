"""Followed subjects: asked about at once and then every night, what is new told to whom follows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.base.clock import CHINA, Clock
from gateway.base.db import begin_read, begin_write
from gateway.base.errors import NotReady
from gateway.base.policy import Caller
from gateway.base.settings import WebhookSettings
from gateway.node import Node
from gateway.sealing.services import Kind, drop, number
from gateway.statuses.changes import Change, Place
from gateway.tokens.services import revoke_token
from gateway.watching import asking, nights, subjects
from gateway.watching.errors import WatchRefused
from gateway.watching.interfaces import MAX_KNOWN, Answered, Found, Wanted
from gateway.watching.models import (
    watch_events,
    watched_before,
    watched_records,
    watched_subjects,
)
from gateway.watching.subjects import Subject
from ledger.core.errors import CouldNotCheck
from tests.gateway.intake.material import count
from tests.gateway.webhooks.desk import (
    AUTHORISATION,
    NEVER,
    OTHER_SUBJECT,
    SUBJECT,
    Members,
    change,
    holder,
    listed,
    members,
    point,
    record,
    subject,
    turn,
)
from tests.support.receiver import Receiver

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=CHINA)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def noon(node: Node) -> None:
    set_clock(node, NOON)


def set_clock(node: Node, at: datetime) -> None:
    node.ctx.clock = Clock(fixed=at.astimezone(UTC))


def tonight(node: Node, day: int = 1) -> None:
    """The end of the night so many days after the first noon, when all are due."""
    end = datetime.combine(NOON.date() + timedelta(days=day), nights.BEGINS, CHINA)
    set_clock(node, end + nights.HOURS * HOUR - timedelta(seconds=1))


def ask(node: Node) -> int:
    return node.webhooks.asking.step(NEVER)


def follow(node: Node, caller: Caller, code: str = SUBJECT, **changes: Any) -> str:
    made = subject(code)
    values = {name: getattr(made, name) for name in ("code", "types", "purpose", "authorisation")}
    return node.webhooks.subjects.follow_standing(caller, Subject(**(values | changes)))


def events(node: Node, caller: Caller) -> list[Found]:
    """What the stream tells a holder."""
    page = node.watching.page(caller, Place(number=0), frozenset())
    return [one for one in page.events if isinstance(one, Found)]


def kinds(node: Node, caller: Caller) -> list[str]:
    return [one.kind.value for one in events(node, caller)]


def shown(node: Node, caller: Caller) -> dict[str, Any]:
    (found,) = node.webhooks.subjects.listed(caller)
    return found


# ---- what is told


def test_what_is_new_and_what_goes(node: Node) -> None:
    """The first answer is what the later ones are held against."""
    asked, caller = members(node), holder(node)
    watched = follow(node, caller)
    asked.list(SUBJECT, 1, 2)
    assert ask(node) == 1
    assert [(one.kind, one.count) for one in events(node, caller)] == [("subject.followed", 2)]
    tonight(node)
    asked.list(SUBJECT, 2, 3)
    assert ask(node) == 1
    new, gone = events(node, caller)[1:]
    assert (new.kind, new.record, new.leaf) == ("record.new", record(3), listed(3).leaf)
    assert (new.member, new.receipt, new.watched) == ("120000", listed(3).receipt, watched)
    assert (gone.kind, gone.record, gone.listed) == ("record.changed", record(1), False)
    tonight(node, 2)
    asked.list(SUBJECT, 1, 2, 3)
    ask(node)
    assert [(one.record, one.listed) for one in events(node, caller)[3:]] == [(record(1), True)]
    tonight(node, 3)
    ask(node)
    assert len(events(node, caller)) == 4, "nothing new, nothing told"
    told = node.webhooks.subjects.shown(caller, watched)
    assert {one["record"] for one in told["records"]} == {record(n).hex() for n in (1, 2, 3)}
    assert all(one["listed"] for one in told["records"])


def test_who_does_not_answer_takes_nothing_away(node: Node) -> None:
    asked, caller = members(node), holder(node)
    follow(node, caller)
    asked.list(SUBJECT, 1, member="120000")
    asked.list(SUBJECT, 2, member="130000")
    ask(node)
    tonight(node)
    asked.missing = frozenset({"130000"})
    asked.list(SUBJECT, member="120000")
    ask(node)
    assert [(one.record, one.listed) for one in events(node, caller)[1:]] == [(record(1), False)]
    assert shown(node, caller)["missing"] == ["130000"]
    tonight(node, 2)
    asked.missing = frozenset()
    ask(node)
    assert len(events(node, caller)) == 2
    assert shown(node, caller)["missing"] == []


def test_changes_on_the_chain_of_what_is_known(node: Node, receiver: Receiver) -> None:
    """By webhook and by stream; the record is another member's."""
    asked, caller = members(node), holder(node)
    endpoint = point(node, caller, receiver, subject=subject())
    asked.list(SUBJECT, 1)
    ask(node)
    change(node, 1)
    change(node, 5)
    turn(node, endpoint)
    first, second = receiver.values()
    assert (first["type"], first["data"]["records"]) == ("subject.followed", 1)
    assert (second["type"], second["data"]["version"]) == ("record.changed", 1)
    assert second["data"]["record"] == record(1).hex()
    assert all(one.signed_by for one in receiver.taken)
    text = b"".join(one.body for one in receiver.taken)
    assert SUBJECT.encode() not in text, "no body says who it is"
    page = node.watching.page(caller, Place(number=0), frozenset())
    changed = [one.version for one in page.events if isinstance(one, Change)]
    assert changed == [1]


def test_nobody_else_learns_it(node: Node, receiver: Receiver) -> None:
    asked, caller, other = members(node), holder(node), holder(node, "another")
    watched = follow(node, caller)
    elsewhere = point(node, other, receiver)
    asked.list(SUBJECT, 1)
    ask(node)
    change(node, 1)
    assert events(node, other) == []
    assert node.watching.page(other, Place(number=0), frozenset()).events == []
    assert node.webhooks.subjects.listed(other) == []
    turn(node, elsewhere)
    assert receiver.got == []
    for call in (
        lambda: node.webhooks.subjects.shown(other, watched),
        lambda: node.webhooks.subjects.unfollow(other, watched, still=_nobody()),
    ):
        with pytest.raises(WatchRefused) as caught:
            call()
        assert caught.value.code == "not-found"
    assert [wanted.code for wanted in asked.asked] == [SUBJECT]


def _nobody() -> Any:
    return sa.select(watched_subjects.c.id).where(sa.false())


def test_no_code_stands_in_the_database(node: Node, receiver: Receiver) -> None:
    caller = holder(node)
    members(node).list(SUBJECT, 1)
    point(node, caller, receiver, subject=subject())
    ask(node)
    with node.ctx.engine.connect() as connection:
        tables = (watched_subjects, watched_records, watch_events)
        stored = repr([connection.execute(sa.select(table)).all() for table in tables])
    assert SUBJECT not in stored
    assert receiver.url not in stored
    assert shown(node, caller)["code"] == SUBJECT, "its holder reads it"


# ---- refusals


def test_a_refusal_is_told_once(node: Node) -> None:
    asked, caller = members(node), holder(node)
    follow(node, caller)
    asked.list(SUBJECT, 1)
    ask(node)
    asked.refuse("not-granted")
    for day in (1, 2):
        tonight(node, day)
        ask(node)
    assert kinds(node, caller) == ["subject.followed", "subject.refused"]
    assert events(node, caller)[1].code == "not-granted"
    assert (shown(node, caller)["state"], shown(node, caller)["reason"]) == (
        "refused",
        "not-granted",
    )
    asked.refuse(None)
    asked.list(SUBJECT, 1, 2)
    tonight(node, 3)
    ask(node)
    assert kinds(node, caller)[2:] == ["subject.followed", "record.new"]
    assert shown(node, caller)["reason"] is None


@pytest.mark.parametrize("code", sorted(asking.FINAL))
def test_without_an_authorisation_nobody_is_asked_any_more(node: Node, code: str) -> None:
    asked, caller = members(node), holder(node)
    watched = follow(node, caller)
    ask(node)
    asked.refuse(code)
    tonight(node)
    ask(node)
    assert (shown(node, caller)["state"], shown(node, caller)["reason"]) == ("ended", code)
    assert events(node, caller)[1].code == code
    asked.refuse(None)
    tonight(node, 2)
    assert ask(node) == 0
    assert follow(node, caller) == watched, "the same again: it is asked about again, at once"
    assert ask(node) == 1
    assert kinds(node, caller)[2:] == ["subject.followed"]


def test_one_that_is_not_known_yet_is_asked_about_again(node: Node) -> None:
    """The custodian's message may come after whoever follows."""
    asked, caller = members(node), holder(node)
    follow(node, caller)
    asked.refuse("authorisation-unknown")
    ask(node)
    assert shown(node, caller)["state"] == "refused"
    asked.refuse(None)
    asked.list(SUBJECT, 1)
    tonight(node)
    ask(node)
    assert kinds(node, caller) == ["subject.refused", "subject.followed"], (
        "a first answer after all"
    )


def test_too_many_records(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, caller = members(node), holder(node)
    follow(node, caller)
    monkeypatch.setattr(asking, "MAX_KNOWN", 3)
    asked.list(SUBJECT, 1, 2, 3)
    ask(node)
    tonight(node)
    asked.list(SUBJECT, 4)
    ask(node)
    assert shown(node, caller)["reason"] == "too-many-records"
    assert count(node, watched_records) == 3
    assert MAX_KNOWN == 10_000


# ---- when


def test_once_a_night_at_an_hour_of_its_own(node: Node) -> None:
    """Drawn with the member's key: the same whenever it is asked for, another each night, and all
    over the four hours."""
    night = date(2026, 12, 1)
    due = [nights.due_in(night, f"{n:032x}", node.hmac) for n in range(400)]
    begins = int(datetime.combine(night, nights.BEGINS, CHINA).timestamp())
    assert all(begins <= one < begins + nights.HOURS * 3600 for one in due)
    hours = [(one - begins) // 3600 for one in due]
    assert all(50 < hours.count(hour) < 150 for hour in range(nights.HOURS))
    assert due == [nights.due_in(night, f"{n:032x}", node.hmac) for n in range(400)]
    tomorrow = nights.due_in(night + timedelta(days=1), f"{0:032x}", node.hmac)
    assert tomorrow - due[0] != 86_400
    for at, day in ((0, None), (1, night), (4, night), (5, None), (23, None)):
        seconds = int(datetime(2026, 12, 1, at, 30, tzinfo=CHINA).timestamp())
        assert nights.night_of(seconds) == day


def test_a_new_one_at_once_the_others_at_night(node: Node) -> None:
    asked, caller = members(node), holder(node)
    follow(node, caller)
    assert ask(node) == 1
    set_clock(node, NOON + timedelta(hours=10))
    assert ask(node) == 0
    with begin_read(node.ctx.engine) as connection:
        due = connection.scalar(sa.select(watched_subjects.c.due))
    assert due is not None
    at = datetime.fromtimestamp(due, CHINA)
    assert at.date() == NOON.date() + timedelta(days=1) and nights.night_of(due) == at.date()
    set_clock(node, at - timedelta(seconds=1))
    assert ask(node) == 0
    set_clock(node, at)
    assert (ask(node), ask(node)) == (1, 0), "once a night"
    set_clock(node, NOON + timedelta(days=3))
    assert ask(node) == 0, "a night that was missed is not made up for by day"
    tonight(node, 4)
    assert ask(node) == 1
    assert len(asked.asked) == 3
    assert asked.asked[0] == Wanted(
        code=SUBJECT,
        types=(),
        purpose="post-loan",
        authorisation=AUTHORISATION,
        holder=asked.asked[0].holder,
    )
    assert asked.asked[0].holder.name == caller.name


@contextmanager
def bound(node: Node, most: int) -> Iterator[None]:
    settings = node.ctx.settings
    changed = settings.model_copy(update={"webhooks": WebhookSettings(subjects_a_night=most)})
    node.ctx.settings = changed
    yield
    node.ctx.settings = settings


def codes(number_: int) -> list[str]:
    return [f"91110000{n:09}X" for n in range(number_)]


def test_so_many_a_night_and_the_others_first_in_the_next(node: Node) -> None:
    asked, caller = members(node), holder(node)
    for code in codes(5):
        follow(node, caller, code)
    ask(node)
    asked.asked.clear()
    with bound(node, 2):
        seen = []
        for day in (1, 2, 3):
            tonight(node, day)
            while ask(node):
                pass
            seen.append({wanted.code for wanted in asked.asked})
            asked.asked.clear()
    assert [len(one) for one in seen] == [2, 2, 2]
    assert set().union(*seen) == set(codes(5)), "each has its turn"
    assert not seen[0] & seen[1]


def test_the_bound_is_that_of_one_night(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of a run that was broken off and goes on: what was asked counts."""
    monkeypatch.setattr(asking, "AT_ONCE", 1)
    asked, caller = members(node), holder(node)
    for code in codes(4):
        follow(node, caller, code)
    ask(node)
    asked.asked.clear()
    tonight(node)
    with bound(node, 3):
        stop = threading.Event()

        def ends(wanted: Wanted) -> Answered:
            stop.set()
            return asked(wanted)

        node.webhooks.asking.ask(ends)
        assert node.webhooks.asking.step(stop) == 1
        node.webhooks.asking.ask(asked)
        assert ask(node) == 2
    assert len({wanted.code for wanted in asked.asked}) == 3


def test_what_cannot_be_asked_is_tried_again_in_the_same_night(node: Node) -> None:
    asked, caller = members(node), holder(node)
    follow(node, caller)
    ask(node)
    begin = datetime.combine(NOON.date() + timedelta(days=1), nights.BEGINS, CHINA)
    with begin_write(node.ctx.engine) as connection:
        connection.execute(sa.update(watched_subjects).values(due=int(begin.timestamp())))
    set_clock(node, begin)
    for error in (CouldNotCheck("unreachable", "x"), NotReady("statuses-unknown")):
        asked.fails = error
        assert ask(node) == 1
        assert ask(node) == 0, "after a pause"
        assert shown(node, caller)["reason"] == error.code
        begin += timedelta(seconds=asking.PAUSE)
        set_clock(node, begin)
    asked.fails = None
    assert ask(node) == 1
    assert (shown(node, caller)["state"], shown(node, caller)["reason"]) == ("followed", None)
    assert kinds(node, caller) == ["subject.followed"]


def test_one_that_fails_holds_up_no_other(node: Node) -> None:
    asked, caller = Members(), holder(node)
    asked.list(OTHER_SUBJECT, 1)

    def some(wanted: Wanted) -> Answered:
        if wanted.code == SUBJECT:
            raise RuntimeError("a fault of ours")
        return asked(wanted)

    node.webhooks.asking.ask(some)
    bad, good = follow(node, caller), follow(node, caller, OTHER_SUBJECT)
    assert ask(node) == 2
    found = {one["subject"]: one for one in node.webhooks.subjects.listed(caller)}
    assert (found[bad]["state"], found[bad]["reason"]) == ("new", "internal")
    assert found[good]["state"] == "followed"


# ---- whose, and how many


def test_followed_once(node: Node, receiver: Receiver) -> None:
    """By the same holder under the same authorisation; another holder, purpose or authorisation is
    another following."""
    members(node)
    caller = holder(node)
    watched = follow(node, caller)
    assert follow(node, caller) == watched
    assert follow(node, holder(node)) == watched, "by its next token"
    others = {
        follow(node, holder(node, "another")),
        follow(node, caller, OTHER_SUBJECT),
        follow(node, caller, purpose="in-loan"),
        follow(node, caller, authorisation=bytes(32)),
        follow(node, caller, types=("penalty",)),
        follow(node, caller, purpose="regulation", authorisation=None),
    }
    assert len(others | {watched}) == 7
    assert follow(node, caller, purpose="regulation", authorisation=None) in others
    with pytest.raises(WatchRefused) as caught:
        follow(node, caller, authorisation=None)
    assert caught.value.code == "authorisation-missing"


def test_no_longer(node: Node, receiver: Receiver) -> None:
    """With an endpoint goes what was followed for it alone."""
    members(node).list(SUBJECT, 1)
    caller = holder(node)
    endpoint = point(node, caller, receiver, subject=subject())
    other = point(node, caller, receiver, subject=subject(OTHER_SUBJECT))
    standing = follow(node, caller, OTHER_SUBJECT)
    ask(node)
    assert count(node, watched_subjects) == 2
    still = node.webhooks.subject_parts.sent_to
    first = next(one for one in node.webhooks.subjects.listed(caller) if one["code"] == SUBJECT)
    node.webhooks.subjects.unfollow(caller, first["subject"], still=still)
    assert count(node, watched_subjects) == 2, "events are sent about it"
    node.webhooks.webhooks.remove(caller, endpoint)
    assert count(node, watched_records) == 0
    node.webhooks.webhooks.remove(caller, other)
    assert [one["subject"] for one in node.webhooks.subjects.listed(caller)] == [standing]
    node.webhooks.subjects.unfollow(caller, standing, still=still)
    assert count(node, watched_subjects) == 0


def test_who_follows_anew_has_it_asked_about_when_it_would_have_been(node: Node) -> None:
    """Or whoever drops and follows one all day long asks all members all day long."""
    asked, caller = members(node), holder(node)
    first = follow(node, caller)
    assert ask(node) == 1
    node.webhooks.subjects.unfollow(caller, first, still=_nobody())
    second = follow(node, holder(node))  # by the next token, too
    assert second != first
    assert ask(node) == 0
    follow(node, caller, purpose="in-loan")  # another question
    follow(node, holder(node, "another"))  # of somebody else
    assert ask(node) == 2
    tonight(node)
    assert ask(node) == 3
    # One that was never asked about, or is followed again later, is asked about at once.
    set_clock(node, NOON + timedelta(days=1))
    never = follow(node, caller, OTHER_SUBJECT)
    node.webhooks.subjects.unfollow(caller, never, still=_nobody())
    follow(node, caller, OTHER_SUBJECT)
    node.webhooks.subjects.unfollow(caller, second, still=_nobody())
    assert ask(node) == 1
    tonight(node, 2)
    follow(node, caller)
    before = len(asked.asked)
    ask(node)
    assert SUBJECT in {one.code for one in asked.asked[before:]}
    assert count(node, watched_before) == 0


def test_subjects_in_turn_are_bounded_as_those_together(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    members(node)
    caller = holder(node)
    monkeypatch.setattr(subjects, "MAX_OF_HOLDER", 2)
    for code in codes(2):
        watched = follow(node, caller, code)
        assert ask(node) == 1
        node.webhooks.subjects.unfollow(caller, watched, still=_nobody())
    with pytest.raises(WatchRefused) as caught:
        follow(node, caller)
    assert caught.value.code == "too-many-subjects"
    tonight(node)
    assert follow(node, caller)


def test_unfollowed_while_it_is_asked(node: Node) -> None:
    caller = holder(node)
    asked = Members()

    def meanwhile(wanted: Wanted) -> Answered:
        node.webhooks.subjects.unfollow(caller, watched, still=_nobody())
        return asked(wanted)

    node.webhooks.asking.ask(meanwhile)
    watched = follow(node, caller)
    asked.list(SUBJECT, 1)
    assert ask(node) == 1
    assert (count(node, watched_records), count(node, watch_events)) == (0, 0)


def test_a_holder_without_a_token(node: Node) -> None:
    asked, caller = members(node), holder(node)
    follow(node, caller)
    revoke_token(node.ctx.engine, caller.id, now=node.ctx.clock.now())
    ask(node)
    assert asked.asked == []
    assert shown(node, holder(node))["reason"] == "token-ended"


def test_what_lost_its_key(node: Node) -> None:
    asked, caller = members(node), holder(node)
    watched = follow(node, caller)
    with begin_write(node.ctx.engine) as connection:
        drop(connection, Kind.WATCHED, [number(watched)])
    ask(node)
    assert asked.asked == []
    found = shown(node, caller)
    assert (found["state"], found["reason"], found["code"]) == ("ended", "content-lost", None)


def test_bounded(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """By holder, and by what can be asked in a night; what is there already is no further one."""
    members(node)
    mine, other = holder(node), holder(node, "another")
    monkeypatch.setattr(subjects, "MAX_OF_HOLDER", 2)
    first, second = codes(2)
    follow(node, mine, first)
    follow(node, mine, second)
    with pytest.raises(WatchRefused) as caught:
        follow(node, mine)
    assert (caught.value.code, caught.value.extra) == ("too-many-subjects", {"most": 2})
    follow(node, mine, second)
    with bound(node, 3):
        follow(node, other, first)
        with pytest.raises(WatchRefused) as caught:
            follow(node, other, second)
    assert (caught.value.code, caught.value.extra) == ("too-many-subjects", {})
