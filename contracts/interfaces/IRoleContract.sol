// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ProposalId} from "../types/Ids.sol";
import {IConsortium} from "./IConsortium.sol";

/// @title A contract that holds a role in the Consortium
/// @notice Its name in the EIP-712 domain is `CreditLedger ` and the role. It writes only while the
/// Consortium names it for that role; once another one is named it is frozen for ever, because no
/// contract is registered twice.
interface IRoleContract {
    /// @notice Thrown when a write comes while `current` holds the role, and not this contract.
    error RoleContract_NotCurrent(bytes32 role, address current);
    /// @notice Thrown when the block's time is past the signature's deadline.
    error RoleContract_DeadlinePassed(uint64 deadline, uint64 time);
    /// @notice Thrown when the provinces did not pass exactly this for this contract.
    error RoleContract_NotPassed(ProposalId proposalId);
    /// @notice Thrown when a vote was carried out already.
    error RoleContract_ProposalUsed(ProposalId proposalId);

    /// @notice Return the consortium that the contract belongs to.
    function consortium() external view returns (IConsortium);

    /// @notice Return the role, as in {IConsortium-current}.
    function role() external view returns (bytes32);
}
