"""What is found of what members say of their own service: codes (append-only), texts and remedies
for people."""

from __future__ import annotations

from ledger.audit.finding_code import FindingCode

__all__ = ["SERVICE_CODES"]

SERVICE_CODES: dict[str, FindingCode] = {
    "timely-yes-late": FindingCode(
        "error",
        {
            "zh": "记录自称及时共享，而其存证晚于该期间任何一日认定的最后期限 72 小时以上。",
            "en": "Records say that they were shared in time, and were anchored more than 72 hours "
            "after the deadline of whatever day of that period.",
        },
        {
            "zh": "成员说明原因：或所言不实，或未按承诺存证；及时率应相应更正。",
            "en": "The member must explain it: either that is untrue, or it did not keep its "
            "promises. Its share in time is to be corrected.",
        },
    ),
    "timely-no-early": FindingCode(
        "error",
        {
            "zh": "记录自称超期共享，而其存证早于该期间任何一日认定的期限届满。",
            "en": "Records say that they were shared late, and were anchored before the deadline "
            "of whatever day of that period ended.",
        },
        {
            "zh": "成员核查节点的时钟和日历，及时率应相应更正。",
            "en": "The member must look at clock and calendar of its node. Its share in time is to "
            "be corrected.",
        },
    ),
}
