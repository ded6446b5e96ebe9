// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {RoleContract} from "./base/RoleContract.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";
import {ILogAnchor} from "./interfaces/ILogAnchor.sol";
import {RFC9162} from "./libraries/RFC9162.sol";
import {Purpose, Role, Suite} from "./types/Codes.sol";
import {KeyId, LogId, MemberId} from "./types/Ids.sol";

/// @title Roots of the members' logs
/// @notice See {ILogAnchor}.
contract LogAnchor is ILogAnchor, RoleContract {
    /// @dev Most leaves of one anchor. A consistency proof shows only the prefix, so a thief's one
    /// signature must not be able to use up a log; a member that has more to say anchors again.
    uint64 private constant _MAX_GROWTH = 1 << 20;

    bytes32 private constant _CHECKPOINT = keccak256(
        "Checkpoint(bytes32 member,bytes32 logId,uint64 prevSize,uint64 size,bytes32 root,uint64 deadline)"
    );

    // Where these stand is frozen (`base/Slots.sol`).
    mapping(LogId logId => uint64 size) private _sizes;
    mapping(LogId logId => mapping(uint64 size => bytes32 root)) private _roots;

    constructor(IConsortium consortium_) RoleContract(consortium_, "LogAnchor") {}

    /// @inheritdoc ILogAnchor
    function anchor(
        Checkpoint calldata checkpoint,
        bytes32[] calldata proof,
        bytes calldata signature
    ) external {
        _requireCurrent();
        _requireShape(checkpoint);
        KeyId keyId = _authorise(
            checkpoint.member,
            Role.ANY,
            Purpose.ANCHOR,
            keccak256(abi.encode(_CHECKPOINT, checkpoint)),
            checkpoint.deadline,
            signature
        );
        _requireLog(checkpoint.logId, checkpoint.member);
        _requireExtends(checkpoint, proof);
        _store(checkpoint, keyId);
    }

    /// @inheritdoc ILogAnchor
    function latest(LogId logId) public view returns (uint64 size, bytes32 root) {
        size = _sizes[logId];
        if (size != 0) return (size, _roots[logId][size]);
        ILogAnchor predecessor = _predecessor();
        if (address(predecessor) != address(0)) return predecessor.latest(logId);
    }

    /// @inheritdoc ILogAnchor
    function rootAt(LogId logId, uint64 size) public view returns (bytes32 root) {
        root = _roots[logId][size];
        if (root != 0) return root;
        ILogAnchor predecessor = _predecessor();
        if (address(predecessor) != address(0)) return predecessor.rootAt(logId, size);
    }

    /// @inheritdoc ILogAnchor
    function verifyInclusion(
        LogId logId,
        uint64 size,
        uint64 index,
        bytes32 leaf,
        bytes32[] calldata path
    ) external view returns (bool) {
        bytes32 root = rootAt(logId, size);
        return root != 0 && RFC9162.verifyInclusion(leaf, index, size, path, root);
    }

    function _store(Checkpoint calldata checkpoint, KeyId keyId) private {
        LogId logId = checkpoint.logId;
        uint64 size = checkpoint.size;
        _sizes[logId] = size;
        _roots[logId][size] = checkpoint.root;
        emit Anchored(logId, size, checkpoint.prevSize, checkpoint.root, keyId);
    }

    function _requireShape(Checkpoint calldata checkpoint) private pure {
        (uint64 prevSize, uint64 size) = (checkpoint.prevSize, checkpoint.size);
        if (size <= prevSize || size - prevSize > _MAX_GROWTH) {
            revert LogAnchor_GrowthInvalid(checkpoint.logId, prevSize, size);
        }
        if (checkpoint.root == 0) revert LogAnchor_RootZero(checkpoint.logId, size);
    }

    function _requireLog(LogId logId, MemberId member) private view {
        uint16 suite = consortium().openLog(logId, member);
        if (suite != Suite.SHA256) revert LogAnchor_SuiteUnknown(logId, suite);
    }

    function _requireExtends(Checkpoint calldata checkpoint, bytes32[] calldata proof)
        private
        view
    {
        (uint64 size, bytes32 root) = latest(checkpoint.logId);
        if (size != checkpoint.prevSize) {
            revert LogAnchor_SizeMismatch(checkpoint.logId, size, checkpoint.prevSize);
        }
        bool extends_ = size == 0
            ? proof.length == 0
            : RFC9162.verifyConsistency(size, root, checkpoint.size, checkpoint.root, proof);
        if (!extends_) {
            revert LogAnchor_NotConsistent(
                checkpoint.logId, size, root, checkpoint.size, checkpoint.root
            );
        }
    }

    /// @dev Return the contract that held the role before, which keeps what was anchored there.
    function _predecessor() private view returns (ILogAnchor) {
        return ILogAnchor(consortium().predecessorOf(address(this)));
    }
}
