"""What other members report that they did with answers of ours, held against what was answered.

Whoever reports signs for it; figures count it where it rests on an answer that this member was
given. What does not is kept apart with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import sqlalchemy as sa

from gateway.base.context import Context
from gateway.base.db import begin_write
from gateway.peers.interfaces import Message
from gateway.queries import store
from ledger.core.opening import parse_opening
from ledger.core.query import use_from_members
from ledger.core.reports import feedback_from_members
from ledger.core.statement import Statement
from ledger.core.texts import Text

REASONS: Final[Mapping[str, Text]] = {
    "answer-unknown": {
        "zh": "本节点没有给过该成员这份答复",
        "en": "This node has given that member no such answer",
    },
    "query-unknown": {
        "zh": "本节点没有就该成员的提问登记过这项查询",
        "en": "This node has stated no such query of that member",
    },
    "purpose-differs": {
        "zh": "所报目的与提问时的目的不同",
        "en": "It names another purpose than the question did",
    },
}
"""Why something rests on no answer of ours."""


Keep = Callable[[sa.Connection, str, Statement], None]
"""Keeps what a statement of a member reports; what is here already does no harm."""


class ReportInbox:
    """`gateway.peers.interfaces.Inbox` for what others report of our answers. keep: of its sort."""

    def __init__(self, ctx: Context, keep: Keep) -> None:
        self._ctx = ctx
        self._keep = keep

    def take(self, message: Message) -> None:
        """Keep it; what is here already does no harm."""
        statement = parse_opening(message.opening).statement
        with begin_write(self._ctx.engine) as connection:
            self._keep(connection, message.member, statement)


def keep_use(connection: sa.Connection, member: str, statement: Statement) -> None:
    """Keep a `use`: what was decided on an answer."""
    use = use_from_members(statement.members)
    asked = store.asked_for(connection, member, answer=use.answer)
    differs = None if asked == use.purpose else "purpose-differs"
    store.report(
        connection,
        commitment=statement.commitment,
        member=member,
        at=statement.at,
        use=use,
        unrelated="answer-unknown" if asked is None else differs,
    )


def keep_feedback(connection: sa.Connection, member: str, statement: Statement) -> None:
    """Keep a `feedback`: what was done about a query."""
    feedback = feedback_from_members(statement.members)
    asked = store.asked_for(connection, member, query=feedback.query)
    store.report_feedback(
        connection,
        commitment=statement.commitment,
        member=member,
        at=statement.at,
        feedback=feedback,
        unrelated="query-unknown" if asked is None else None,
    )
