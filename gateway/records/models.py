"""Tables of the records whose entries this member promised, and of their subjects."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.base.db import RowId, metadata
from gateway.partitions.models import CONTENTS

records = sa.Table(
    "records",
    metadata,
    sa.Column("id", sa.ForeignKey("entries.id"), primary_key=True, autoincrement=False),
    sa.Column("schema", sa.Text, nullable=False),  # "penalty@1"
    sa.Column("department", sa.Text),  # of the token that submitted; NULL = the member itself
    # gateway.base.crypto.Hmac.authority of the determining authority: by it a token is known to be
    # its own, and a stolen database does not tell whose records it holds.
    sa.Column("authority", sa.LargeBinary(16), nullable=False),
    # As the catalogue had it at intake; of what is shared but never public, the next narrower.
    sa.Column("visibility", sa.SmallInteger, nullable=False),
    # Month or year of the decision, as in the entry: gateway.records.period.
    sa.Column("period", sa.Integer, nullable=False),
    # Row number in `subjects`; NULL: it names its subject by no code.
    sa.Column("subject", RowId),
    sa.Column("stored_at", sa.BigInteger, nullable=False),
    # Fingerprints under the index key (gateway.base.crypto.Hmac), 16 bytes each.
    sa.Column("document_key", sa.LargeBinary(16), nullable=False),
    sa.Column("record_key", sa.LargeBinary(16), nullable=False),
    # Leaf of the record that corrects or replaces this one, and the key is free again; empty: it
    # is in force.
    sa.Column("superseded_by", sa.LargeBinary(32), nullable=False),
    sa.Column("content_mac", sa.LargeBinary(16), nullable=False),
    # Of what programs before revision 0028 stored the sealed content, as in `contents`. Empty: it
    # is there, or nowhere.
    sa.Column("content", sa.LargeBinary, nullable=False),
    # One index finds a document, finds a record, and keeps two from being in force together.
    sa.UniqueConstraint("document_key", "record_key", "superseded_by"),
)
"""The row number is that of its entry. What is asked of a record without its content is here."""
contents = sa.Table(
    CONTENTS,
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    # gateway.base.crypto.Sealed over gateway.records.content, aad = leaf. Its key lies in
    # gateway.sealing; erased: there is neither.
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""The content of each record by its row number. No row: it was erased, or taken into the archive
with its month (`gateway.partitions`)."""
sa.Index("ix_records_subject", records.c.subject)
LISTED = sa.text(
    "schema IN ('abnormal-list-exit@1', 'abnormal-list@1', 'incentive-list-entry@1',"
    " 'incentive-list-exit@1', 'severe-list-entry@1', 'severe-list-exit@1')"
)
"""Entries and exits of lists: few among all records, so an index of their own finds them. Queries
repeat these words, by which both databases know that it serves."""
sa.Index("ix_records_listed", records.c.schema, records.c.id, sqlite_where=LISTED,
         postgresql_where=LISTED)  # fmt: skip

closings = sa.Table(
    "closings",
    metadata,
    sa.Column("entry", sa.ForeignKey("records.id"), primary_key=True, autoincrement=False),
    # Of the status that closes it: its own, or that of a record that it was logged again for, or
    # that was logged again for it.
    sa.Column("record", sa.LargeBinary(32), primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),  # Unix seconds of the wall clock
)
"""Records of ours whose content is closed by what the chain says (`gateway.statuses`)."""
sa.Index("ix_closings_record", closings.c.record)

subjects = sa.Table(
    "subjects",
    metadata,
    sa.Column("id", RowId, primary_key=True, autoincrement=False),
    # Fingerprints under the index key of `ledger.records.keys.subject_keys`: a stolen database does
    # not tell whose records it holds, nor can names and codes be tried out against it.
    sa.Column("code", sa.LargeBinary(16), nullable=False),
    sa.Column("name", sa.LargeBinary(16), nullable=False),
    # 0; + 1 where the code was met with another name, + 2 where the name was with another code.
    # Never taken back: whether records stand for it is asked of them.
    sa.Column("shared", sa.SmallInteger, nullable=False),
    sa.UniqueConstraint("code", "name"),
)
"""Each code with each name that records were filed under."""
sa.Index("ix_subjects_name", subjects.c.name)
SHARED = subjects.c.shared > 0
sa.Index("ix_subjects_shared", subjects.c.id, sqlite_where=SHARED, postgresql_where=SHARED)
