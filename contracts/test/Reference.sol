// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @dev RFC 9162 section 2.1, word for word and without a thought for cost. A tree is given by the
/// list D of its leaf hashes; lists are copied wherever the text slices them.
library Reference {
    function leafHash(bytes memory entry) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(hex"00", entry));
    }

    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(hex"01", left, right));
    }

    /// @dev 2.1.1: MTH(D[n])
    function root(bytes32[] memory d) internal pure returns (bytes32) {
        if (d.length == 0) return sha256("");
        if (d.length == 1) return d[0];
        uint256 k = split(d.length);
        return nodeHash(root(slice(d, 0, k)), root(slice(d, k, d.length)));
    }

    /// @dev 2.1.3.1: PATH(m, D[n])
    function path(uint256 m, bytes32[] memory d) internal pure returns (bytes32[] memory) {
        if (d.length == 1) return new bytes32[](0);
        uint256 k = split(d.length);
        bytes32[] memory low = slice(d, 0, k);
        bytes32[] memory high = slice(d, k, d.length);
        return m < k ? join(path(m, low), root(high)) : join(path(m - k, high), root(low));
    }

    /// @dev 2.1.4.1: PROOF(m, D[n])
    function proof(uint256 m, bytes32[] memory d) internal pure returns (bytes32[] memory) {
        return subproof(m, d, true);
    }

    /// @dev 2.1.4.1: SUBPROOF(m, D[n], b)
    function subproof(uint256 m, bytes32[] memory d, bool b)
        internal
        pure
        returns (bytes32[] memory)
    {
        if (m == d.length) {
            return b ? new bytes32[](0) : join(new bytes32[](0), root(d));
        }
        uint256 k = split(d.length);
        bytes32[] memory low = slice(d, 0, k);
        bytes32[] memory high = slice(d, k, d.length);
        return m <= k
            ? join(subproof(m, low, b), root(high))
            : join(subproof(m - k, high, false), root(low));
    }

    /// @dev "the largest power of two smaller than n"
    function split(uint256 n) internal pure returns (uint256 k) {
        for (k = 1; k * 2 < n;) {
            k *= 2;
        }
    }

    function slice(bytes32[] memory d, uint256 from, uint256 to)
        internal
        pure
        returns (bytes32[] memory part)
    {
        part = new bytes32[](to - from);
        for (uint256 i = from; i < to; ++i) {
            part[i - from] = d[i];
        }
    }

    function join(bytes32[] memory list, bytes32 last)
        internal
        pure
        returns (bytes32[] memory longer)
    {
        longer = new bytes32[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            longer[i] = list[i];
        }
        longer[list.length] = last;
    }
}

/// @dev The same for a tree whose leaves are all equal, so that trees of millions of leaves fit into
/// a test: two complete subtrees of one height are then one and the same.
library UniformReference {
    function root(uint256 n, bytes32 leaf) internal pure returns (bytes32) {
        if (n == 1) return leaf;
        uint256 k = Reference.split(n);
        bytes32 low = root(k, leaf);
        return Reference.nodeHash(low, k * 2 == n ? low : root(n - k, leaf));
    }

    function path(uint256 m, uint256 n, bytes32 leaf) internal pure returns (bytes32[] memory) {
        if (n == 1) return new bytes32[](0);
        uint256 k = Reference.split(n);
        return m < k
            ? Reference.join(path(m, k, leaf), root(n - k, leaf))
            : Reference.join(path(m - k, n - k, leaf), root(k, leaf));
    }

    function proof(uint256 m, uint256 n, bytes32 leaf) internal pure returns (bytes32[] memory) {
        return subproof(m, n, true, leaf);
    }

    function subproof(uint256 m, uint256 n, bool b, bytes32 leaf)
        internal
        pure
        returns (bytes32[] memory)
    {
        if (m == n) {
            return b ? new bytes32[](0) : Reference.join(new bytes32[](0), root(n, leaf));
        }
        uint256 k = Reference.split(n);
        return m <= k
            ? Reference.join(subproof(m, k, b, leaf), root(n - k, leaf))
            : Reference.join(subproof(m - k, n - k, false, leaf), root(k, leaf));
    }
}
