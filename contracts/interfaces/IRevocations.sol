// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {MemberId} from "../types/Ids.sol";
import {IRoleContract} from "./IRoleContract.sol";

/// @title Authorisations that were taken back
/// @notice An authorisation is a statement in the log of its custodian, which nothing on the chain
/// names. That it was taken back is stored here under the custodian and its commitment, and for
/// good: who asks again needs a new authorisation.
///
/// Who is not the custodian can store what it likes under its own code, and nobody reads it: a
/// verifier looks under the member that made the statement. A revocation counts from the latest
/// head, before it is final, because a subject that took its word back must not wait.
///
/// A retired contract keeps what it stored. A verifier asks every contract that ever had the role;
/// the earliest time counts.
interface IRevocations is IRoleContract {
    /// @notice Emitted for every authorisation taken back. The block's time is when.
    /// @param custodian The member that signed.
    /// @param commitment SHA-256 of the statement of the authorisation.
    /// @param signedBy Id of the key that signed.
    event Revoked(MemberId indexed custodian, bytes32 indexed commitment, bytes32 signedBy);

    /// @notice Thrown when it was taken back before. `since`: when.
    error Revocations_AlreadyRevoked(MemberId custodian, bytes32 commitment, uint64 since);
    /// @notice Thrown when more is asked for at once than 256.
    error Revocations_CountInvalid(uint256 count, uint256 limit);

    /// @notice Take an authorisation back; anybody may send it.
    /// @dev Signs Revoke(bytes32 custodian,bytes32 commitment,uint64 deadline), domain
    /// `CreditLedger Revocations`, version `1`.
    /// @param custodian An ACTIVE member that is a PROVINCE or a BUREAU.
    /// @param commitment SHA-256 of the statement; whether there is one, the chain does not know.
    /// @param deadline Last second at which a block may take it.
    /// @param signature r ‖ s ‖ v of a CONSENT key, 65 bytes, low s, v 27 or 28.
    function revoke(
        MemberId custodian,
        bytes32 commitment,
        uint64 deadline,
        bytes calldata signature
    ) external;

    /// @notice Say since when authorisations are taken back; 0: this contract knows nothing of it.
    /// @param custodian The member that made them.
    /// @param commitments At most 256.
    function revokedAt(MemberId custodian, bytes32[] calldata commitments)
        external
        view
        returns (uint64[] memory);
}
