// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {RoleContract} from "./base/RoleContract.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";
import {IRevocations} from "./interfaces/IRevocations.sol";
import {Purpose, Role} from "./types/Codes.sol";
import {KeyId, MemberId} from "./types/Ids.sol";

/// @title Authorisations that were taken back
/// @notice See {IRevocations}.
contract Revocations is IRevocations, RoleContract {
    /// @dev Most asked for at once: far below what nodes grant a call.
    uint256 private constant _MAX_ASKED = 256;
    bytes32 private constant _REVOKE =
        keccak256("Revoke(bytes32 custodian,bytes32 commitment,uint64 deadline)");

    mapping(MemberId custodian => mapping(bytes32 commitment => uint64 time)) private _revokedAt;

    constructor(IConsortium consortium_) RoleContract(consortium_, "Revocations") {}

    /// @inheritdoc IRevocations
    function revoke(
        MemberId custodian,
        bytes32 commitment,
        uint64 deadline,
        bytes calldata signature
    ) external {
        _requireCurrent();
        KeyId keyId = _authorise(
            custodian,
            Role.PROVINCE | Role.BUREAU,
            Purpose.CONSENT,
            keccak256(abi.encode(_REVOKE, custodian, commitment, deadline)),
            deadline,
            signature
        );
        uint64 since = _revokedAt[custodian][commitment];
        if (since != 0) revert Revocations_AlreadyRevoked(custodian, commitment, since);
        _revokedAt[custodian][commitment] = _time();
        emit Revoked(custodian, commitment, KeyId.unwrap(keyId));
    }

    /// @inheritdoc IRevocations
    function revokedAt(MemberId custodian, bytes32[] calldata commitments)
        external
        view
        returns (uint64[] memory found)
    {
        uint256 length = commitments.length;
        if (length > _MAX_ASKED) revert Revocations_CountInvalid(length, _MAX_ASKED);
        found = new uint64[](length);
        for (uint256 i = 0; i < length; ++i) {
            found[i] = _revokedAt[custodian][commitments[i]];
        }
    }
}
