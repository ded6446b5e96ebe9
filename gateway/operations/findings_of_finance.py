"""What a doctor says of webhooks and of authorisations that were taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_Pair = tuple[str, str]  # zh, en

OF_FINANCE: Final[Mapping[str, tuple[_Pair, _Pair, _Pair]]] = {
    "webhooks": (
        ("没有未能送达的网络回调", "All webhooks are delivered"),
        (
            "{letters} 个事件未能送达（死信），{disabled} 个接收地址已停用",
            "{letters} events could not be delivered (dead letters), {disabled} endpoints are"
            " disabled",
        ),
        (
            "其持有人用 webhooks list、dead-letters 查看原因，消除后运行 webhooks retry",
            "Their holders see why with `webhooks list` and `webhooks dead-letters`; once the cause"
            " is gone they run `webhooks retry`",
        ),
    ),
    "revocations": (
        ("没有撤回的授权等待上链", "No revocation of an authorisation waits"),
        (
            "{count} 份授权的撤回尚未上链，最早的自 {since} 起等待（{codes}）",
            "{count} revocations of authorisations are not on the chain yet, the oldest since"
            " {since} ({codes})",
        ),
        (
            "检查 CONSENT 密钥（keys rotate CONSENT）、付费账户与链节点；各份的原因见 auth show",
            "Look after the CONSENT key (`keys rotate CONSENT`), the payer and the chain nodes;"
            " `auth show` tells of each",
        ),
    ),
}
"""As `gateway.operations.findings.TEXTS`."""
