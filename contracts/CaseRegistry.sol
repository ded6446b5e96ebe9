// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {RoleContract} from "./base/RoleContract.sol";
import {ICaseRegistry} from "./interfaces/ICaseRegistry.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";
import {StatusRules} from "./libraries/StatusRules.sol";
import {Action, Basis, Flag, Kind, MemberStatus, Outcome, Purpose, Role} from "./types/Codes.sol";
import {KeyId, LogId, MemberId, NO_LOG, NO_MEMBER, ProposalId, RecordId} from "./types/Ids.sol";

/// @title The status of records
/// @notice See {ICaseRegistry}.
contract CaseRegistry is ICaseRegistry, RoleContract {
    using StatusRules for Status;

    /// @dev Most acts of one call: they fit into a block with room to spare, at about 100,000 gas
    /// each, and as a vote's data into what the Consortium takes.
    uint256 private constant _MAX_ACTS = 64;
    /// @dev Most records asked for at once: far below what nodes grant a call, through several
    /// predecessors.
    uint256 private constant _MAX_STORED = 256;
    /// @dev Most time for which acts can be held back by whoever was handed them: a decision is no
    /// blank cheque.
    uint64 private constant _MAX_AHEAD = 7 days;

    string private constant _ACT_TEXT =
        "Act(bytes32 logId,bytes32 commitment,uint8 action,uint32 expectedVersion,uint16 basis,bytes32 doc,bytes32 otherLogId,bytes32 otherCommitment,uint64 effectiveAt,uint64 refiledFrom)";
    bytes32 private constant _ACT = keccak256(bytes(_ACT_TEXT));
    bytes32 private constant _ACTS =
        keccak256(abi.encodePacked("Acts(bytes32 member,Act[] acts,uint64 deadline)", _ACT_TEXT));
    bytes32 private constant _ACK =
        keccak256("Ack(bytes32 member,uint64 count,bytes32 head,uint64 deadline)");

    // Where this stands is frozen (`base/Slots.sol`).
    mapping(RecordId recordId => Stored) private _records;

    uint64 private _count;
    bytes32 private _head;
    /// @dev count in the lowest 64 bits, above them the first 24 bytes of the head
    mapping(MemberId member => uint256 word) private _acknowledgements;
    mapping(ProposalId proposalId => bool used) private _used;

    constructor(IConsortium consortium_) RoleContract(consortium_, "CaseRegistry") {}

    /// @inheritdoc ICaseRegistry
    function act(MemberId member, Act[] calldata acts, uint64 deadline, bytes calldata signature)
        external
    {
        _requireCurrent();
        _requireCount(acts.length, _MAX_ACTS);
        if (deadline > _time() + _MAX_AHEAD) revert CaseRegistry_DeadlineTooFar(deadline, _time());
        KeyId keyId = _authorise(
            member,
            Role.PROVINCE,
            _purposeOf(acts),
            _hashActs(member, acts, deadline),
            deadline,
            signature
        );
        for (uint256 i = 0; i < acts.length; ++i) {
            _take(acts[i], member, KeyId.unwrap(keyId));
        }
    }

    /// @inheritdoc ICaseRegistry
    function actByVote(Act[] calldata acts, MemberId proposer, bytes32 salt) external {
        _requireCurrent();
        _requireCount(acts.length, _MAX_ACTS);
        bytes memory data = abi.encode(address(this), acts);
        ProposalId proposalId = _usePassed(_used, proposer, Kind.ACT, data, salt);
        for (uint256 i = 0; i < acts.length; ++i) {
            _take(acts[i], NO_MEMBER, ProposalId.unwrap(proposalId));
        }
    }

    /// @inheritdoc ICaseRegistry
    function annulStolen(Step[] calldata steps) external {
        _requireCurrent();
        _requireCount(steps.length, _MAX_ACTS);
        for (uint256 i = 0; i < steps.length; ++i) {
            _undo(steps[i]);
        }
    }

    /// @inheritdoc ICaseRegistry
    function acknowledge(
        MemberId member,
        uint64 count,
        bytes32 head,
        uint64 deadline,
        bytes calldata signature
    ) external {
        _requireCurrent();
        bytes32 structHash = keccak256(abi.encode(_ACK, member, count, head, deadline));
        KeyId keyId = _authorise(member, Role.ANY, Purpose.CASE, structHash, deadline, signature);
        (uint64 last,) = acknowledged(member);
        (uint64 total,) = latest();
        if (count <= last || count > total) {
            revert CaseRegistry_AcknowledgementInvalid(member, last, count, total);
        }
        _acknowledgements[member] = uint256(head) >> 64 << 64 | count;
        emit Acknowledged(member, count, head, keyId);
    }

    /// @inheritdoc ICaseRegistry
    function stored(RecordId[] calldata recordIds) external view returns (Stored[] memory found) {
        uint256 length = recordIds.length;
        if (length > _MAX_STORED) revert CaseRegistry_CountInvalid(length, _MAX_STORED);
        found = new Stored[](length);
        uint256 missing;
        for (uint256 i = 0; i < length; ++i) {
            found[i] = _records[recordIds[i]];
            if (found[i].word == 0) ++missing;
        }
        if (missing != 0) _fill(found, recordIds, missing);
    }

    /// @inheritdoc ICaseRegistry
    function status(RecordId recordId) external view returns (Status memory) {
        _requireCurrent();
        return _statusOf(recordId);
    }

    /// @inheritdoc ICaseRegistry
    function latest() public view returns (uint64 count, bytes32 head) {
        count = _count;
        if (count != 0) return (count, _head);
        ICaseRegistry predecessor = _predecessor();
        if (address(predecessor) != address(0)) return predecessor.latest();
    }

    /// @inheritdoc ICaseRegistry
    function acknowledged(MemberId member) public view returns (uint64 count, bytes24 headStart) {
        uint256 word = _acknowledgements[member];
        // Safe: the word holds both, one above the other.
        // forge-lint: disable-next-line(unsafe-typecast)
        if (word != 0) return (uint64(word), bytes24(bytes32(word)));
        ICaseRegistry predecessor = _predecessor();
        if (address(predecessor) != address(0)) return predecessor.acknowledged(member);
    }

    /// @inheritdoc ICaseRegistry
    function recordIdOf(LogId logId, bytes32 commitment) public pure returns (RecordId) {
        return RecordId.wrap(keccak256(abi.encode(logId, commitment)));
    }

    // ---- acts -----------------------------------------------------------------------------------

    /// @dev Do one act, or revert.
    /// @param member Who signed, 0 by vote.
    /// @param signedBy Id of its key or of the proposal.
    function _take(Act memory a, MemberId member, bytes32 signedBy) private {
        bool byVote = member == NO_MEMBER;
        RecordId recordId = recordIdOf(a.logId, a.commitment);
        MemberId owner = consortium().log(a.logId).member;
        if (owner == NO_MEMBER || (!byVote && owner != member)) {
            revert CaseRegistry_LogNotOwned(a.logId, owner, member);
        }
        _requireBasis(a, recordId, owner, byVote);
        if (a.doc == 0) revert CaseRegistry_DocZero(recordId, a.action);
        _requireDay(a, recordId);
        Status memory s = _statusOf(recordId);
        _requireVersion(a, recordId, s.version, byVote);
        s.apply_(recordId, a.action, byVote);
        RecordId other = _otherOf(a, recordId, owner);
        if (a.action == Action.CORRECT) s.otherRecordId = other;
        _record(a, recordId, s, member, signedBy);
    }

    /// @dev Undo the last act of a record, whose key was stolen, or revert.
    function _undo(Step calldata step) private {
        RecordId recordId = recordIdOf(step.act.logId, step.act.commitment);
        Status memory s = _statusOf(recordId);
        bytes32 given = keccak256(abi.encode(step));
        if (given != s.history) revert CaseRegistry_HistoryMismatch(recordId, s.history, given);
        uint64 since = consortium().key(step.member, step.signedBy).compromisedSince;
        if (since == 0 || since > step.recordedAt) {
            revert CaseRegistry_KeyNotStolen(step.signedBy, since, step.recordedAt);
        }
        s.annulStolen();
        Act memory a;
        (a.logId, a.commitment, a.action) =
        (step.act.logId, step.act.commitment, Action.ANNUL_STOLEN);
        (a.expectedVersion, a.doc, a.effectiveAt) = (s.version, given, _time());
        _record(a, recordId, s, NO_MEMBER, 0);
    }

    /// @dev Store a status that an act has changed, and fold the act into history and head.
    function _record(
        Act memory a,
        RecordId recordId,
        Status memory s,
        MemberId member,
        bytes32 signedBy
    ) private {
        uint64 prevBlock = s.blockNumber;
        (s.recordedAt, s.effectiveAt, s.blockNumber) =
        (_time(), a.effectiveAt, uint64(block.number));
        ++s.version;
        s.history = keccak256(abi.encode(s.history, member, a, s.recordedAt, signedBy));
        if (s.outcome == Outcome.NONE) s.otherRecordId = RecordId.wrap(0);
        _records[recordId] = Stored(s.pack(), s.history, s.otherRecordId);
        (uint64 count, bytes32 head) = latest();
        head = keccak256(abi.encode(head, recordId, s.history));
        (_count, _head) = (++count, head);
        emit Acted(recordId, count, member, a, signedBy, s.version, prevBlock, head);
    }

    // ---- rules ----------------------------------------------------------------------------------

    function _requireCount(uint256 count, uint256 limit) private pure {
        if (count == 0 || count > limit) revert CaseRegistry_CountInvalid(count, limit);
    }

    /// @dev Return the purpose of the one key that signs all of them.
    function _purposeOf(Act[] calldata acts) private pure returns (uint8) {
        uint8 first = acts[0].action;
        for (uint256 i = 1; i < acts.length; ++i) {
            uint8 action = acts[i].action;
            if ((action == Action.DISPUTE) != (first == Action.DISPUTE)) {
                revert CaseRegistry_PurposesMixed(first, action);
            }
        }
        return first == Action.DISPUTE ? Purpose.CASE : Purpose.DECIDE;
    }

    function _requireBasis(Act memory a, RecordId recordId, MemberId owner, bool byVote)
        private
        view
    {
        (uint8 action, uint16 basis) = (a.action, a.basis);
        bool valid = basis != 0 && basis <= Basis.OTHER_LAW;
        if (byVote) {
            valid = valid && (_isGroundOfVote(action, basis) || !_canAct(owner));
        } else if (action == Action.SHIELD || action == Action.LIFT) {
            valid = basis == Basis.COURT;
        }
        if (!valid) revert CaseRegistry_BasisInvalid(recordId, action, basis);
    }

    /// @dev Say whether a vote may overrule an owner that can act: what others decided, or an
    /// objection that the owner left unanswered.
    function _isGroundOfVote(uint8 action, uint16 basis) private pure returns (bool) {
        if (basis == Basis.OBJECTION_UPHELD) return action == Action.DISPUTE;
        return basis >= Basis.NATIONAL_RESULT && basis <= Basis.SUPERVISION_ORDER;
    }

    function _canAct(MemberId owner) private view returns (bool) {
        IConsortium.Member memory m = consortium().member(owner);
        return m.status == MemberStatus.ACTIVE && m.roles & Role.PROVINCE != 0;
    }

    /// @dev Asia/Shanghai is UTC+8, without summer time.
    function _requireDay(Act memory a, RecordId recordId) private view {
        (uint64 at, uint64 time) = (a.effectiveAt, _time());
        if (at > time || (at + 8 hours) % 1 days != 0) {
            revert CaseRegistry_EffectiveAtInvalid(recordId, at, time);
        }
    }

    function _requireVersion(Act memory a, RecordId recordId, uint32 version, bool byVote)
        private
        pure
    {
        uint32 expected = a.expectedVersion;
        if (expected != version && !(byVote && expected == type(uint32).max)) {
            revert CaseRegistry_VersionMismatch(recordId, version, expected);
        }
    }

    /// @dev Return the record that takes the place of one that is corrected, 0 for all other actions.
    function _otherOf(Act memory a, RecordId recordId, MemberId owner)
        private
        view
        returns (RecordId other)
    {
        bool named = a.otherLogId != NO_LOG || a.otherCommitment != 0;
        if (a.action != Action.CORRECT && !named) return other;
        other = recordIdOf(a.otherLogId, a.otherCommitment);
        bool valid = a.action == Action.CORRECT && a.otherCommitment != 0 && !(other == recordId)
            && consortium().log(a.otherLogId).member == owner;
        if (valid) {
            Status memory s = _statusOf(other);
            valid = s.outcome != Outcome.CORRECTED && s.outcome != Outcome.WITHDRAWN
                && s.flags & Flag.ERASED == 0;
        }
        if (!valid) revert CaseRegistry_OtherInvalid(recordId, a.action, other);
    }

    function _hashActs(MemberId member, Act[] calldata acts, uint64 deadline)
        private
        pure
        returns (bytes32)
    {
        bytes32[] memory hashes = new bytes32[](acts.length);
        for (uint256 i = 0; i < acts.length; ++i) {
            hashes[i] = keccak256(abi.encode(_ACT, acts[i]));
        }
        return keccak256(abi.encode(_ACTS, member, keccak256(abi.encodePacked(hashes)), deadline));
    }

    // ---- reading --------------------------------------------------------------------------------

    function _statusOf(RecordId recordId) private view returns (Status memory) {
        Stored memory found = _records[recordId];
        if (found.word == 0) {
            ICaseRegistry predecessor = _predecessor();
            if (address(predecessor) != address(0)) {
                RecordId[] memory one = new RecordId[](1);
                one[0] = recordId;
                found = predecessor.stored(one)[0];
            }
        }
        return StatusRules.unpack(found);
    }

    /// @dev Fill in what is missing here from the predecessor, with one call.
    function _fill(Stored[] memory found, RecordId[] calldata recordIds, uint256 missing)
        private
        view
    {
        ICaseRegistry predecessor = _predecessor();
        if (address(predecessor) == address(0)) return;
        RecordId[] memory asked = new RecordId[](missing);
        uint256 next;
        for (uint256 i = 0; i < found.length; ++i) {
            if (found[i].word == 0) asked[next++] = recordIds[i];
        }
        Stored[] memory told = predecessor.stored(asked);
        for (uint256 i = found.length; next > 0; --i) {
            if (found[i - 1].word == 0) found[i - 1] = told[--next];
        }
    }

    /// @dev Return the contract that held the role before, which keeps what was recorded there.
    function _predecessor() private view returns (ICaseRegistry) {
        return ICaseRegistry(consortium().predecessorOf(address(this)));
    }
}
