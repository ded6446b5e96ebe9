"""The list of keys that everybody has, derived again from what is public."""

from eth_account import Account

from ledger.chain.keys.keyfile import new_secret
from ledger.chain.keys.signers import LocalSigner
from ledger.chain.keys.wellknown import (
    _ADDRESSES,
    ACCOUNTS,
    MNEMONICS,
    SMALL_SECRETS,
    is_well_known,
)
from ledger.core.ids import Address
from ledger.core.keys import Alg


def test_the_list_is_what_it_says() -> None:
    Account.enable_unaudited_hdwallet_features()
    derived = {
        Account.from_mnemonic(words, account_path=f"m/44'/60'/0'/0/{index}").address.lower()
        for words in MNEMONICS
        for index in range(ACCOUNTS)
    }
    small = {
        LocalSigner(Alg.SECP256K1, number.to_bytes(32, "big")).address
        for number in range(1, SMALL_SECRETS + 1)
    }
    assert derived | small == _ADDRESSES


def test_one_that_everybody_has_seen() -> None:
    assert is_well_known(Address("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"))
    assert not is_well_known(LocalSigner(Alg.SECP256K1, new_secret()).address)
