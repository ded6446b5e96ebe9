"""Table of the jobs. What a job is about lies, sealed, with the domain that does it."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import metadata

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 16 random bytes, hex
    sa.Column("kind", sa.Text, nullable=False),  # file report
    sa.Column("subject", sa.String(32), nullable=False),  # id of what it is about
    sa.Column("token", sa.Integer),  # row number of the one that asked for it
    sa.Column("bytes", sa.BigInteger, nullable=False),  # of the content it waits with
    # receiving queued running done failed set-aside
    sa.Column("state", sa.Text, nullable=False),
    # Unix seconds of the wall clock, which CREDIT_LEDGER_NOW does not move.
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    # When a worker may take it: queued from here on, running when its worker has fallen silent.
    sa.Column("due", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),  # since it last got on
    sa.Column("takeovers", sa.Integer, nullable=False),  # since then, by a gateway that started
    sa.Column("waits", sa.Integer, nullable=False),  # since then, for something outside
    # Number of the last claim: whoever held the job before it can change it no more.
    sa.Column("claim", sa.Integer, nullable=False),
    sa.Column("code", sa.Text),  # why it failed, was set aside, or waits
    sa.UniqueConstraint("kind", "subject"),
)
sa.Index("ix_jobs_kind_state_due", jobs.c.kind, jobs.c.state, jobs.c.due)
sa.Index("ix_jobs_token_state", jobs.c.token, jobs.c.state)
