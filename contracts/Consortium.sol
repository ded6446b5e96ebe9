// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {LogRegistry} from "./base/LogRegistry.sol";
import {MemberWrites} from "./base/MemberWrites.sol";
import {Recovery} from "./base/Recovery.sol";
import {Votes} from "./base/Votes.sol";
import {Kind, MemberStatus, Suite} from "./types/Codes.sol";
import {KeyId, LogId, MemberId, NO_KEY} from "./types/Ids.sol";

/// @title Members, keys, logs, votes and contracts of the consortium
/// @notice See {IConsortium}.
/// @dev Here: founding, and what the provinces can decide. The order of the parts decides where
/// their variables stand, which is frozen (`base/Slots.sol`).
contract Consortium is MemberWrites, Recovery, LogRegistry, Votes {
    /// @dev Most keys with which a member is admitted; it adds more itself.
    uint256 private constant _MAX_ADMITTED_KEYS = 32;

    /// @param founders The members; at most 64 provinces.
    /// @param keys Their keys, with windows as given; they need not sign for themselves.
    /// @param logs Their logs; those of one member in the order of `seq`.
    /// @param threshold_ Yes votes that pass a proposal, at most the number of provinces and more
    /// than half of it.
    constructor(
        FounderInput[] memory founders,
        KeyInput[] memory keys,
        LogInput[] memory logs,
        uint64 threshold_
    ) EIP712("CreditLedger Consortium", "1") {
        for (uint256 i = 0; i < founders.length; ++i) {
            _addMember(founders[i]);
        }
        _setThreshold(threshold_);
        _requireThreshold();
        for (uint256 i = 0; i < keys.length; ++i) {
            _addKey(keys[i], 0, NO_KEY);
        }
        for (uint256 i = 0; i < logs.length; ++i) {
            _openFoundingLog(logs[i]);
        }
    }

    // forgefmt: disable-next-item
    function _carryOut(uint8 kind, bytes calldata data) internal override {
        if (kind == Kind.SUSPEND) _setStatus(abi.decode(data, (MemberId)), MemberStatus.SUSPENDED);
        else if (kind == Kind.REINSTATE) _setStatus(abi.decode(data, (MemberId)), MemberStatus.ACTIVE);
        else if (kind == Kind.RECOVER_KEY) _recoverKey(abi.decode(data, (KeyInput)));
        else if (kind == Kind.REGISTER_CONTRACT) _doRegister(data);
        else if (kind == Kind.OPEN_SUCCESSOR) _doOpenSuccessor(data);
        else if (kind == Kind.COMPROMISE_KEY) _doCompromise(data);
        else if (kind == Kind.SET_CHAIR) _setChair(abi.decode(data, (MemberId)));
        else if (kind == Kind.ADMIT) _doAdmit(data);
        else if (kind == Kind.RETIRE) _retire(abi.decode(data, (MemberId)));
        else if (kind == Kind.SET_ROLES) _doSetRoles(data);
        else if (kind == Kind.SET_THRESHOLD) _setThreshold(abi.decode(data, (uint64)));
        else if (kind == Kind.OPEN_LOG) _doOpenLog(data);
        else if (kind == Kind.COMPROMISE_ALL) _doCompromiseAll(data);
        else revert Consortium_KindUnknown(kind);
    }

    function _doRegister(bytes calldata data) private {
        (bytes32 role, address account) = abi.decode(data, (bytes32, address));
        _registerContract(role, account);
    }

    function _doOpenSuccessor(bytes calldata data) private {
        (LogId logId, uint64 trustedSize, uint16 suite) = abi.decode(data, (LogId, uint64, uint16));
        _openSuccessor(logId, trustedSize, suite);
    }

    function _doCompromise(bytes calldata data) private {
        (MemberId code, KeyId keyId, uint64 since) = abi.decode(data, (MemberId, KeyId, uint64));
        _compromiseByVote(code, keyId, since);
    }

    function _doCompromiseAll(bytes calldata data) private {
        (MemberId code, uint8 purpose, uint64 since) = abi.decode(data, (MemberId, uint8, uint64));
        _compromiseAll(code, purpose, since);
    }

    function _doSetRoles(bytes calldata data) private {
        (MemberId code, uint8 roles) = abi.decode(data, (MemberId, uint8));
        _setRoles(code, roles);
    }

    function _doOpenLog(bytes calldata data) private {
        (MemberId code, uint16 suite) = abi.decode(data, (MemberId, uint16));
        _openNextLog(code, suite);
    }

    function _doAdmit(bytes calldata data) private {
        (FounderInput memory founder, KeyInput[] memory keys_) =
            abi.decode(data, (FounderInput, KeyInput[]));
        uint256 count = keys_.length;
        if (count == 0 || count > _MAX_ADMITTED_KEYS) {
            revert Consortium_KeyCountInvalid(count, _MAX_ADMITTED_KEYS);
        }
        _addMember(founder);
        for (uint256 i = 0; i < count; ++i) {
            MemberId owner = keys_[i].member;
            if (owner != founder.code) revert Consortium_KeyNotOwned(founder.code, owner);
            _addKey(keys_[i], _time(), NO_KEY);
        }
        _openNextLog(founder.code, Suite.SHA256);
    }

    /// @dev Retire a member for good: what it has anchored stands, and nothing is added.
    function _retire(MemberId code) private {
        _setStatus(code, MemberStatus.RETIRED);
        _closeLogs(code);
    }
}
