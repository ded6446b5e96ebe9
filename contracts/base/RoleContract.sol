// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {KeyId, MemberId, ProposalId} from "../types/Ids.sol";

/// @title What the contracts of the roles share
abstract contract RoleContract is IRoleContract, EIP712 {
    IConsortium private immutable _consortium;
    bytes32 private immutable _role;

    /// @param consortium_ The consortium that it belongs to.
    /// @param role_ The role, which names the signing domain too.
    constructor(IConsortium consortium_, string memory role_)
        EIP712(string.concat("CreditLedger ", role_), "1")
    {
        _consortium = consortium_;
        // Safe: role names are literals of ours, far below 32 bytes.
        // forge-lint: disable-next-line(unsafe-typecast)
        _role = bytes32(bytes(role_));
    }

    /// @inheritdoc IRoleContract
    function consortium() public view returns (IConsortium) {
        return _consortium;
    }

    /// @inheritdoc IRoleContract
    function role() public view returns (bytes32) {
        return _role;
    }

    /// @dev Revert unless the Consortium names this contract for its role.
    function _requireCurrent() internal view {
        address current = _consortium.current(_role);
        if (current != address(this)) revert RoleContract_NotCurrent(_role, current);
    }

    /// @dev Return the key that signed, of an ACTIVE member with one of `roles`, or revert.
    function _authorise(
        MemberId member,
        uint8 roles,
        uint8 purpose,
        bytes32 structHash,
        uint64 deadline,
        bytes calldata signature
    ) internal view returns (KeyId keyId) {
        uint64 time = _time();
        if (time > deadline) revert RoleContract_DeadlinePassed(deadline, time);
        address signer = ECDSA.recover(_hashTypedDataV4(structHash), signature);
        return _consortium.authorise(member, roles, purpose, signer);
    }

    /// @dev Use up the proposal of exactly this, and return its id. `data` must name this contract,
    /// because each keeps its own list of what was used.
    /// @param used Where the contract keeps that: storage of its own, since places are frozen.
    function _usePassed(
        mapping(ProposalId proposalId => bool) storage used,
        MemberId proposer,
        uint8 kind,
        bytes memory data,
        bytes32 salt
    ) internal returns (ProposalId proposalId) {
        proposalId = _consortium.proposalIdOf(proposer, kind, keccak256(data), salt);
        if (used[proposalId]) revert RoleContract_ProposalUsed(proposalId);
        if (!_consortium.passed(proposalId)) revert RoleContract_NotPassed(proposalId);
        used[proposalId] = true;
    }

    /// @dev Return the time of the block: the only clock.
    function _time() internal view virtual returns (uint64) {
        return uint64(block.timestamp);
    }
}
