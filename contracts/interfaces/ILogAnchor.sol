// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {KeyId, LogId, MemberId} from "../types/Ids.sol";
import {IRoleContract} from "./IRoleContract.sol";

/// @title Roots of the members' logs
/// @notice Keeps the RFC 9162 root of every log at every anchored size. A root is accepted only with
/// a proof that it extends the one before, so nobody can rewrite a log, not even its owner. The
/// previous size is a compare-and-swap: two writers of one log cannot fork it.
///
/// Every anchor is signed (EIP-712, domain `CreditLedger LogAnchor`, version `1`) by an ANCHOR key
/// of the ACTIVE member that owns the log, whatever its roles: those decide what a record in it is
/// worth ({IConsortium-rolesAt}). Who sends the transaction means nothing.
///
/// One contract holds the role `LogAnchor` in the Consortium at a time. A retired one takes no more
/// anchors, its answers stay; its successor goes on from where it stopped.
///
/// Stolen key. Every event names its key, so the last trusted size of a log is the size before the
/// first anchor whose key was not valid at its block's time, as the Consortium knows it now. The
/// vote OPEN_SUCCESSOR names that size and closes the log; from then on it takes no anchors.
interface ILogAnchor is IRoleContract {
    /// @notice A log at a size, as its owner signs it.
    struct Checkpoint {
        /// @dev the owner of the log
        MemberId member;
        /// @dev must be open
        LogId logId;
        /// @dev the size of the last anchor, 0 before the first
        uint64 prevSize;
        /// @dev at most 2^20 more
        uint64 size;
        /// @dev RFC 9162 root at `size`
        bytes32 root;
        /// @dev last second at which the signature may be used
        uint64 deadline;
    }

    /// @notice Emitted for every anchor.
    /// @param logId The log.
    /// @param size Its number of leaves now.
    /// @param prevSize Its number of leaves at the anchor before, 0 at the first.
    /// @param root RFC 9162 root at `size`.
    /// @param keyId The ANCHOR key that signed.
    event Anchored(
        LogId indexed logId, uint64 indexed size, uint64 prevSize, bytes32 root, KeyId keyId
    );

    /// @notice Thrown when the log does not grow, or by more than 2^20 leaves.
    error LogAnchor_GrowthInvalid(LogId logId, uint64 prevSize, uint64 size);
    /// @notice Thrown when the root is zero, which here means that there is none.
    error LogAnchor_RootZero(LogId logId, uint64 size);
    /// @notice Thrown when the log stands at another size than `prevSize`.
    error LogAnchor_SizeMismatch(LogId logId, uint64 latest, uint64 prevSize);
    /// @notice Thrown when the log's suite is not SHA-256.
    error LogAnchor_SuiteUnknown(LogId logId, uint16 suite);
    /// @notice Thrown when the proof does not show that the new root extends the old one.
    error LogAnchor_NotConsistent(
        LogId logId, uint64 prevSize, bytes32 prevRoot, uint64 size, bytes32 root
    );

    /// @notice Anchor a log at a new size.
    /// @dev Signs Checkpoint with the fields of {Checkpoint} in their order.
    /// @param checkpoint What is anchored.
    /// @param proof RFC 9162 consistency proof from `prevSize` to `size` of exact length; empty when
    /// `prevSize` is 0.
    /// @param signature r ‖ s ‖ v of an ANCHOR key, 65 bytes, low s, v 27 or 28.
    function anchor(
        Checkpoint calldata checkpoint,
        bytes32[] calldata proof,
        bytes calldata signature
    ) external;

    /// @notice Return size and root of the last anchor of a log; zeros where there is none. Never
    /// reverts.
    function latest(LogId logId) external view returns (uint64 size, bytes32 root);

    /// @notice Return the root of a log at an anchored size, 0 where there is none. Never reverts.
    function rootAt(LogId logId, uint64 size) external view returns (bytes32 root);

    /// @notice Say whether a leaf hash stands at `index` of the log as anchored at `size`. False,
    /// and no revert, for whatever does not fit.
    /// @param logId The log.
    /// @param size An anchored size.
    /// @param index Position of the leaf, from 0.
    /// @param leaf SHA-256(0x00 ‖ entry).
    /// @param path RFC 9162 inclusion path, leaf to root, of exact length.
    function verifyInclusion(
        LogId logId,
        uint64 size,
        uint64 index,
        bytes32 leaf,
        bytes32[] calldata path
    ) external view returns (bool);
}
