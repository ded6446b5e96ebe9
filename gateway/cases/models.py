"""Tables of the cases. What was said stands in the sealed statements; here is who did which step,
how a case stands, what was handed in, what is proposed, and what goes to the chain."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.LargeBinary(32), primary_key=True),
    sa.Column("record", sa.LargeBinary(32), nullable=False),  # record id
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),  # empty: another member's record
    sa.Column("kind", sa.String(16), nullable=False),  # ledger.core.case_chain.Kind
    sa.Column("owner", sa.String(32), nullable=False),
    sa.Column("filer", sa.String(32), nullable=False),
    # Of the token that filed it; NULL: the member itself did, or another member.
    sa.Column("department", sa.Text),
    sa.Column("state", sa.String(24), nullable=False),  # CaseState
    sa.Column("accepted", sa.Boolean, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("last", sa.LargeBinary(32), nullable=False),  # commitment of the last step
    sa.Column("opened", sa.BigInteger, nullable=False),  # Unix seconds
    # The stage that runs, the day on which its clock began, and the kind of the authority, by
    # which rules tell its days. NULL: none runs; of no kind with rules of its own.
    sa.Column("stage", sa.String(24)),
    sa.Column("since", sa.String(10)),
    sa.Column("authority_kind", sa.String(32)),
    sa.Index("ix_cases_record", "record"),
    sa.Index("ix_cases_state", "state"),
)

case_steps = sa.Table(
    "case_steps",
    metadata,
    sa.Column("commitment", sa.LargeBinary(32), primary_key=True),
    sa.Column("case", sa.ForeignKey("cases.id"), nullable=False),
    # NULL: a step of ours that one of the owner's came before; it is to be filed anew behind it.
    sa.Column("step", sa.Integer),
    sa.Column("prev", sa.LargeBinary(32)),  # NULL: the first, or a step of before revision 0007
    sa.Column("act", sa.String(24), nullable=False),
    sa.Column("iss", sa.String(32), nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    # Fingerprint of who said what behind which step: by it the same request is one step. NULL, as
    # the token: another member made it.
    sa.Column("request", sa.LargeBinary(16), unique=True),
    sa.Column("token", sa.Integer),
    sa.Column("released_by", sa.Integer),
    sa.Column("materials", sa.String(32)),  # of its documents; NULL: it has none
    sa.UniqueConstraint("case", "step"),
)

materials = sa.Table(
    "case_materials",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # 32 random hex digits: of one step
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # gateway.sealing Kind.MATERIAL
)

drafts = sa.Table(
    "case_drafts",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),  # of its documents in `materials`
    sa.Column("token", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),  # Unix seconds
    sa.Column("names", sa.LargeBinary, nullable=False),  # sealed with the documents
    sa.Index("ix_case_drafts_token", "token"),
)

proposals = sa.Table(
    "case_proposals",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("case", sa.LargeBinary(32), nullable=False),
    sa.Column("record", sa.LargeBinary(32), nullable=False),
    sa.Column("own", sa.Boolean, nullable=False),  # the owner's own decision, not of a case filed
    sa.Column("act", sa.String(24), nullable=False),
    sa.Column("token", sa.Integer, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("request", sa.LargeBinary(16), nullable=False, unique=True),
    sa.Column("materials", sa.String(32), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # sealed with the materials
    # proposed, released, replaced (a later one stands in its place), lapsed, sent-back (not
    # released: the reason is in `content`)
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("step", sa.LargeBinary(32)),  # commitment of the step that it became
    sa.Index("ix_case_proposals_case", "case"),
    sa.Index("ix_case_proposals_record", "record"),
)

acts = sa.Table(
    "case_acts",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    sa.Column("case", sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("record", sa.LargeBinary(32), nullable=False),
    sa.Column("log", sa.LargeBinary(32), nullable=False),
    sa.Column("commitment", sa.LargeBinary(32), nullable=False),  # of the record
    sa.Column("action", sa.SmallInteger, nullable=False),
    sa.Column("basis", sa.Integer, nullable=False),
    sa.Column("doc", sa.LargeBinary(32), nullable=False),
    sa.Column("other_log", sa.LargeBinary(32), nullable=False),
    sa.Column("other_commitment", sa.LargeBinary(32), nullable=False),
    sa.Column("effective_at", sa.BigInteger, nullable=False),
    # Act that must have been recorded before this one; NULL: none.
    sa.Column("after", RowId),
    # waiting (not signed), signed, sent, recorded, needless (it was so already), refused
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("code", sa.String(40)),  # why it was refused, or waits; gateway.cases.fates
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("version", sa.BigInteger),  # expected, of this attempt; of what was recorded its own
    sa.Column("deadline", sa.BigInteger),
    sa.Column("signature", sa.LargeBinary(65)),
    # Of the registry that the signature is for.
    sa.Column("registry", sa.String(42)),
    # Times that the chain refused it, and the instant before which it is not tried again (Unix
    # seconds; NULL: now).
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("not_before", sa.BigInteger),
    # Where it was recorded: number, hash and time of the block.
    sa.Column("block", sa.BigInteger),
    sa.Column("block_hash", sa.LargeBinary(32)),
    sa.Column("recorded_at", sa.BigInteger),
    # Of what was recorded on a chain that was lost: the time there (0: on none), and its version,
    # by which it is filed again in the same order.
    sa.Column("refiled_from", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("place", sa.BigInteger),
    sa.Index("ix_case_acts_state", "state"),
    sa.Index("ix_case_acts_record", "record"),
    sa.Index("ix_case_acts_case", "case"),
)
