"""Authorisations in words: purposes, states, whose they are, how a revocation is on its way, and
what came of a question."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.core.texts import Text

PURPOSES: Mapping[str, Text] = {
    "pre-loan": {"zh": "贷前", "en": "before a loan"},
    "in-loan": {"zh": "贷中", "en": "during a loan"},
    "post-loan": {"zh": "贷后", "en": "after a loan"},
    "guarantee": {"zh": "担保", "en": "for a guarantee"},
    "own": {"zh": "主体自用", "en": "the subject's own use"},
}
STATES: Mapping[str, Text] = {
    "in-force": {"zh": "有效", "en": "in force"},
    "not-yet": {"zh": "未到生效日", "en": "not yet"},
    "expired": {"zh": "已过期", "en": "expired"},
    "revoking": {"zh": "撤回中", "en": "being taken back"},
    "revoked": {"zh": "已撤回", "en": "taken back"},
}
ROLES: Mapping[str, Text] = {
    "granted": {"zh": "本成员保管", "en": "kept here"},
    "held": {"zh": "给本成员", "en": "made for us"},
}
DECISIONS: Mapping[str, Text] = {
    "approved": {"zh": "已批准", "en": "approved"},
    "declined": {"zh": "未批准", "en": "declined"},
    "none": {"zh": "已使用，未报告结果", "en": "used, no decision"},
}
"""What an asker reported that it did with an answer."""
REVOCATIONS: Mapping[str, Text] = {
    "waiting": {"zh": "等待签名", "en": "waits for a signature"},
    "signed": {"zh": "已签名", "en": "signed"},
    "sent": {"zh": "已发往链上", "en": "sent to the chain"},
    "recorded": {"zh": "已上链", "en": "on the chain"},
}
SENT: Mapping[str, Text] = {
    "waiting": {"zh": "等待送达", "en": "waits to be sent"},
    "sent": {"zh": "已送达", "en": "sent"},
    "set-aside": {"zh": "未被接收", "en": "not taken"},
}
"""How an opening is on its way."""
