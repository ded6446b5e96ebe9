// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Proofs of RFC 9162 Merkle trees over SHA-256
/// @notice The checks of sections 2.1.3.2 and 2.1.4.2, with one difference in form: how long a proof
/// must be and on which side each of its hashes goes follows from the two numbers alone, so that is
/// worked out first and a proof of another length is refused before anything is hashed.
///
/// Leaves come hashed: SHA-256(0x00 ‖ entry). Nodes are SHA-256(0x01 ‖ left ‖ right).
library RFC9162 {
    /// @notice Say whether `leaf` stands at `index` of the tree of `size` leaves with this root.
    function verifyInclusion(
        bytes32 leaf,
        uint64 index,
        uint64 size,
        bytes32[] calldata path,
        bytes32 root
    ) internal view returns (bool) {
        if (index >= size) return false;
        (uint256 length, uint256 lefts) = _shape(index, size);
        if (path.length != length) return false;
        bytes32 hash = leaf;
        for (uint256 i = 0; i < length; ++i) {
            hash = lefts & 1 == 1 ? nodeHash(path[i], hash) : nodeHash(hash, path[i]);
            lefts >>= 1;
        }
        return hash == root;
    }

    /// @notice Say whether the tree (size1, root1) is a prefix of the tree (size2, root2).
    /// @dev A prefix has at least one leaf and is smaller; anything else is false.
    function verifyConsistency(
        uint64 size1,
        bytes32 root1,
        uint64 size2,
        bytes32 root2,
        bytes32[] calldata proof
    ) internal view returns (bool) {
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

    /// @notice Return SHA-256(0x01 ‖ left ‖ right).
    function nodeHash(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        // Same as sha256(abi.encodePacked(bytes1(0x01), left, right)) at a third of its gas, since it
        // leaves the memory behind the free pointer free: an anchor needs some thirty of these.
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore8(free, 0x01)
            mstore(add(free, 0x01), left)
            mstore(add(free, 0x21), right)
            // Address 2 is SHA-256; the call comes before the look at what it returned.
            if iszero(and(eq(returndatasize(), 0x20), staticcall(gas(), 2, free, 0x41, 0, 0x20))) {
                revert(0, 0)
            }
            hash := mload(0)
        }
    }

    /// @dev Climb from a subtree to both roots: what stands left of it is in both trees, what
    /// stands right of it in the second alone.
    function _climb(bytes32 subtree, bytes32[] calldata siblings, uint256 lefts)
        private
        view
        returns (bytes32 first, bytes32 second)
    {
        (first, second) = (subtree, subtree);
        for (uint256 i = 0; i < siblings.length; ++i) {
            bytes32 sibling = siblings[i];
            if (lefts & 1 == 1) {
                first = nodeHash(sibling, first);
                second = nodeHash(sibling, second);
            } else {
                second = nodeHash(second, sibling);
            }
            lefts >>= 1;
        }
    }

    /// @dev Return the length of the inclusion path of `index` < `size`, and by bit i whether its
    /// i-th hash is a left sibling. Up to the place where the path meets the right edge of the tree
    /// the bits of `index` decide; along the edge there are left siblings only, one for each bit
    /// that is set.
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

    /// @dev Count the bits of a number below 2^64, by halving the range.
    function _bitLength(uint256 value) private pure returns (uint256 length) {
        unchecked {
            for (uint256 half = 32; half != 0; half >>= 1) {
                if (value >> half == 0) continue;
                value >>= half;
                length += half;
            }
            length += value;
        }
    }

    /// @dev Count the zeros at the end of a number from 1 to 2^64 - 1.
    function _trailingZeros(uint256 value) private pure returns (uint256) {
        return _bitLength(value & (~value + 1)) - 1;
    }
}
