// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Proofs of RFC 9162 Merkle trees over SHA-256
/// @notice The checks of sections 2.1.3.2 and 2.1.4.2, with one difference in form: how long a proof
/// must be and on which side each of its hashes goes follows from the two numbers alone, so that is
/// worked out first and a proof of another length is refused before anything is hashed.
///
/// Leaves come hashed: SHA-256(0x00 ‖ entry). Nodes are SHA-256(0x01 ‖ left ‖ right).
library RFC9162 {
    /// @notice Whether `leaf` stands at `index` of the tree of `size` leaves with this root.
    function verifyInclusion(
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32[] calldata path,
        bytes32 root
    ) internal pure returns (bool) {
        if (index >= size) return false;
        (uint256 length, uint256 lefts) = _shape(index, size);
        if (path.length != length) return false;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < length; ++i) {
            bool left = (lefts >> i) & 1 == 1;
            hash = left ? nodeHash(path[i], hash) : nodeHash(hash, path[i]);
        }
        return hash == root;
    }

    /// @notice Whether the tree (size1, root1) is a prefix of the tree (size2, root2).
    /// @dev A prefix has at least one leaf and is smaller; anything else is false.
    function verifyConsistency(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata proof
    ) internal pure returns (bool) {
        if (size1 == 0 || size1 >= size2) return false;
        // A consistency proof is the inclusion path of the last leaf of the first tree without its
        // lowest steps: it starts from the largest complete subtree that ends there, of 2^level
        // leaves. That hash comes first, unless it is the whole first tree, which is known.
        uint256 level = _trailingZeros(size1);
        bool whole = size1 & (size1 - 1) == 0;
        (uint256 length, uint256 lefts) = _shape(size1 - 1, size2);
        if (proof.length != length - level + (whole ? 0 : 1)) return false;
        (bytes32 first, bytes32 second) = whole
            ? _climb(root1, proof, lefts >> level)
            : _climb(proof[0], proof[1:], lefts >> level);
        return first == root1 && second == root2;
    }

    /// @notice SHA-256(0x01 ‖ left ‖ right)
    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev From a subtree to both roots: what stands left of it is in both trees, what stands right
    /// of it in the second alone.
    function _climb(bytes32 subtree, bytes32[] calldata siblings, uint256 lefts)
        private
        pure
        returns (bytes32 first, bytes32 second)
    {
        (first, second) = (subtree, subtree);
        for (uint256 i = 0; i < siblings.length; ++i) {
            if ((lefts >> i) & 1 == 1) {
                first = nodeHash(siblings[i], first);
                second = nodeHash(siblings[i], second);
            } else {
                second = nodeHash(second, siblings[i]);
            }
        }
    }

    /// @dev The inclusion path of `index` < `size`: its length, and by bit i whether its i-th hash is
    /// a left sibling. Up to the place where the path meets the right edge of the tree the bits of
    /// `index` decide; along the edge there are left siblings only, one for each bit that is set.
    function _shape(uint64 index, uint64 size)
        private
        pure
        returns (uint256 length, uint256 lefts)
    {
        length = _bitLength(index ^ (size - 1));
        lefts = index | (type(uint256).max << length);
        for (uint256 edge = index >> length; edge != 0; edge &= edge - 1) {
            ++length;
        }
    }

    function _bitLength(uint256 value) private pure returns (uint256 length) {
        for (; value != 0; value >>= 1) {
            ++length;
        }
    }

    function _trailingZeros(uint256 value) private pure returns (uint256 zeros) {
        for (; value & 1 == 0; value >>= 1) {
            ++zeros;
        }
    }
}
