// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {LogStatus} from "../types/Codes.sol";
import {Keys} from "./Keys.sol";

/// @title Logs and contracts
/// @notice The part of the Consortium that only founding and votes change. Where its variables stand
/// is frozen (`Slots.sol`).
abstract contract Registers is Keys {
    /// @dev All that {openLog} reads of it stands in one slot.
    struct LogState {
        uint64 seq;
        uint16 suite;
        uint8 status;
        uint64 trustedSize;
        bytes32 predecessor;
        bytes32 successor;
    }

    /// @dev A contract's place in the history of its role.
    struct Tenure {
        bytes32 role;
        address predecessor;
        uint64 since;
    }

    bytes32 private constant _LOG_ANCHOR = "LogAnchor";
    /// @dev Logs of a member that are opened for themselves …
    uint256 private constant _MAX_LOGS = 64;
    /// @dev … and with those that take the place of a ruined one. Retiring a member walks them.
    uint256 private constant _MAX_LOGS_WITH_SUCCESSORS = 256;

    mapping(bytes32 role => address account) private _current;
    mapping(address account => Tenure) private _tenures;
    /// @dev Under the owner, so that what is found belongs to it.
    mapping(bytes32 member => mapping(bytes32 logId => LogState)) private _logs;
    mapping(bytes32 logId => bytes32 member) private _owners;
    mapping(bytes32 member => bytes32[] logIds) private _logIds;

    /// @inheritdoc IConsortium
    function openLog(bytes32 logId, bytes32 owner) external view returns (uint16 suite) {
        LogState storage state = _logs[owner][logId];
        if (state.status == 0) revert Consortium_LogNotOwned(logId, owner);
        if (state.status != LogStatus.OPEN) revert Consortium_LogNotOpen(logId, state.status);
        return state.suite;
    }

    /// @inheritdoc IConsortium
    function log(bytes32 logId) external view returns (Log memory found) {
        bytes32 owner = _owners[logId];
        if (owner == 0) return found;
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
    function logIds(bytes32 owner) external view returns (bytes32[] memory) {
        return _logIds[owner];
    }

    /// @inheritdoc IConsortium
    function current(bytes32 role) public view returns (address account) {
        return _current[role];
    }

    /// @inheritdoc IConsortium
    function predecessorOf(address account) external view returns (address predecessor) {
        return _tenures[account].predecessor;
    }

    /// @inheritdoc IConsortium
    function contractAt(bytes32 role, uint64 time) external view returns (address account) {
        account = _current[role];
        while (_tenures[account].since > time) account = _tenures[account].predecessor;
    }

    /// @inheritdoc IConsortium
    function contractHistory(bytes32 role) external view returns (Registration[] memory history) {
        uint256 count;
        for (address a = _current[role]; a != address(0); a = _tenures[a].predecessor) {
            ++count;
        }
        history = new Registration[](count);
        for (address a = _current[role]; a != address(0); a = _tenures[a].predecessor) {
            history[--count] = Registration(a, _tenures[a].since);
        }
    }

    /// @inheritdoc IConsortium
    function logIdOf(bytes32 owner, uint64 seq, uint16 suite) public view returns (bytes32) {
        return keccak256(
            abi.encode("credit-ledger/log/1", block.chainid, address(this), owner, seq, suite)
        );
    }

    /// @dev Logs of a member come in the order of their `seq`, so none is taken twice.
    function _openFoundingLog(LogInput memory input) internal {
        _requireNotRetired(input.member);
        bytes32 logId =
            input.logId == 0 ? logIdOf(input.member, input.seq, input.suite) : input.logId;
        _open(logId, input.member, input.seq, input.suite, 0, _MAX_LOGS);
    }

    function _openNextLog(bytes32 owner, uint16 suite) internal {
        _requireNotRetired(owner);
        uint64 seq = _nextSeq(owner);
        _open(logIdOf(owner, seq, suite), owner, seq, suite, 0, _MAX_LOGS);
    }

    /// @dev Closes a log at the last size to be trusted, which was anchored or is 0, and opens the
    /// one that follows it.
    function _openSuccessor(bytes32 logId, uint64 trustedSize, uint16 suite) internal {
        bytes32 owner = _owners[logId];
        uint8 status = _logs[owner][logId].status;
        if (status != LogStatus.OPEN) revert Consortium_LogNotOpen(logId, status);
        address anchor = _current[_LOG_ANCHOR];
        bool valid = trustedSize == 0
            || (anchor != address(0) && ILogAnchor(anchor).rootAt(logId, trustedSize) != 0);
        if (!valid) revert Consortium_SizeNotAnchored(logId, trustedSize);
        uint64 seq = _nextSeq(owner);
        bytes32 successor = logIdOf(owner, seq, suite);
        _close(logId, owner, trustedSize, successor);
        _open(successor, owner, seq, suite, logId, _MAX_LOGS_WITH_SUCCESSORS);
    }

    /// @dev Of a member that retires: each at the size that it has.
    function _closeLogs(bytes32 owner) internal {
        address anchor = _current[_LOG_ANCHOR];
        bytes32[] storage ids = _logIds[owner];
        for (uint256 i = 0; i < ids.length; ++i) {
            if (_logs[owner][ids[i]].status != LogStatus.OPEN) continue;
            uint64 size;
            if (anchor != address(0)) (size,) = ILogAnchor(anchor).latest(ids[i]);
            _close(ids[i], owner, size, 0);
        }
    }

    /// @dev A contract is registered once: a retired one that came back would not know what its
    /// successors stored.
    function _registerContract(bytes32 role, address account) internal {
        bool valid = account.code.length != 0 && _tenures[account].role == 0
            && IRoleContract(account).role() == role
            && address(IRoleContract(account).consortium()) == address(this);
        if (!valid) revert Consortium_ContractInvalid(role, account);
        address predecessor = _current[role];
        _tenures[account] = Tenure(role, predecessor, _time());
        _current[role] = account;
        emit ContractRegistered(role, account, predecessor);
    }

    function _open(
        bytes32 logId,
        bytes32 owner,
        uint64 seq,
        uint16 suite,
        bytes32 predecessor,
        uint256 limit
    ) private {
        if (_owners[logId] != 0 || seq < _nextSeq(owner) || suite == 0) {
            revert Consortium_LogInvalid(logId, owner, seq, suite);
        }
        if (_logIds[owner].length >= limit) revert Consortium_TooManyLogs(owner, limit);
        _logIds[owner].push(logId);
        _owners[logId] = owner;
        _logs[owner][logId] = LogState(seq, suite, LogStatus.OPEN, 0, predecessor, 0);
        emit LogOpened(logId, owner, seq, suite, predecessor);
    }

    function _close(bytes32 logId, bytes32 owner, uint64 trustedSize, bytes32 successor) private {
        LogState storage state = _logs[owner][logId];
        state.status = LogStatus.CLOSED;
        state.trustedSize = trustedSize;
        state.successor = successor;
        emit LogClosed(logId, owner, trustedSize, successor);
    }

    /// @dev One more than that of the member's last log.
    function _nextSeq(bytes32 owner) private view returns (uint64) {
        bytes32[] storage ids = _logIds[owner];
        return ids.length == 0 ? 0 : _logs[owner][ids[ids.length - 1]].seq + 1;
    }
}
