"""Raw transactions, beside eth_account."""

from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from ledger.chain.keys.signers import LocalSigner
from ledger.chain.sending import rawtx
from ledger.chain.sending.fees import Fees
from ledger.core.ids import Address
from ledger.core.keys import Alg

SECRET = b"\x07" * 32
SIGNER = LocalSigner(Alg.SECP256K1, SECRET)
NUMBERS = st.integers(0, 2**64)


@given(
    numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS),
    tip=st.none() | NUMBERS,
    to=st.none() | st.binary(min_size=20, max_size=20),
    data=st.binary(max_size=300),
    chain_id=st.integers(1, 2**40),
)
def test_transactions(
    numbers: tuple[int, int, int], tip: int | None, to: bytes | None, data: bytes, chain_id: int
) -> None:
    nonce, gas, most = numbers
    target = None if to is None else Address("0x" + to.hex())
    fees = Fees(most=most, tip=tip)
    raw = rawtx.sign(
        SIGNER, chain_id=chain_id, nonce=nonce, to=target, data=data, gas=gas, fees=fees
    )
    prices = {"gasPrice": most} if tip is None else {
        "maxFeePerGas": most, "maxPriorityFeePerGas": tip, "type": 2,
    }  # fmt: skip
    theirs = Account.sign_transaction(
        {"nonce": nonce, "gas": gas, "to": to or b"", "value": 0, "data": data}
        | {"chainId": chain_id, **prices},
        SECRET,
    )
    assert raw == bytes(theirs.raw_transaction)
    assert rawtx.tx_hash(raw) == "0x" + bytes(theirs.hash).hex()
    assert Account.recover_transaction(raw).lower() == SIGNER.address


def test_created_addresses() -> None:
    # The first one is in the yellow paper's test suite and many a block explorer.
    sender = Address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert rawtx.created_address(sender, 0) == "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    assert rawtx.created_address(sender, 1) == "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8"
    assert rawtx.created_address(sender, 200) != rawtx.created_address(sender, 201)
