// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

// The numbers that stand in storage, in signatures and in events. Append-only: a number is never
// given another meaning. They are constants and not enums, so that an unknown number can be refused
// with an error that carries it.

/// @notice Bits of a member's `roles`.
library Role {
    uint8 internal constant PROVINCE = 1;
    uint8 internal constant BUREAU = 2;
    uint8 internal constant INSTITUTION = 4;
    uint8 internal constant AUDITOR = 8;
    /// @dev All bits, those of later roles too.
    uint8 internal constant ANY = 255;
}

/// @notice Status of a member; 0 is an unknown member.
library MemberStatus {
    uint8 internal constant ACTIVE = 1;
    /// @dev writes nothing, but may end its keys
    uint8 internal constant SUSPENDED = 2;
    /// @dev final
    uint8 internal constant RETIRED = 3;
}

/// @notice What a key may sign. Keys of any other purpose can be registered too.
library Purpose {
    uint8 internal constant ANCHOR = 1;
    uint8 internal constant CASE = 2;
    uint8 internal constant CONSENT = 3;
    uint8 internal constant PRODUCT = 4;
    uint8 internal constant GOVERN = 5;
    uint8 internal constant PRESENT = 6;
    uint8 internal constant REQUEST = 7;
    uint8 internal constant NOTE = 8;
    uint8 internal constant WITNESS = 9;
    uint8 internal constant DECIDE = 10;
}

/// @notice Algorithm of a key. 4 is reserved for SM2; any other can be registered with 1 to 256 bytes
/// of key. Only secp256k1 can sign for a contract.
library Alg {
    /// @dev 64 bytes, X then Y
    uint16 internal constant SECP256K1 = 1;
    /// @dev 32 bytes
    uint16 internal constant ED25519 = 2;
    /// @dev 64 bytes, X then Y
    uint16 internal constant P256 = 3;
}

/// @notice Hash and signature suite of a log.
library Suite {
    /// @dev SHA-256 tree, secp256k1 anchors
    uint16 internal constant SHA256 = 1;
}

/// @notice Status of a log; 0 is an unknown log.
library LogStatus {
    uint8 internal constant OPEN = 1;
    uint8 internal constant CLOSED = 2;
}

/// @notice Choice in a vote.
library Choice {
    uint8 internal constant YES = 1;
    uint8 internal constant NO = 2;
}

/// @notice Kind of an action that the provinces vote on, with the ABI encoding of its `data`.
library Kind {
    /// @dev (bytes32 member)
    uint8 internal constant SUSPEND = 1;
    /// @dev (bytes32 member)
    uint8 internal constant REINSTATE = 2;
    /// @dev (IConsortium.KeyInput); a GOVERN key, which begins in 7 days at the earliest, or in 30
    /// if a vote held one to be stolen in the 30 days before
    uint8 internal constant RECOVER_KEY = 3;
    /// @dev (bytes32 role, address account)
    uint8 internal constant REGISTER_CONTRACT = 4;
    /// @dev (bytes32 logId, uint64 trustedSize, uint16 suite)
    uint8 internal constant OPEN_SUCCESSOR = 5;
    /// @dev (bytes32 member, bytes32 keyId, uint64 since); earlier or later than what stands
    uint8 internal constant COMPROMISE_KEY = 6;
    /// @dev (address catalogue, ICatalogue.Item[]); carried out by the Catalogue, never by execute
    uint8 internal constant PUT_NATIONAL = 7;
    /// @dev (bytes32 member)
    uint8 internal constant SET_CHAIR = 8;
    /// @dev (address registry, ICaseRegistry.Act[]); carried out by the CaseRegistry, never by execute
    uint8 internal constant ACT = 9;
    /// @dev (IConsortium.FounderInput, IConsortium.KeyInput[]); opens its log, of suite SHA256
    uint8 internal constant ADMIT = 10;
    /// @dev (bytes32 member); final, closes its logs at their last size
    uint8 internal constant RETIRE = 11;
    /// @dev (bytes32 member, uint8 roles)
    uint8 internal constant SET_ROLES = 12;
    /// @dev (uint64 threshold)
    uint8 internal constant SET_THRESHOLD = 13;
    /// @dev (bytes32 member, uint16 suite)
    uint8 internal constant OPEN_LOG = 14;
    /// @dev (bytes32 member, uint8 purpose, uint64 since); moves what stands earlier only
    uint8 internal constant COMPROMISE_ALL = 15;
}

/// @notice What an item of the catalogue is.
library ItemKind {
    uint8 internal constant RECORD_TYPE = 1;
    uint8 internal constant SEVERE_LIST = 2;
    uint8 internal constant MEASURES = 3;
    uint8 internal constant AGREEMENT = 4;
    uint8 internal constant RULES = 5;
}

/// @notice Who may see records of a type.
library Visibility {
    uint8 internal constant PUBLIC = 1;
    uint8 internal constant ON_AUTHORISATION = 2;
    uint8 internal constant GOVERNMENT = 3;
}

/// @notice Data class of a record type (GB/T 43697-2024). Important data never crosses the node.
library DataClass {
    uint8 internal constant GENERAL = 1;
    uint8 internal constant IMPORTANT = 2;
}

/// @notice How exact the public `period` of an entry is.
library Granularity {
    uint8 internal constant MONTH = 1;
    uint8 internal constant YEAR = 2;
}

/// @notice What an act does to the status of a record.
library Action {
    /// @dev the only one that a CASE key signs
    uint8 internal constant DISPUTE = 1;
    uint8 internal constant SETTLE = 2;
    uint8 internal constant SHIELD = 3;
    uint8 internal constant LIFT = 4;
    uint8 internal constant REPAIR = 5;
    uint8 internal constant RESCIND = 6;
    uint8 internal constant CORRECT = 7;
    uint8 internal constant WITHDRAW = 8;
    uint8 internal constant ERASE = 9;
    uint8 internal constant END = 10;
    /// @dev by vote only
    uint8 internal constant ANNUL = 11;
    /// @dev written by annulStolen alone
    uint8 internal constant ANNUL_STOLEN = 12;
}

/// @notice Why an act is done; 0 stands in acts of annulStolen alone.
library Basis {
    uint16 internal constant ORDER_58 = 1;
    uint16 internal constant ORDER_36 = 2;
    uint16 internal constant MARKET_SUPERVISION = 3;
    uint16 internal constant NATIONAL_RESULT = 4;
    uint16 internal constant COURT = 5;
    uint16 internal constant SUPERVISION_ORDER = 6;
    uint16 internal constant OBJECTION_UPHELD = 7;
    uint16 internal constant ISSUER_CHECK = 8;
    uint16 internal constant SUBJECT_REQUEST = 9;
    uint16 internal constant DECISION_CHANGED = 10;
    uint16 internal constant LIST_EXIT = 11;
    uint16 internal constant OTHER_LAW = 12;
}

/// @notice Bits of the flags of a record. The marks say what was set by vote: while one is set, only
/// a vote changes that, and the mark goes with what it marks.
library Flag {
    uint8 internal constant DISPUTED = 1;
    uint8 internal constant SHIELDED = 2;
    uint8 internal constant ERASED = 4;
    uint8 internal constant DISPUTED_BY_VOTE = 16;
    uint8 internal constant SHIELDED_BY_VOTE = 32;
    /// @dev the present outcome
    uint8 internal constant OUTCOME_BY_VOTE = 64;
}

/// @notice What became of a record.
library Outcome {
    uint8 internal constant NONE = 0;
    uint8 internal constant REPAIRED = 1;
    uint8 internal constant CORRECTED = 2;
    uint8 internal constant WITHDRAWN = 3;
    uint8 internal constant ENDED = 4;
}

/// @notice What a product is.
library ProductKind {
    uint8 internal constant DATASET = 1;
    uint8 internal constant MODEL = 2;
    uint8 internal constant PORTRAIT = 3;
    uint8 internal constant REPORT = 4;
}
