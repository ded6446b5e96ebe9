// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {LogStatus} from "../types/Codes.sol";
import {LogId, MemberId, NO_LOG, NO_MEMBER} from "../types/Ids.sol";
import {ContractRegistry} from "./ContractRegistry.sol";

/// @title Logs of the members
/// @notice The part of the Consortium that says whose a log is and whether it is open; only founding
/// and votes change it. Where its variables stand is frozen (`Slots.sol`).
abstract contract LogRegistry is ContractRegistry {
    /// @dev All that {openLog} reads of it stands in one slot.
    struct LogState {
        uint64 seq;
        uint16 suite;
        uint8 status;
        uint64 trustedSize;
        LogId predecessor;
        LogId successor;
    }

    /// @dev Role of the contract that knows the sizes of the logs.
    bytes32 private constant _LOG_ANCHOR = "LogAnchor";
    /// @dev Most logs of a member, unless they replace ruined ones.
    uint256 private constant _MAX_LOGS = 64;
    /// @dev Most logs of a member in all. Retiring a member walks them.
    uint256 private constant _MAX_LOGS_WITH_SUCCESSORS = 256;

    /// @dev Logs stand under their owner, so that what is found belongs to it.
    mapping(MemberId member => mapping(LogId logId => LogState)) private _logs;
    mapping(LogId logId => MemberId member) private _owners;
    mapping(MemberId member => LogId[] logIds) private _logIds;

    /// @inheritdoc IConsortium
    function openLog(LogId logId, MemberId owner) external view returns (uint16 suite) {
        LogState storage state = _logs[owner][logId];
        if (state.status == 0) revert Consortium_LogNotOwned(logId, owner);
        if (state.status != LogStatus.OPEN) revert Consortium_LogNotOpen(logId, state.status);
        return state.suite;
    }

    /// @inheritdoc IConsortium
    function log(LogId logId) external view returns (Log memory found) {
        MemberId owner = _owners[logId];
        if (owner == NO_MEMBER) return found;
        LogState storage state = _logs[owner][logId];
        return Log({
            logId: logId,
            member: owner,
            seq: state.seq,
            suite: state.suite,
            status: state.status,
            trustedSize: state.trustedSize,
            predecessor: state.predecessor,
            successor: state.successor
        });
    }

    /// @inheritdoc IConsortium
    function logIds(MemberId owner) external view returns (LogId[] memory) {
        return _logIds[owner];
    }

    /// @inheritdoc IConsortium
    function logIdOf(MemberId owner, uint64 seq, uint16 suite) public view returns (LogId) {
        return LogId.wrap(
            keccak256(
                abi.encode("credit-ledger/log/1", block.chainid, address(this), owner, seq, suite)
            )
        );
    }

    // ---- for the votes and the constructor ------------------------------------------------------

    /// @dev Open a log at founding. Logs of a member come in the order of their `seq`, so none is
    /// taken twice.
    function _openFoundingLog(LogInput memory input) internal {
        _requireNotRetired(input.member);
        LogId logId =
            input.logId == NO_LOG ? logIdOf(input.member, input.seq, input.suite) : input.logId;
        _open(logId, input.member, input.seq, input.suite, NO_LOG, _MAX_LOGS);
    }

    function _openNextLog(MemberId owner, uint16 suite) internal {
        _requireNotRetired(owner);
        uint64 seq = _nextSeq(owner);
        _open(logIdOf(owner, seq, suite), owner, seq, suite, NO_LOG, _MAX_LOGS);
    }

    /// @dev Close a log at the last size to be trusted, which was anchored or is 0, and open the
    /// one that follows it.
    function _openSuccessor(LogId logId, uint64 trustedSize, uint16 suite) internal {
        MemberId owner = _owners[logId];
        uint8 status = _logs[owner][logId].status;
        if (status != LogStatus.OPEN) revert Consortium_LogNotOpen(logId, status);
        address anchor = _current[_LOG_ANCHOR];
        bool valid = trustedSize == 0
            || (anchor != address(0) && ILogAnchor(anchor).rootAt(logId, trustedSize) != 0);
        if (!valid) revert Consortium_SizeNotAnchored(logId, trustedSize);
        uint64 seq = _nextSeq(owner);
        LogId successor = logIdOf(owner, seq, suite);
        _close(logId, owner, trustedSize, successor);
        _open(successor, owner, seq, suite, logId, _MAX_LOGS_WITH_SUCCESSORS);
    }

    /// @dev Close all logs of a member that retires, each at the size that it has.
    function _closeLogs(MemberId owner) internal {
        address anchor = _current[_LOG_ANCHOR];
        LogId[] storage ids = _logIds[owner];
        for (uint256 i = 0; i < ids.length; ++i) {
            if (_logs[owner][ids[i]].status != LogStatus.OPEN) continue;
            uint64 size;
            if (anchor != address(0)) (size,) = ILogAnchor(anchor).latest(ids[i]);
            _close(ids[i], owner, size, NO_LOG);
        }
    }

    // ---- details --------------------------------------------------------------------------------

    function _open(
        LogId logId,
        MemberId owner,
        uint64 seq,
        uint16 suite,
        LogId predecessor,
        uint256 limit
    ) private {
        if (_owners[logId] != NO_MEMBER || seq < _nextSeq(owner) || suite == 0) {
            revert Consortium_LogInvalid(logId, owner, seq, suite);
        }
        if (_logIds[owner].length >= limit) revert Consortium_TooManyLogs(owner, limit);
        _logIds[owner].push(logId);
        _owners[logId] = owner;
        _logs[owner][logId] = LogState(seq, suite, LogStatus.OPEN, 0, predecessor, NO_LOG);
        emit LogOpened(logId, owner, seq, suite, predecessor);
    }

    function _close(LogId logId, MemberId owner, uint64 trustedSize, LogId successor) private {
        LogState storage state = _logs[owner][logId];
        state.status = LogStatus.CLOSED;
        state.trustedSize = trustedSize;
        state.successor = successor;
        emit LogClosed(logId, owner, trustedSize, successor);
    }

    /// @dev Return one more than the `seq` of the member's last log.
    function _nextSeq(MemberId owner) private view returns (uint64) {
        LogId[] storage ids = _logIds[owner];
        return ids.length == 0 ? 0 : _logs[owner][ids[ids.length - 1]].seq + 1;
    }
}
