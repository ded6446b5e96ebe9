// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Purpose} from "../types/Codes.sol";
import {KeyId, MemberId, NO_KEY} from "../types/Ids.sol";
import {Keys} from "./Keys.sol";

/// @title Keys by vote
/// @notice The part of the Consortium with which the others help a member whose keys are lost or
/// stolen, and with which it can hold against them.
abstract contract Recovery is Keys {
    /// @dev Time for the owner to veto a key that others gave it …
    uint64 private constant _RECOVERY_DELAY = 7 days;
    /// @dev … and for everybody to see it where others took its keys, with which it could.
    uint64 private constant _RECOVERY_DELAY_TAKEN = 30 days;
    /// @dev A key begins so much later than it could at most: until then votes take no GOVERN keys.
    uint64 private constant _MAX_RECOVERY_LATER = 90 days;

    /// @dev A GOVERN key for a member that has lost its own. It begins late, so that one that has
    /// not can veto it.
    function _recoverKey(KeyInput memory input) internal {
        if (input.purpose != Purpose.GOVERN) revert Consortium_PurposeInvalid(input.purpose);
        MemberState storage state = _members[input.member];
        uint64 time = _time();
        uint64 takenAt = state.governTakenAt;
        bool taken = takenAt != 0 && time - takenAt <= _RECOVERY_DELAY_TAKEN;
        uint64 earliest = time + (taken ? _RECOVERY_DELAY_TAKEN : _RECOVERY_DELAY);
        if (input.notBefore > earliest + _MAX_RECOVERY_LATER) {
            revert Consortium_WindowInvalid(input.notBefore, input.notAfter);
        }
        _addKey(input, earliest, NO_KEY);
        uint64 begins = input.notBefore > earliest ? input.notBefore : earliest;
        if (begins > state.recoveredFrom) state.recoveredFrom = begins;
    }

    /// @dev By vote: at any time back, earlier or later than what stands. It takes no GOVERN key
    /// while a recovered one has not begun: with it the owner can veto that one. COMPROMISE_ALL
    /// does, and takes the recovered one too.
    function _compromiseByVote(MemberId code, KeyId keyId, uint64 since) internal {
        KeyState storage state = _requireKey(code, keyId);
        uint64 time = _time();
        if (since == 0 || since > time || since == state.compromisedSince) {
            revert Consortium_CompromiseInvalid(keyId, since, time);
        }
        if (state.purpose == Purpose.GOVERN && state.compromisedSince == 0) {
            uint64 begins = _members[code].recoveredFrom;
            if (time < begins) revert Consortium_RecoveryPending(code, begins);
            _members[code].governTakenAt = time;
        }
        _compromise(code, keyId, since, NO_KEY);
    }

    /// @dev By vote: all keys of a purpose, those that are not yet valid too. What stands earlier
    /// stays.
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
}
