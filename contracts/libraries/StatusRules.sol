// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {Action, Flag, Outcome} from "../types/Codes.sol";
import {RecordId} from "../types/Ids.sol";

/// @title What an act makes of a status
/// @notice The table of {ICaseRegistry} and the layout of its word, without any storage.
library StatusRules {
    /// @dev Say in which word a status stands.
    function pack(ICaseRegistry.Status memory s) internal pure returns (uint256) {
        return uint256(s.flags) | uint256(s.outcome) << 8 | uint256(s.version) << 16
            | uint256(s.recordedAt) << 48 | uint256(s.effectiveAt) << 112 | uint256(s.blockNumber)
            << 176;
    }

    // Every cast cuts out the field that it names.
    // forge-lint: disable-start(unsafe-typecast)
    function unpack(ICaseRegistry.Stored memory found)
        internal
        pure
        returns (ICaseRegistry.Status memory)
    {
        uint256 word = found.word;
        return ICaseRegistry.Status({
            flags: uint8(word),
            outcome: uint8(word >> 8),
            version: uint32(word >> 16),
            recordedAt: uint64(word >> 48),
            effectiveAt: uint64(word >> 112),
            blockNumber: uint64(word >> 176),
            history: found.history,
            otherRecordId: found.otherRecordId
        });
    }

    // forge-lint: disable-end(unsafe-typecast)

    /// @dev Change flags and outcome of `s` as the action does, or revert where it may not.
    function apply_(ICaseRegistry.Status memory s, RecordId recordId, uint8 action, bool byVote)
        internal
        pure
    {
        if (_isOfOutcome(action)) {
            _turn(s, recordId, action, byVote);
        } else if (action == Action.DISPUTE) {
            _raise(s, recordId, action, Flag.DISPUTED, Flag.DISPUTED_BY_VOTE, byVote);
        } else if (action == Action.SETTLE) {
            _lower(s, recordId, action, Flag.DISPUTED, Flag.DISPUTED_BY_VOTE, byVote);
        } else if (action == Action.SHIELD) {
            _raise(s, recordId, action, Flag.SHIELDED, Flag.SHIELDED_BY_VOTE, byVote);
        } else if (action == Action.LIFT) {
            _lower(s, recordId, action, Flag.SHIELDED, Flag.SHIELDED_BY_VOTE, byVote);
        } else if (action == Action.ERASE) {
            _raise(s, recordId, action, Flag.ERASED, 0, false);
        } else if (action == Action.ANNUL && byVote) {
            (s.flags, s.outcome) = (s.flags & Flag.ERASED | Flag.DISPUTED, Outcome.NONE);
        } else {
            revert ICaseRegistry.CaseRegistry_ActionInvalid(recordId, action);
        }
    }

    /// @dev Change flags and outcome of `s` as {ICaseRegistry-annulStolen} does. What a vote set
    /// cannot be the thief's work, so it stays.
    function annulStolen(ICaseRegistry.Status memory s) internal pure {
        uint8 flags = (s.flags | Flag.DISPUTED) & ~Flag.ERASED;
        if (flags & Flag.SHIELDED_BY_VOTE == 0) flags &= ~Flag.SHIELDED;
        if (flags & Flag.OUTCOME_BY_VOTE == 0) s.outcome = Outcome.NONE;
        s.flags = flags;
    }

    // ---- details --------------------------------------------------------------------------------

    function _isOfOutcome(uint8 action) private pure returns (bool) {
        return (action >= Action.REPAIR && action <= Action.WITHDRAW) || action == Action.END;
    }

    function _raise(
        ICaseRegistry.Status memory s,
        RecordId recordId,
        uint8 action,
        uint8 flag,
        uint8 mark,
        bool byVote
    ) private pure {
        if (s.flags & flag != 0 && !byVote) _unfit(s, recordId, action);
        s.flags |= byVote ? flag | mark : flag;
    }

    function _lower(
        ICaseRegistry.Status memory s,
        RecordId recordId,
        uint8 action,
        uint8 flag,
        uint8 mark,
        bool byVote
    ) private pure {
        if (s.flags & flag == 0) _unfit(s, recordId, action);
        _requireChangeable(s, recordId, action, mark, byVote);
        s.flags &= ~(flag | mark);
    }

    function _turn(ICaseRegistry.Status memory s, RecordId recordId, uint8 action, bool byVote)
        private
        pure
    {
        (uint8 to, bool fits, bool again) = _outcomeOf(action, s.outcome);
        if (again && byVote && s.outcome == to) fits = true;
        if (!fits) _unfit(s, recordId, action);
        _requireChangeable(s, recordId, action, Flag.OUTCOME_BY_VOTE, byVote);
        s.outcome = to;
        if (byVote && to != Outcome.NONE) s.flags |= Flag.OUTCOME_BY_VOTE;
        else s.flags &= ~Flag.OUTCOME_BY_VOTE;
    }

    /// @dev Return the outcome that an action gives, whether it may start from `before`, and whether
    /// a vote may say it again where it is already so.
    function _outcomeOf(uint8 action, uint8 before)
        private
        pure
        returns (uint8 to, bool fits, bool again)
    {
        bool none = before == Outcome.NONE;
        bool eased = before == Outcome.REPAIRED || before == Outcome.ENDED;
        if (action == Action.REPAIR) return (Outcome.REPAIRED, none, true);
        if (action == Action.CORRECT) return (Outcome.CORRECTED, none || eased, false);
        if (action == Action.WITHDRAW) return (Outcome.WITHDRAWN, none || eased, true);
        if (action == Action.END) return (Outcome.ENDED, none, true);
        return (Outcome.NONE, eased || before == Outcome.WITHDRAWN, false);
    }

    function _requireChangeable(
        ICaseRegistry.Status memory s,
        RecordId recordId,
        uint8 action,
        uint8 mark,
        bool byVote
    ) private pure {
        if (s.flags & mark != 0 && !byVote) {
            revert ICaseRegistry.CaseRegistry_SetByVote(recordId, action, s.flags);
        }
    }

    function _unfit(ICaseRegistry.Status memory s, RecordId recordId, uint8 action) private pure {
        revert ICaseRegistry.CaseRegistry_StatusUnfit(recordId, action, s.flags, s.outcome);
    }
}
