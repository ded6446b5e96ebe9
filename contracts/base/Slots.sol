// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

// Where proofs of state (`eth_getProof`) find what they rest on. These places never move, in any
// version of these contracts. Solidity's layout: the value of `m[k]` of a mapping at slot p stands at
// keccak256(abi.encode(k, p)); what is packed into a word begins at its lowest byte; `bytes` of more
// than 31 bytes hold 2 · length + 1 in their slot and the bytes from keccak256(slot) on.
// Slots 0 and 1 belong to EIP712 and are zero.

/// @notice Slots of `Consortium`.
library ConsortiumSlot {
    /// @dev keccak256(abi.encode(code, 2)): region; +1: roles uint8, status uint8, seq uint64,
    /// recoveredFrom uint64, governTakenAt uint64; +2: endpoint
    uint256 internal constant MEMBERS = 2;
    /// @dev keccak256(abi.encode(code, 3)): length; keccak256 of that + i: since uint64, roles uint8
    uint256 internal constant ROLES = 3;
    /// @dev keccak256(abi.encode(keyId, keccak256(abi.encode(code, 6)))): purpose uint8, alg uint16,
    /// notBefore, notAfter, compromisedSince uint64, addedAt uint40
    uint256 internal constant KEYS = 6;
    /// @dev keccak256(abi.encode(keyId, keccak256(abi.encode(code, 7)))): publicKey, bytes
    uint256 internal constant PUBLIC_KEYS = 7;
    /// @dev keccak256(abi.encode(code, 8)): length; keccak256 of that + i: keyId, in the order of
    /// registration
    uint256 internal constant KEY_IDS = 8;
    /// @dev keccak256(abi.encode(role, 10)): the contract that holds it, address
    uint256 internal constant CURRENT = 10;
    /// @dev keccak256(abi.encode(account, 11)): role; +1: predecessor address, since uint64
    uint256 internal constant TENURES = 11;
    /// @dev keccak256(abi.encode(logId, keccak256(abi.encode(owner, 12)))): seq uint64, suite uint16,
    /// status uint8, trustedSize uint64; +1: predecessor; +2: successor
    uint256 internal constant LOGS = 12;
    /// @dev keccak256(abi.encode(logId, 13)): code of the owner
    uint256 internal constant OWNERS = 13;
    /// @dev keccak256(abi.encode(member, keccak256(abi.encode(proposalId, 18)))): choice uint8, castAt
    /// uint64; +1: keyId
    uint256 internal constant BALLOTS = 18;
}

/// @notice Slots of `LogAnchor`. What a predecessor stored stays there.
library LogAnchorSlot {
    /// @dev keccak256(abi.encode(logId, 2)): size at the last anchor, uint64
    uint256 internal constant SIZES = 2;
    /// @dev keccak256(abi.encode(size, keccak256(abi.encode(logId, 3)))): root at that size
    uint256 internal constant ROOTS = 3;
}

/// @notice Slots of `Catalogue`. What a predecessor stored stays there.
library CatalogueSlot {
    /// @dev keccak256(abi.encode(region, keccak256(abi.encode(itemId, 4)))): length; keccak256 of that
    /// + 7 i: itemId; +1: version uint32, kind uint8; +2: contentHash; +3: from, until uint64,
    /// visibility uint8; +4: region; +5: dataClass, granularity uint8; +6: putAt uint64
    uint256 internal constant SERIES = 4;
}

/// @notice Slots of `CaseRegistry`. What a predecessor stored stays there.
library CaseRegistrySlot {
    /// @dev keccak256(abi.encode(recordId, 2)): flags uint8, outcome uint8, version uint32, recordedAt,
    /// effectiveAt, block uint64; +1: history; +2: otherRecordId. All zero: no act here
    uint256 internal constant RECORDS = 2;
}
