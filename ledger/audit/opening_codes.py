"""What an audit can find with openings at hand, and about mirrors: codes (append-only), severities,
texts and remedies for people."""

from ledger.audit.finding_code import FindingCode

__all__ = ["OPENING_CODES"]

OPENING_CODES = {
    "statement-unopened": FindingCode(
        "error",
        {
            "zh": "成员未能打开其已存证的声明：审计成员有权要求打开每一份声明。",
            "en": "An anchored statement was asked for by an auditor and not opened by its member.",
        },
        {
            "zh": "由成员补交该声明；确已依令销毁的，出示命令。",
            "en": "The member opens it; where it was erased on order, it shows the order.",
        },
    ),
    "statement-not-the-owner": FindingCode(
        "error",
        {
            "zh": "日志中的声明以其他成员的名义作出。",
            "en": "A statement in a log is said to be another member's.",
        },
        {
            "zh": "由日志所属成员说明；该声明不予采信。",
            "en": "The owner of the log explains; the statement does not count.",
        },
    ),
    "statement-late": FindingCode(
        "error",
        {
            "zh": "声明作出 72 小时之后才存证；时间以存证为准。",
            "en": "A statement was anchored more than 72 hours after it was made; the "
            "anchor's time counts.",
        },
        {
            "zh": "成员核查其每日批次与存证。",
            "en": "The member looks at its daily batch and its anchors.",
        },
    ),
    "batch-not-filled": FindingCode(
        "error",
        {
            "zh": "日志中连续的声明不是 16 的倍数：批次没有补齐，外人可看出当日数量。",
            "en": "Statements stand in a log in a number that is no multiple of 16: a batch "
            "was not filled up, and shows how many there were.",
        },
        {
            "zh": "成员核查其每日批次。",
            "en": "The member looks at its daily batch.",
        },
    ),
    "batch-out-of-time": FindingCode(
        "error",
        {
            "zh": "同一日（23:00 至次日 23:00）移入了两个批次的声明：外人可看出声明何时作出。",
            "en": "Two batches of statements were moved within one day (from 23:00 to "
            "23:00): it shows when they were made.",
        },
        {
            "zh": "成员核查其每日批次。",
            "en": "The member looks at its daily batch.",
        },
    ),
    "promise-too-long": FindingCode(
        "error",
        {
            "zh": "声明的承诺期限超过 72 小时。",
            "en": "The promise of a statement names a `due` more than 72 hours ahead.",
        },
        {
            "zh": "成员核查其节点；该声明只以存证为准。",
            "en": "The member looks at its node; only the anchor of the statement counts.",
        },
    ),
    "promise-broken": FindingCode(
        "error",
        {
            "zh": "成员承诺的声明到期仍不在其日志中。",
            "en": "A statement that a member promised is not in its log after the `due` of "
            "the promise.",
        },
        {
            "zh": "由成员补记，并说明原因。",
            "en": "The member logs it and says why it was late.",
        },
    ),
    "opening-false": FindingCode(
        "warning",
        {
            "zh": "交来的开启件不成立：各部分互不相符，或不是该成员的。",
            "en": "What was handed over as an opening is none: its parts do not belong "
            "together, or it is not that member's.",
        },
        {
            "zh": "向交来的一方索取原件；不对成员作出结论。",
            "en": "Ask whoever handed it over for the original; it says nothing against the "
            "member.",
        },
    ),
    "opening-unproven": FindingCode(
        "warning",
        {
            "zh": "打开的声明不在任何日志中，也没有该成员的有效承诺：无法证明是其所作。",
            "en": "A statement stands in no log, and no promise of the member covers it: "
            "nothing proves that it is the member's.",
        },
        {
            "zh": "向交来的一方索取承诺或回执。",
            "en": "Ask whoever handed it over for a promise or a receipt.",
        },
    ),
    "witness-line-false": FindingCode(
        "error",
        {
            "zh": "回执所附检查点的见证行不是该见证成员当时的密钥所作。",
            "en": "A witness line on the checkpoint of a receipt is not by a key that the "
            "witness had then.",
        },
        {
            "zh": "由出具回执的成员说明；该回执不予采信。",
            "en": "The member that made the receipt explains; the receipt does not hold.",
        },
    ),
    "case-on-nothing": FindingCode(
        "error",
        {
            "zh": "案件所指的记录不在任何日志中，且已过 72 小时。",
            "en": "The record of a case stands in no log, 72 hours after its first step.",
        },
        {
            "zh": "由提出的成员核查记录编号。",
            "en": "The member that filed it looks at the record id.",
        },
    ),
    "case-broken": FindingCode(
        "error",
        {
            "zh": "案件的步骤不能连成一案：次序、所接步骤或内容不符。",
            "en": "Steps of a case do not make one: their order, the step before or what "
            "they say does not fit.",
        },
        {
            "zh": "由作出该步骤的成员在其所接步骤之后重新作出。",
            "en": "The member makes the step anew behind the one that it follows on.",
        },
    ),
    "step-not-the-author": FindingCode(
        "error",
        {
            "zh": "案件的步骤由无权作出的成员作出。",
            "en": "A step of a case is by a member that may not take it.",
        },
        {
            "zh": "该步骤不予采信；由有权的成员作出。",
            "en": "The step does not count; the member that may takes it.",
        },
    ),
    "same-person": FindingCode(
        "note",
        {
            "zh": "同一化名既提出又拟议决定同一案件。这并不违规；放行人不在声明之中，"
            "是否由另一人放行须向成员核实。",
            "en": "One pseudonym both filed a case and proposed its decision, as it may; that "
            "another person released it does not stand in the statement and is to be asked for.",
        },
        {
            "zh": "向成员索取拟议与放行的记录。",
            "en": "Ask the member for what it kept of proposal and release.",
        },
    ),
    "act-without-step": FindingCode(
        "error",
        {
            "zh": "状态行为作出 72 小时后，仍没有打开相应的案件步骤。",
            "en": "No step was opened for an act, 72 hours after it.",
        },
        {
            "zh": "由成员打开或补作该步骤；否则撤销该行为。",
            "en": "The member opens the step or takes it; else it undoes the act.",
        },
    ),
    "act-differs-from-step": FindingCode(
        "error",
        {
            "zh": "状态行为与所据案件步骤不符：行为、依据或生效日不同。",
            "en": "An act is not what the step says on which it rests: its action, basis or "
            "day is another.",
        },
        {
            "zh": "由成员更正：重新作出步骤，或撤销该行为。",
            "en": "The member mends it: a new step, or the act undone.",
        },
    ),
    "step-without-act": FindingCode(
        "error",
        {
            "zh": "案件的决定作出 72 小时后，链上仍无相应的状态行为。",
            "en": "A decision is not on the chain 72 hours after its step.",
        },
        {
            "zh": "由成员作出该行为。",
            "en": "The member does the act.",
        },
    ),
    "objection-unmarked": FindingCode(
        "error",
        {
            "zh": "异议提出 72 小时后，记录仍未标注争议。",
            "en": "A record is not marked as disputed 72 hours after an objection was filed.",
        },
        {
            "zh": "由所属成员作出 DISPUTE；否则由各省表决。",
            "en": "The owner does DISPUTE; else the provinces vote.",
        },
    ),
    "settle-before-outcome": FindingCode(
        "error",
        {
            "zh": "争议标注在异议有结果之前被取消。",
            "en": "The mark of a dispute was taken away before the objection had its outcome.",
        },
        {
            "zh": "由成员重新标注，待有结果后再取消。",
            "en": "The member marks the record again, and takes the mark away after the outcome.",
        },
    ),
    "vote-despite-answer": FindingCode(
        "warning",
        {
            "zh": "各省以未答复为由表决标注争议，但所属成员已在 72 小时内答复。",
            "en": "A vote marked a record for want of an answer, though the owner had "
            "answered within 72 hours.",
        },
        {
            "zh": "由各省复核该表决。",
            "en": "The provinces look at their vote again.",
        },
    ),
    "national-result-late": FindingCode(
        "error",
        {
            "zh": "国家平台的结果送达三个工作日后，所属成员仍未记录，或逾期才记录。",
            "en": "A result of the national platform was not recorded within three working days.",
        },
        {
            "zh": "由成员记录该结果；否则由各省表决。",
            "en": "The member records it; else the provinces vote.",
        },
    ),
    "repair-without-class": FindingCode(
        "error",
        {
            "zh": "准予修复而未写明失信程度。",
            "en": "A repair was granted without its class.",
        },
        {
            "zh": "由成员补充写明失信程度的决定。",
            "en": "The member decides again, with the class.",
        },
    ),
    "repair-before-minimum": FindingCode(
        "error",
        {
            "zh": "最短公示期未满即准予修复。",
            "en": "A repair was granted before the minimum of publicity had passed.",
        },
        {
            "zh": "由成员撤销该修复，期满后重新决定。",
            "en": "The member rescinds the repair, and decides again when the minimum has passed.",
        },
    ),
    "stage-overdue": FindingCode(
        "error",
        {
            "zh": "案件某一阶段超过规定期限。",
            "en": "A stage of a case took longer than the rules allow.",
        },
        {
            "zh": "由成员尽快办结，并说明原因。",
            "en": "The member decides the case and says why it was late.",
        },
    ),
    "list-false": FindingCode(
        "warning",
        {
            "zh": "交来的名单文件不成立：格式、签名、时间或各部分互不相符。",
            "en": "What was handed over as a list of a day is none: its form, a signature, a time "
            "or its parts do not agree.",
        },
        {
            "zh": "向交来的一方索取原件；不对成员作出结论。",
            "en": "Ask whoever handed it over for the original; it says nothing against the "
            "members.",
        },
    ),
    "list-differs": FindingCode(
        "error",
        {
            "zh": "成员签名的名单中有不应列入的条目：回执不成立，或当日并不有效。",
            "en": "A list that a member signed has an entry that does not belong there: its "
            "receipt does not hold, or it was not in force on that day.",
        },
        {
            "zh": "由成员更正名单，并通知取用方。",
            "en": "The member makes the list anew and tells whoever took it.",
        },
    ),
    "list-left-out": FindingCode(
        "error",
        {
            "zh": "成员签名的名单漏列条目：其回执在当日及制表时均有效，而名单所列原因不足以解释。",
            "en": "A list that a member signed leaves out an entry: its receipt was valid on that "
            "day and when the list was made, and the reasons that the list gives do not cover it.",
        },
        {
            "zh": "由成员补列，并说明原因。",
            "en": "The member lists it and says why it was left out.",
        },
    ),
    "list-count-differs": FindingCode(
        "error",
        {
            "zh": "成员签名的名单所计条目数与其日志不符，或所称已终止的条目多于链上的状态行为。",
            "en": "A list that a member signed counts other entries than its log holds, or more "
            "that ended than acts on the chain ended.",
        },
        {
            "zh": "由成员按日志重新制表，并说明原因。",
            "en": "The member makes the list anew from its log and says why it differed.",
        },
    ),
    "mirror-differs": FindingCode(
        "error",
        {
            "zh": "镜像提供的内容与链上存证的根不符：该成员提供了另一棵树。",
            "en": "What a mirror serves does not give the root on the chain: the member "
            "serves another tree.",
        },
        {
            "zh": "该成员重建其镜像；所属成员的日志不受影响。",
            "en": "The member builds its mirror anew; nothing is wrong with the log itself.",
        },
    ),
}
