// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {Members} from "./Members.sol";

/// @title Contracts and their roles
/// @notice The part of the Consortium that says which contract holds a role, and held it before.
/// Where its variables stand is frozen (`Slots.sol`).
abstract contract ContractRegistry is Members {
    /// @dev A contract's place in the history of its role.
    struct Tenure {
        bytes32 role;
        address predecessor;
        uint64 since;
    }

    mapping(bytes32 role => address account) internal _current;
    mapping(address account => Tenure) private _tenures;

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

    /// @dev Register a contract for a role, once: a retired one that came back would not know what
    /// its successors stored.
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
}
