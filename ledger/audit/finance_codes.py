"""What an audit can find about authorisations, answers, products and sums: codes (append-only),
severities, texts and remedies for people."""

from ledger.audit.finding_code import FindingCode

__all__ = ["FINANCE_CODES"]

FINANCE_CODES = {
    "revocation-not-allowed": FindingCode(
        "error",
        {
            "zh": "合约记录了不得记录的授权撤回：重复、不在任期内，或由无权保管授权的成员作出。",
            "en": "A contract recorded a revocation that it had to refuse: a second one, out of "
            "its turn, or by a member that keeps no authorisations.",
        },
        {
            "zh": "核查 Revocations 合约。",
            "en": "Look into the Revocations contract.",
        },
    ),
    "revocation-key-not-valid": FindingCode(
        "error",
        {
            "zh": "撤回授权的签名密钥当时无效，或用途不符。",
            "en": "The key of a revocation was not valid at its block, or is for something else.",
        },
        {
            "zh": "核查 Revocations 合约。",
            "en": "Look into the Revocations contract.",
        },
    ),
    "revocation-key-disputed": FindingCode(
        "warning",
        {
            "zh": "撤回授权的签名密钥当时可能已泄露；撤回仍有效。",
            "en": "The key of a revocation is held to be stolen at its block; the authorisation "
            "stays taken back.",
        },
        {
            "zh": "由保管成员核实主体是否撤回；未撤回的，另取授权。",
            "en": "The custodian asks the subject; where it took nothing back, another "
            "authorisation is made.",
        },
    ),
    "revocation-signature-invalid": FindingCode(
        "error",
        {
            "zh": "撤回授权的签名不是所记密钥所作。",
            "en": "The signature of a revocation is not by the key that the event names.",
        },
        {
            "zh": "核查 Revocations 合约与节点。",
            "en": "Look into the Revocations contract and the nodes.",
        },
    ),
    "revocation-signature-not-seen": FindingCode(
        "warning",
        {
            "zh": "在交易中未见撤回授权的签名（经由其他合约转发），无法重新核对。",
            "en": "The signature of a revocation is not seen in its transaction (sent through "
            "another contract); it was not checked again.",
        },
        {
            "zh": "请成员提供所签的撤回。",
            "en": "Ask the member for what it signed.",
        },
    ),
    "product-not-allowed": FindingCode(
        "error",
        {
            "zh": "合约记录了不得记录的产品登记、发布或停用。",
            "en": "A contract recorded something about a product that it had to refuse.",
        },
        {
            "zh": "核查 Products 合约；不要依赖该产品。",
            "en": "Look into the Products contract; do not rely on the product.",
        },
    ),
    "product-version-gap": FindingCode(
        "error",
        {
            "zh": "产品的版本没有接上一个版本。",
            "en": "A version of a product does not go on from the one before.",
        },
        {
            "zh": "核查 Products 合约；向成员索取缺少的版本。",
            "en": "Look into the Products contract; ask the member for the versions that lack.",
        },
    ),
    "product-not-a-maker": FindingCode(
        "error",
        {
            "zh": "产品由当时并非省级成员或征信机构（或已暂停）的成员登记、发布或停用。",
            "en": "A product was registered, published or retired by a member that was no ACTIVE "
            "province or bureau.",
        },
        {
            "zh": "核查 Products 合约；不要依赖该产品。",
            "en": "Look into the Products contract; do not rely on the product.",
        },
    ),
    "product-key-not-valid": FindingCode(
        "error",
        {
            "zh": "产品的签名密钥当时无效，或用途不符。",
            "en": "The key that signed for a product was not valid at its block, or is for "
            "something else.",
        },
        {
            "zh": "核查 Products 合约；不要依赖该版本。",
            "en": "Look into the Products contract; do not rely on the version.",
        },
    ),
    "product-key-disputed": FindingCode(
        "warning",
        {
            "zh": "产品的签名密钥当时可能已泄露。",
            "en": "The key that signed for a product is held to be stolen at its block.",
        },
        {
            "zh": "由成员核实，并以新密钥发布新版本。",
            "en": "The member looks into it, and publishes another version with a new key.",
        },
    ),
    "product-signature-invalid": FindingCode(
        "error",
        {
            "zh": "产品的签名不是所记密钥所作。",
            "en": "The signature for a product is not by the key that the event names.",
        },
        {
            "zh": "核查 Products 合约与节点。",
            "en": "Look into the Products contract and the nodes.",
        },
    ),
    "product-signature-not-seen": FindingCode(
        "warning",
        {
            "zh": "在交易中未见产品的签名（经由其他合约转发），无法重新核对。",
            "en": "The signature for a product is not seen in its transaction (sent through "
            "another contract); it was not checked again.",
        },
        {
            "zh": "请成员提供所签的内容。",
            "en": "Ask the member for what it signed.",
        },
    ),
    "query-without-authorisation": FindingCode(
        "error",
        {
            "zh": "成员答复了查询，而当时没有有效的授权：没有、已到期、已撤回，或主体、用途、类别"
            "、地区、查询方、保管方不符。",
            "en": "A member answered a question that no authorisation in force allowed: there is "
            "none, it had expired or was taken back, or it is for another subject, purpose, type, "
            "region or member, or made by a member that keeps none.",
        },
        {
            "zh": "由答复成员说明依据；查询方停止使用该答复。",
            "en": "The member that answered says on what ground; the one that asked stops using "
            "it.",
        },
    ),
    "query-after-promise": FindingCode(
        "error",
        {
            "zh": "答复所依的查询声明在承诺期限之后才存证。",
            "en": "The query of an answer was anchored after the `due` of its promise.",
        },
        {
            "zh": "由答复成员核查其每日批次与存证。",
            "en": "The member that answered looks at its daily batch and its anchors.",
        },
    ),
    "answer-without-query": FindingCode(
        "error",
        {
            "zh": "成员签名的答复，其查询未登记在日志中，或 72 小时后仍未存证：该答复无据可查。",
            "en": "The query of an answer that a member gave is not stated in its log, or not "
            "anchored 72 hours after it: the member can deny the answer.",
        },
        {
            "zh": "由答复成员补记查询，并说明原因。",
            "en": "The member that answered states the query and says why it did not.",
        },
    ),
    "answer-differs-from-query": FindingCode(
        "error",
        {
            "zh": "成员签名的答复与其日志中声明的查询不符：摘要、查询方、主体、用途、授权或条数不"
            "同。",
            "en": "An answer that a member signed is not what it stated in its log: the SHA-256, "
            "the asker, the subject, the purpose, the authorisation or the number of records is "
            "another.",
        },
        {
            "zh": "由答复成员说明；两者均为其所签。",
            "en": "The member that answered explains: it signed both.",
        },
    ),
    "answer-false": FindingCode(
        "warning",
        {
            "zh": "交来的答复或证据包不成立：格式、签名或所附的开启件不符。",
            "en": "What was handed over as an answer or a bundle is none: its form, its signature "
            "or the opening beside it does not hold.",
        },
        {
            "zh": "向交来的一方索取原件；不对成员作出结论。",
            "en": "Ask whoever handed it over for the original; it says nothing against the "
            "member.",
        },
    ),
    "use-without-authorisation": FindingCode(
        "error",
        {
            "zh": "成员使用了答复，而使用时没有有效的授权，或用途与查询不同。",
            "en": "A member used an answer when no authorisation in force allowed it, or for "
            "another purpose than it had asked for.",
        },
        {
            "zh": "由使用成员说明依据，并停止使用。",
            "en": "The member that used it says on what ground, and stops using it.",
        },
    ),
    "use-without-answer": FindingCode(
        "error",
        {
            "zh": "成员声明使用的答复从未有人给出，或给了其他成员，或在使用之后才给出。",
            "en": "A member states that it used an answer that nobody gave, that was given to "
            "another, or that was given later.",
        },
        {
            "zh": "由使用成员交出该答复。",
            "en": "The member shows the answer.",
        },
    ),
    "use-of-no-product": FindingCode(
        "error",
        {
            "zh": "成员声明答复用于某产品，而该产品当时未登记、未发布或已停用。",
            "en": "A member states that an answer went into a product that was not registered, "
            "not published or retired by then.",
        },
        {
            "zh": "由使用成员更正产品编号；已停用的产品不得再用。",
            "en": "The member mends the id of the product; a retired one is not used any more.",
        },
    ),
    "product-miscounted": FindingCode(
        "error",
        {
            "zh": "产品版本在链上登记的输入条数与其清单不符，而清单的根相符。",
            "en": "A version of a product says on the chain that it was made of another number of "
            "records than the manifest that gives its root.",
        },
        {
            "zh": "由成员发布更正的版本，并说明原因。",
            "en": "The member publishes a version that counts right, and says why it did not.",
        },
    ),
    "product-input-not-anchored": FindingCode(
        "error",
        {
            "zh": "产品的输入记录不在任何日志中，且已过 72 小时。",
            "en": "A record that a product was made of stands in no log, 72 hours after the "
            "version was published.",
        },
        {
            "zh": "由成员说明其来源，并去除该记录后发布新版本。",
            "en": "The member says where it had it from, and publishes a version without it.",
        },
    ),
    "product-over-closed": FindingCode(
        "warning",
        {
            "zh": "产品版本自发布时起即已失效：其输入记录当时已有异议、已屏蔽、已删除或已有处置结"
            "果。",
            "en": "A version of a product was stale from the start: a record that it was made of "
            "was disputed, shielded, erased or had an outcome when it was published.",
        },
        {
            "zh": "由成员去除该记录后发布新版本，并通知使用方。",
            "en": "The member publishes a version without it, and tells its users.",
        },
    ),
    "manifest-differs": FindingCode(
        "warning",
        {
            "zh": "交来的清单不是链上任何版本的清单：格式、根不符，或没有这一版本。",
            "en": "What was handed over as a manifest is that of no version on the chain: its "
            "form, its root or its version.",
        },
        {
            "zh": "向产品成员索取原件；不对成员作出结论。",
            "en": "Ask the maker for the original; it says nothing against it.",
        },
    ),
    "outcome-not-an-institution": FindingCode(
        "error",
        {
            "zh": "成效由当时并非金融机构的成员声明，不计入汇总。",
            "en": "An outcome is stated by a member that was no institution then; it goes into no "
            "sum.",
        },
        {
            "zh": "由该成员说明；确由其报送的，先取得金融机构的角色。",
            "en": "The member explains; who reports outcomes is given the role first.",
        },
    ),
    "outcome-seq-twice": FindingCode(
        "error",
        {
            "zh": "金融机构就同一格以同一序号作出两份不同的成效声明：无从判断以何者为准。",
            "en": "An institution states two different outcomes of one cell under one number: "
            "nobody can tell which counts.",
        },
        {
            "zh": "由该机构以更高的序号重新报送。",
            "en": "The institution reports it again under a higher number.",
        },
    ),
    "sums-differ": FindingCode(
        "warning",
        {
            "zh": "公布的汇总与金融机构声明的成效加不起来。",
            "en": "Published sums are not what the outcomes that institutions stated add up to.",
        },
        {
            "zh": "由公布者按声明重新汇总；汇总无人签名，不对成员作出结论。",
            "en": "Whoever published them adds up again; nobody signed them, so they say nothing "
            "against a member.",
        },
    ),
    "sums-reveal-hidden": FindingCode(
        "warning",
        {
            "zh": "公布的汇总显示了不足五户的一格，或可由相减推算出来。",
            "en": "Published sums show a cell under five households, or it can be worked out by "
            "subtracting.",
        },
        {
            "zh": "由公布者撤回并重新汇总：不足五户的一格不显示，也不计入任何合计。",
            "en": "Whoever published them takes them back: a cell under five households is not "
            "shown, and goes into no sum.",
        },
    ),
    "sums-false": FindingCode(
        "warning",
        {
            "zh": "交来的汇总文件格式不符。",
            "en": "What was handed over as sums is none.",
        },
        {
            "zh": "向交来的一方索取原件。",
            "en": "Ask whoever handed it over for the original.",
        },
    ),
    "record-left-out": FindingCode(
        "error",
        {
            "zh": "成员签名的答复遗漏了一条记录：抽中的该记录已在所涵盖的日志范围内、当时有效、属"
            "于所查类别，却没有列出。",
            "en": "An answer that a member signed leaves a record out: it was drawn, and was "
            "covered, in force and of a family asked for, and is not listed.",
        },
        {
            "zh": "由答复成员说明，并向查询方补报；查询方重新查询。",
            "en": "The member explains and tells whoever asked; that member asks again.",
        },
    ),
    "drawn-not-disclosed": FindingCode(
        "error",
        {
            "zh": "抽中的记录，其成员没有披露主体代码，或所给的回执不成立、是另一条记录、没有出示"
            "代码。",
            "en": "A record was drawn and its member did not disclose whom it is about, or what "
            "it gave is no genuine receipt, of another record, or does not show the code.",
        },
        {
            "zh": "由成员披露；确已依令销毁的，出示命令。",
            "en": "The member discloses it; where it was erased on order, it shows the order.",
        },
    ),
    "draw-false": FindingCode(
        "warning",
        {
            "zh": "交来的抽样文件不成立：其区块或叶子不是该日所抽，或格式不符。",
            "en": "What was handed over as a draw is none: its block or its leaves are not those "
            "of that day, or its form is wrong.",
        },
        {
            "zh": "按该日重新抽样；不对成员作出结论。",
            "en": "Draw again for that day; it says nothing against a member.",
        },
    ),
    "sums-not-anchored": FindingCode(
        "note",
        {
            "zh": "公布的汇总与链上可见的成效加不起来，但汇总之时以前的声明尚未全部上链存证："
            "有金融机构此后还没有批次上链。",
            "en": "Published sums are not what is anchored so far, and what was stated before they "
            "were made is not anchored yet: an institution had no batch anchored since.",
        },
        {
            "zh": "待各机构下一批次（每日 23:00 后，至多 72 小时）上链存证后再核对；"
            "不对公布者和成员作出结论。",
            "en": "Hold them against the outcomes again once the next batch of every institution "
            "is anchored (after 23:00 each day, at most 72 hours); it says nothing against "
            "anybody.",
        },
    ),
}
