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
}
