"""How many endpoints there are, and how it stands with them; for who scrapes and for the doctor."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from gateway.watching.models import watched_subjects
from gateway.webhooks import store
from gateway.webhooks.models import webhook_endpoints


def gauges(connection: sa.Connection) -> Sequence[tuple[str, str, int]]:
    """Name, what it is, value."""
    state = webhook_endpoints.c.state
    active, disabled = (store.count(connection, state == one) for one in ("active", "disabled"))
    failing = store.count(
        connection, state == "active", webhook_endpoints.c.failing_since.is_not(None)
    )
    followed = sa.select(sa.func.count()).select_from(watched_subjects)
    unasked = followed.where(watched_subjects.c.state.in_(("refused", "ended")))
    return (
        ("webhooks_active", "Programs that events are sent to", active),
        ("webhooks_failing", "Of them, those whose last delivery failed", failing),
        ("webhooks_disabled", "Programs that nothing is sent to any more", disabled),
        (
            "webhook_dead_letters",
            "Events given up after sixteen tries or three days",
            store.count_letters(connection),
        ),
        ("watched_subjects", "Subjects that are followed", connection.scalar(followed) or 0),
        (
            "watched_subjects_refused",
            "Of them, those that are not asked about with success",
            connection.scalar(unasked) or 0,
        ),
    )
