// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {LogId, MemberId} from "../types/Ids.sol";

/// @dev design-2 11 word for word, without any code of the contracts and without a thought for cost.
/// Flags are truth values, outcomes and actions have names of their own, the word is a sum. It knows
/// nothing of keys and votes: who signed, and that it was allowed to, is told to it. What is refused
/// reverts with all that came before it in the list.
contract CaseModel {
    /// @dev In the order of their numbers.
    enum Outcome {
        NONE,
        REPAIRED,
        CORRECTED,
        WITHDRAWN,
        ENDED
    }

    struct Record {
        bool disputed;
        bool shielded;
        bool erased;
        bool disputedByVote;
        bool shieldedByVote;
        bool outcomeByVote;
        Outcome outcome;
        uint256 version;
        uint256 recordedAt;
        uint256 effectiveAt;
        uint256 blockNumber;
        bytes32 history;
        bytes32 other;
    }

    /// @dev The last act of a record, for whoever wants to undo it.
    struct Last {
        bytes32 historyBefore;
        MemberId member;
        ICaseRegistry.Act act;
        uint256 recordedAt;
        bytes32 signedBy;
    }

    error Refused(string why);

    uint256 private constant ANY = 2 ** 32 - 1;

    mapping(bytes32 recordId => Record) private _records;
    mapping(bytes32 recordId => Last) private _last;
    mapping(LogId logId => MemberId owner) private _owners;
    mapping(MemberId member => bool) private _idle;
    uint256 public count;
    bytes32 public head;

    // ---- what is told to it ---------------------------------------------------------------------

    function own(LogId logId, MemberId owner) external {
        _owners[logId] = owner;
    }

    /// @dev Whether a member can not act itself: it is no ACTIVE PROVINCE.
    function setIdle(MemberId member, bool idle) external {
        _idle[member] = idle;
    }

    function put(bytes32 id, Record calldata r) external {
        _records[id] = r;
    }

    // ---- what it says ---------------------------------------------------------------------------

    function record(bytes32 id) external view returns (Record memory) {
        return _records[id];
    }

    function last(bytes32 id) external view returns (Last memory) {
        return _last[id];
    }

    function idOf(ICaseRegistry.Act calldata a) public pure returns (bytes32) {
        return keccak256(abi.encode(a.logId, a.commitment));
    }

    /// @dev "flags (bits 0–7), outcome (8–15), version (16–47), recordedAt (48–111), effectiveAt
    /// (112–175), block (176–239)"
    function wordOf(Record memory r) public pure returns (uint256 word) {
        if (r.disputed) word += 1;
        if (r.shielded) word += 2;
        if (r.erased) word += 4;
        if (r.disputedByVote) word += 16;
        if (r.shieldedByVote) word += 32;
        if (r.outcomeByVote) word += 64;
        word += uint256(r.outcome) * 2 ** 8 + r.version * 2 ** 16 + r.recordedAt * 2 ** 48;
        word += r.effectiveAt * 2 ** 112 + r.blockNumber * 2 ** 176;
    }

    // ---- acts -----------------------------------------------------------------------------------

    /// @dev By the owner, whose key is one for DISPUTE or one for all else; `member` 0: by vote.
    function take(
        ICaseRegistry.Act[] calldata acts,
        MemberId member,
        bytes32 signedBy,
        bool forDispute
    ) external {
        _need(acts.length >= 1 && acts.length <= 64, "count");
        for (uint256 i = 0; i < acts.length; ++i) {
            if (MemberId.unwrap(member) == 0) _takeByVote(acts[i]);
            else _takeByOwner(acts[i], member, forDispute);
            _write(acts[i], member, signedBy);
        }
    }

    /// @dev "DISPUTED is set, ERASED cleared, SHIELDED cleared unless marked, outcome NONE unless
    /// marked; marks stay with what they mark"
    function undo(bytes32 id, bool stolen) external {
        Last storage l = _last[id];
        _need(stolen && MemberId.unwrap(l.member) != 0, "not stolen");
        Record storage r = _records[id];
        r.disputed = true;
        r.erased = false;
        if (!r.shieldedByVote) r.shielded = false;
        if (!r.outcomeByVote) _setOutcome(r, Outcome.NONE);
        ICaseRegistry.Act memory a;
        (a.logId, a.commitment, a.action, a.doc) = (l.act.logId, l.act.commitment, 12, r.history);
        (a.expectedVersion, a.effectiveAt) = (uint32(r.version), uint64(block.timestamp));
        _fold(id, a, MemberId.wrap(0), 0);
    }

    function _takeByOwner(ICaseRegistry.Act calldata a, MemberId member, bool forDispute) private {
        _need(MemberId.unwrap(_owners[a.logId]) == MemberId.unwrap(member), "owner");
        _need(forDispute == (a.action == 1), "key");
        _need(a.expectedVersion == _records[idOf(a)].version, "version");
        _need(a.basis >= 1 && a.basis <= 12, "basis");
        if (a.action == 3 || a.action == 4) _need(a.basis == 5, "basis");
        _common(a);
        _step(_records[idOf(a)], a.action, false);
    }

    function _takeByVote(ICaseRegistry.Act calldata a) private {
        MemberId owner = _owners[a.logId];
        _need(MemberId.unwrap(owner) != 0, "owner");
        bool fits = a.expectedVersion == _records[idOf(a)].version || a.expectedVersion == ANY;
        _need(fits, "version");
        bool ground = a.basis == 4 || a.basis == 5 || a.basis == 6;
        ground = ground || (a.basis == 7 && a.action == 1);
        ground = ground || (_idle[owner] && a.basis >= 1 && a.basis <= 12);
        _need(ground, "basis");
        _common(a);
        _step(_records[idOf(a)], a.action, true);
    }

    function _common(ICaseRegistry.Act calldata a) private view {
        _need(a.doc != 0, "doc");
        _need(a.effectiveAt <= block.timestamp, "future");
        _need(a.effectiveAt % 86_400 == 16 * 3600, "not 00:00 in Shanghai, 16:00 the day before");
        bool none = LogId.unwrap(a.otherLogId) == 0 && a.otherCommitment == 0;
        if (a.action != 7) {
            _need(none, "other");
            return;
        }
        bytes32 other = keccak256(abi.encode(a.otherLogId, a.otherCommitment));
        _need(!none && a.otherCommitment != 0 && other != idOf(a), "other");
        bytes32 owner = MemberId.unwrap(_owners[a.logId]);
        _need(MemberId.unwrap(_owners[a.otherLogId]) == owner, "other owner");
        Record storage r = _records[other];
        _need(r.outcome != Outcome.CORRECTED && r.outcome != Outcome.WITHDRAWN, "other");
        _need(!r.erased, "other erased");
    }

    /// @dev The table, a line for a line.
    function _step(Record storage r, uint8 action, bool byVote) private {
        if (action == 1) {
            _need(!r.disputed || byVote, "disputed");
            (r.disputed, r.disputedByVote) = (true, r.disputedByVote || byVote);
        } else if (action == 2) {
            _need(r.disputed && (byVote || !r.disputedByVote), "settle");
            (r.disputed, r.disputedByVote) = (false, false);
        } else if (action == 3) {
            _need(!r.shielded || byVote, "shielded");
            (r.shielded, r.shieldedByVote) = (true, r.shieldedByVote || byVote);
        } else if (action == 4) {
            _need(r.shielded && (byVote || !r.shieldedByVote), "lift");
            (r.shielded, r.shieldedByVote) = (false, false);
        } else if (action == 9) {
            _need(!r.erased, "erased");
            r.erased = true;
        } else if (action == 11) {
            _need(byVote, "by vote only");
            (r.shielded, r.disputed) = (false, true);
            (r.disputedByVote, r.shieldedByVote, r.outcomeByVote) = (false, false, false);
            _setOutcome(r, Outcome.NONE);
        } else {
            _stepOutcome(r, action, byVote);
        }
    }

    function _stepOutcome(Record storage r, uint8 action, bool byVote) private {
        _need(byVote || !r.outcomeByVote, "set by vote");
        Outcome o = r.outcome;
        bool nothing = o == Outcome.NONE;
        bool threeOfFive = nothing || o == Outcome.REPAIRED || o == Outcome.ENDED;
        if (action == 5) {
            _need(nothing || (byVote && o == Outcome.REPAIRED), "repair");
            _setOutcome(r, Outcome.REPAIRED);
        } else if (action == 6) {
            _need(o != Outcome.NONE && o != Outcome.CORRECTED, "rescind");
            _setOutcome(r, Outcome.NONE);
        } else if (action == 7) {
            _need(threeOfFive, "correct");
            _setOutcome(r, Outcome.CORRECTED);
        } else if (action == 8) {
            _need(threeOfFive || (byVote && o == Outcome.WITHDRAWN), "withdraw");
            _setOutcome(r, Outcome.WITHDRAWN);
        } else if (action == 10) {
            _need(nothing || (byVote && o == Outcome.ENDED), "end");
            _setOutcome(r, Outcome.ENDED);
        } else {
            revert Refused("no such action");
        }
        r.outcomeByVote = byVote && action != 6;
    }

    /// @dev "set to 0 when the outcome becomes NONE, left alone by all others"
    function _setOutcome(Record storage r, Outcome to) private {
        r.outcome = to;
        if (to == Outcome.NONE) r.other = 0;
    }

    function _write(ICaseRegistry.Act calldata a, MemberId member, bytes32 signedBy) private {
        bytes32 id = idOf(a);
        Record storage r = _records[id];
        if (a.action == 7) r.other = keccak256(abi.encode(a.otherLogId, a.otherCommitment));
        _last[id] = Last(r.history, member, a, block.timestamp, signedBy);
        _fold(id, a, member, signedBy);
    }

    function _fold(bytes32 id, ICaseRegistry.Act memory a, MemberId member, bytes32 signedBy)
        private
    {
        Record storage r = _records[id];
        (r.version, r.recordedAt) = (r.version + 1, block.timestamp);
        (r.effectiveAt, r.blockNumber) = (a.effectiveAt, block.number);
        bytes memory ten = bytes.concat(
            abi.encode(a.logId, a.commitment, a.action, a.expectedVersion, a.basis),
            abi.encode(a.doc, a.otherLogId, a.otherCommitment, a.effectiveAt, a.refiledFrom)
        );
        r.history = keccak256(
            bytes.concat(
                r.history, MemberId.unwrap(member), ten, bytes32(block.timestamp), signedBy
            )
        );
        head = keccak256(bytes.concat(head, id, r.history));
        ++count;
        if (a.action == 12) _last[id].member = MemberId.wrap(0);
    }

    function _need(bool condition, string memory why) private pure {
        if (!condition) revert Refused(why);
    }
}
