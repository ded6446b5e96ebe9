// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Purpose} from "../types/Codes.sol";
import {KeyId, MemberId, NO_KEY} from "../types/Ids.sol";
import {Keys} from "./Keys.sol";

/// @title Keys by vote
/// @notice The part of the Consortium with which the others help a member whose keys are lost or
/// stolen, and with which it can hold against them.
abstract contract Recovery is Keys {
    /// @dev Time for the owner to veto a key that others gave it.
    uint64 private constant _RECOVERY_DELAY = 7 days;
    /// @dev The same where others took keys of it with which it could: time for everybody to see
    /// it.
    uint64 private constant _RECOVERY_DELAY_TAKEN = 30 days;
    /// @dev Most time that a key begins later than it could: until then votes take no single GOVERN
    /// key.
    uint64 private constant _MAX_RECOVERY_LATER = 90 days;

    /// @dev Give a GOVERN key to a member that has lost its own. The key begins late, so that a
    /// member that has not lost them can veto it.
    function _recoverKey(KeyInput memory input) internal {
        if (input.purpose != Purpose.GOVERN) revert Consortium_PurposeInvalid(input.purpose);
        MemberState storage state = _members[input.member];
        uint64 time = _time();
        // 0, for never, is more than thirty days ago too.
        bool taken = time <= state.governTakenAt + _RECOVERY_DELAY_TAKEN;
        uint64 earliest = time + (taken ? _RECOVERY_DELAY_TAKEN : _RECOVERY_DELAY);
        if (input.notBefore < earliest) input.notBefore = earliest;
        if (input.notBefore > earliest + _MAX_RECOVERY_LATER) {
            revert Consortium_WindowInvalid(input.notBefore, input.notAfter);
        }
        _addKey(input, 0, NO_KEY);
        if (input.notBefore > state.recoveredFrom) state.recoveredFrom = input.notBefore;
    }

    /// @dev Hold a key compromised at any time back, earlier or later than what stands; but no
    /// GOVERN key while its owner can still veto a recovered one with it. COMPROMISE_ALL takes all
    /// the same, the recovered one too.
    function _compromiseByVote(MemberId code, KeyId keyId, uint64 since) internal {
        KeyState storage state = _requireKey(code, keyId);
        uint64 time = _time();
        if (since == 0 || since > time || since == state.compromisedSince) {
            revert Consortium_CompromiseInvalid(keyId, since, time);
        }
        if (state.purpose == Purpose.GOVERN && state.compromisedSince == 0) {
            _requireNonePending(code, time);
            _members[code].governTakenAt = time;
        }
        _compromise(code, keyId, since, NO_KEY);
    }

    /// @dev Hold all keys of a purpose compromised, those that are not yet valid too. What stands
    /// earlier stays.
    function _compromiseAll(MemberId code, uint8 purpose, uint64 since) internal {
        uint64 time = _time();
        KeyId[] storage ids = _keyIds[code];
        bool any;
        for (uint256 i = 0; i < ids.length && since != 0 && since <= time; ++i) {
            KeyState storage state = _keys[code][ids[i]];
            uint64 stands = state.compromisedSince;
            bool counts = state.purpose == purpose && state.notAfter >= since;
            if (!counts || (stands != 0 && stands <= since)) continue;
            _compromise(code, ids[i], since, NO_KEY);
            any = true;
        }
        if (!any) revert Consortium_CompromiseInvalid(NO_KEY, since, time);
        if (purpose == Purpose.GOVERN) _members[code].governTakenAt = time;
    }

    /// @dev Revert while a recovered key can still be vetoed. None begins after `recoveredFrom`;
    /// until then a GOVERN key that stands and has not begun may be one, and a vetoed one does not
    /// stand.
    function _requireNonePending(MemberId code, uint64 time) private view {
        uint64 last = _members[code].recoveredFrom;
        KeyId[] storage ids = _keyIds[code];
        for (uint256 i = 0; i < ids.length && time < last; ++i) {
            KeyState storage state = _keys[code][ids[i]];
            bool pending = state.purpose == Purpose.GOVERN && state.compromisedSince == 0
                && state.notBefore > time && state.notAfter > time;
            if (pending) revert Consortium_RecoveryPending(code, last);
        }
    }
}
