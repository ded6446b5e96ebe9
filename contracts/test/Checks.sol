// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {RFC9162} from "../libraries/RFC9162.sol";

/// @dev Library functions behind a call, so that proofs come as calldata and reverts can be caught.
contract Checks {
    function inclusion(
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32[] calldata path,
        bytes32 root
    ) external view returns (bool) {
        return RFC9162.verifyInclusion(leaf, index, size, path, root);
    }

    function consistency(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata proof
    ) external view returns (bool) {
        return RFC9162.verifyConsistency(size1, root1, size2, root2, proof);
    }

    function signer(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return ECDSA.recover(digest, signature);
    }
}
