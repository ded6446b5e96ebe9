// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

// Ids of six kinds of things. Each is a bytes32 to the EVM and in the ABI; to the compiler they are
// six types, so that the id of a log cannot be taken for that of a key.

/// @notice Code of a member: ASCII, padded with NUL on the right. 0: no member.
type MemberId is bytes32;

/// @notice Id of a key, as {IConsortium-keyIdOf} gives it. 0: no key.
type KeyId is bytes32;

/// @notice Id of a log, as {IConsortium-logIdOf} minted it; it outlives a move. 0: no log.
type LogId is bytes32;

/// @notice Id of a proposal, as {IConsortium-proposalIdOf} gives it. 0: no proposal.
type ProposalId is bytes32;

/// @notice Id of a record: keccak256(abi.encode(logId, commitment)). 0: no record.
type RecordId is bytes32;

/// @notice Id of a product, which its member chose: the same 32 bytes under another member are another
/// product. 0: no product.
type ProductId is bytes32;

MemberId constant NO_MEMBER = MemberId.wrap(0);
KeyId constant NO_KEY = KeyId.wrap(0);
LogId constant NO_LOG = LogId.wrap(0);
RecordId constant NO_RECORD = RecordId.wrap(0);
ProductId constant NO_PRODUCT = ProductId.wrap(0);

using {sameMember as ==, otherMember as !=} for MemberId global;
using {sameKey as ==} for KeyId global;
using {sameLog as ==, otherLog as !=} for LogId global;
using {sameRecord as ==} for RecordId global;
using {sameProduct as ==} for ProductId global;

function sameMember(MemberId a, MemberId b) pure returns (bool) {
    return MemberId.unwrap(a) == MemberId.unwrap(b);
}

function otherMember(MemberId a, MemberId b) pure returns (bool) {
    return MemberId.unwrap(a) != MemberId.unwrap(b);
}

function sameKey(KeyId a, KeyId b) pure returns (bool) {
    return KeyId.unwrap(a) == KeyId.unwrap(b);
}

function sameLog(LogId a, LogId b) pure returns (bool) {
    return LogId.unwrap(a) == LogId.unwrap(b);
}

function otherLog(LogId a, LogId b) pure returns (bool) {
    return LogId.unwrap(a) != LogId.unwrap(b);
}

function sameRecord(RecordId a, RecordId b) pure returns (bool) {
    return RecordId.unwrap(a) == RecordId.unwrap(b);
}

function sameProduct(ProductId a, ProductId b) pure returns (bool) {
    return ProductId.unwrap(a) == ProductId.unwrap(b);
}
