"""What an audit can find about acts on records and acknowledgements: codes (append-only),
severities, texts and remedies for people."""

from ledger.audit.finding_code import FindingCode

__all__ = ["CASE_CODES"]

CASE_CODES = {
    "act-out-of-turn": FindingCode(
        "error",
        {
            "zh": "合约在未担任该角色时记录了状态行为，不予采信。",
            "en": "A contract recorded an act while it did not hold the role; it does not count.",
        },
        {
            "zh": "核查该合约。",
            "en": "Look into that contract.",
        },
    ),
    "act-discontinuous": FindingCode(
        "error",
        {
            "zh": "状态行为没有从上一个继续：序号、版本、区块或汇总哈希不符。",
            "en": "An act does not go on from the one before: its count, version, block or head "
            "is another.",
        },
        {
            "zh": "核查 CaseRegistry 合约与节点。",
            "en": "Look into the CaseRegistry contract and the nodes.",
        },
    ),
    "act-not-allowed": FindingCode(
        "error",
        {
            "zh": "按规则不得作出的状态行为被记录。",
            "en": "An act was recorded that the rules do not allow.",
        },
        {
            "zh": "核查 CaseRegistry 合约；由各省表决撤销该行为。",
            "en": "Look into the CaseRegistry contract; the provinces annul the act by vote.",
        },
    ),
    "act-without-vote": FindingCode(
        "error",
        {
            "zh": "以表决名义记录的状态行为，没有相应的已通过提案。",
            "en": "An act is said to be by vote, and no such proposal was passed.",
        },
        {
            "zh": "核查 CaseRegistry 合约；由各省表决撤销该行为。",
            "en": "Look into the CaseRegistry contract; the provinces annul the act by vote.",
        },
    ),
    "undone-without-theft": FindingCode(
        "error",
        {
            "zh": "以密钥失窃为由撤销了状态行为，但它不是最后一个行为，或其密钥当时未被认定失窃。",
            "en": "An act was undone as a thief's, but it was not the last one or its key was "
            "not held to be stolen then.",
        },
        {
            "zh": "核查 CaseRegistry 合约；由成员重新作出该行为。",
            "en": "Look into the CaseRegistry contract; the member does the act again.",
        },
    ),
    "act-key-not-valid": FindingCode(
        "error",
        {
            "zh": "状态行为的签名密钥当时无效，或用途不符。",
            "en": "The key of an act was not valid at its block, or is for something else.",
        },
        {
            "zh": "核查 CaseRegistry 合约。",
            "en": "Look into the CaseRegistry contract.",
        },
    ),
    "act-key-disputed": FindingCode(
        "warning",
        {
            "zh": "限制使用的状态行为，其密钥当时可能已泄露，尚未撤销或重新作出。",
            "en": "The key of an act that restricts a record is held to be stolen at its block; "
            "nobody has undone the act or done it again.",
        },
        {
            "zh": "任何人可用 annulStolen 撤销；或由成员重新作出，或由各省表决。",
            "en": "Anybody may undo it with annulStolen; or the member does it again, or a vote.",
        },
    ),
    "easing-act-disputed": FindingCode(
        "error",
        {
            "zh": "减轻后果的状态行为，其密钥当时可能已泄露，尚未撤销或重新作出；核验时不予采信。",
            "en": "The key of an act that eases a record or says what became of it is held to be "
            "stolen at its block; nobody has undone the act or done it again, and verifiers do not "
            "believe it.",
        },
        {
            "zh": "任何人可用 annulStolen 撤销；或由成员重新作出，或由各省表决。",
            "en": "Anybody may undo it with annulStolen; or the member does it again, or a vote.",
        },
    ),
    "act-signature-invalid": FindingCode(
        "error",
        {
            "zh": "状态行为的签名不是所记密钥所作。",
            "en": "The signature of an act is not by the key that the event names.",
        },
        {
            "zh": "核查 CaseRegistry 合约与节点。",
            "en": "Look into the CaseRegistry contract and the nodes.",
        },
    ),
    "act-signature-not-seen": FindingCode(
        "warning",
        {
            "zh": "在交易中未见状态行为的签名（经由其他合约转发），无法重新核对。",
            "en": "The signature of an act is not seen in its transaction (sent through another "
            "contract); it was not checked again.",
        },
        {
            "zh": "请成员提供所签的行为。",
            "en": "Ask the member for the acts that it signed.",
        },
    ),
    "act-on-nothing": FindingCode(
        "error",
        {
            "zh": "状态行为所指的记录不在任何日志中，且已过 72 小时。",
            "en": "The record of an act stands in no log, 72 hours after the act.",
        },
        {
            "zh": "成员核查记录编号；对并不存在的记录，该行为没有作用。",
            "en": "The member must look at the record id; on nothing, the act does nothing.",
        },
    ),
    "correction-without-act": FindingCode(
        "error",
        {
            "zh": "更正记录存证 30 天后，链上仍无相应的 CORRECT 行为：原记录仍显示为有效。",
            "en": "30 days after an entry was anchored that corrects a record, there is no CORRECT "
            "act: the old record still counts.",
        },
        {
            "zh": "由成员对原记录作出 CORRECT 行为，指向更正记录。",
            "en": "The member does CORRECT on the old record and names the new one.",
        },
    ),
    "ack-not-allowed": FindingCode(
        "error",
        {
            "zh": "合约接受了不得接受的执行确认。",
            "en": "A contract took an acknowledgement that it had to refuse.",
        },
        {
            "zh": "核查 CaseRegistry 合约。",
            "en": "Look into the CaseRegistry contract.",
        },
    ),
    "ack-key-not-valid": FindingCode(
        "error",
        {
            "zh": "执行确认的签名密钥当时无效，或用途不符。",
            "en": "The key of an acknowledgement was not valid at its block, or is for something "
            "else.",
        },
        {
            "zh": "核查 CaseRegistry 合约。",
            "en": "Look into the CaseRegistry contract.",
        },
    ),
    "ack-key-disputed": FindingCode(
        "warning",
        {
            "zh": "执行确认的签名密钥当时可能已泄露。",
            "en": "The key of an acknowledgement is held to be stolen at its block.",
        },
        {
            "zh": "由成员核实其是否已执行，并用新密钥再次确认。",
            "en": "The member must look whether it has carried the acts out, and acknowledge the "
            "next ones with a new key.",
        },
    ),
    "ack-signature-invalid": FindingCode(
        "error",
        {
            "zh": "执行确认的签名不是所记密钥所作。",
            "en": "The signature of an acknowledgement is not by the key that the event names.",
        },
        {
            "zh": "核查 CaseRegistry 合约与节点。",
            "en": "Look into the CaseRegistry contract and the nodes.",
        },
    ),
    "ack-signature-not-seen": FindingCode(
        "warning",
        {
            "zh": "在交易中未见执行确认的签名（经由其他合约转发），无法重新核对。",
            "en": "The signature of an acknowledgement is not seen in its transaction (sent "
            "through another contract); it was not checked again.",
        },
        {
            "zh": "请成员提供所签的确认。",
            "en": "Ask the member for what it signed.",
        },
    ),
    "ack-head-differs": FindingCode(
        "error",
        {
            "zh": "成员确认执行的不是链上的这些状态行为：汇总哈希不同。",
            "en": "What a member acknowledged is not what the acts of the chain fold to: the head "
            "is another.",
        },
        {
            "zh": "成员核查其节点所跟随的链，重新执行后再次确认。",
            "en": "The member must look which chain its node follows, and carry the acts out anew.",
        },
    ),
    "ack-late": FindingCode(
        "error",
        {
            "zh": "省级成员超过 24 小时未确认执行状态行为。",
            "en": "A province has not acknowledged an act for more than 24 hours.",
        },
        {
            "zh": "成员核查其节点；在此之前，不要依赖其披露的内容。",
            "en": "The member must look at its node; until then, do not rely on what it discloses.",
        },
    ),
}
