// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {RFC9162} from "../libraries/RFC9162.sol";
import {Base} from "./Base.sol";
import {Checks} from "./Checks.sol";
import {Reference, UniformReference} from "./Reference.sol";

contract RFC9162Test is Base {
    uint256 private constant MAX = 33;

    Checks private checks = new Checks();

    /// @dev Every size up to 24 and every index.
    function test_Inclusion_everySmallTree() public view {
        bytes32[] memory all = _leaves("all", 24);
        for (uint256 n = 1; n <= all.length; ++n) {
            bytes32[] memory d = Reference.slice(all, 0, n);
            bytes32 root = Reference.root(d);
            for (uint256 m = 0; m < n; ++m) {
                bytes32[] memory path = Reference.path(m, d);
                yes(checks.inclusion(d[m], uint64(m), uint64(n), path, root), "true path");
            }
        }
    }

    /// @dev Every pair of sizes up to 24.
    function test_Consistency_everySmallTree() public view {
        bytes32[] memory all = _leaves("all", 24);
        for (uint256 n = 2; n <= all.length; ++n) {
            bytes32[] memory d = Reference.slice(all, 0, n);
            bytes32 root2 = Reference.root(d);
            for (uint256 m = 1; m < n; ++m) {
                bytes32 root1 = Reference.root(Reference.slice(d, 0, m));
                bytes32[] memory proof = Reference.proof(m, d);
                yes(checks.consistency(uint64(m), root1, uint64(n), root2, proof), "true proof");
            }
        }
    }

    function testFuzz_Inclusion(bytes32 seed, uint256 size, uint256 index, uint256 bit)
        public
        view
    {
        bytes32[] memory d = _leaves(seed, within(size, 1, MAX));
        uint64 n = uint64(d.length);
        uint64 m = uint64(within(index, 0, n - 1));
        bytes32 root = Reference.root(d);
        bytes32[] memory path = Reference.path(m, d);
        bytes32 leaf = d[m];
        yes(checks.inclusion(leaf, m, n, path, root), "true path");
        yes(!checks.inclusion(_flip(leaf, bit), m, n, path, root), "flipped leaf");
        yes(!checks.inclusion(leaf, m, n, path, _flip(root, bit)), "flipped root");
        yes(!checks.inclusion(leaf, m, n, Reference.join(path, leaf), root), "longer path");
        if (path.length != 0) {
            yes(!checks.inclusion(leaf, m, n, _flipIn(path, bit), root), "flipped path");
            yes(!checks.inclusion(leaf, m, n, _shorter(path), root), "shorter path");
        }
    }

    /// @dev A path stands for one index and leaf alone; it holds at another size only where that
    /// has the same shape above this leaf, and then not with the root of that size.
    function testFuzz_Inclusion_otherPlace(bytes32 seed, uint256 size, uint256 a, uint256 b)
        public
        view
    {
        bytes32[] memory d = _leaves(seed, within(size, 2, MAX));
        uint64 n = uint64(d.length);
        uint64 m = uint64(within(a, 0, n - 1));
        uint64 other = uint64(within(b, 0, uint256(n) + 3));
        vm.assume(other != m);
        bytes32 root = Reference.root(d);
        bytes32[] memory path = Reference.path(m, d);
        yes(!checks.inclusion(d[m], other, n, path, root), "other index");
        bytes32[] memory less = Reference.slice(d, 0, n - 1);
        bytes32 lessRoot = Reference.root(less);
        yes(!checks.inclusion(d[m], m, n, path, lessRoot), "root of another size");
        yes(!checks.inclusion(d[m], m, n - 1, path, lessRoot), "another size");
    }

    function testFuzz_Inclusion_anyPath(
        bytes32 seed,
        uint256 size,
        uint256 index,
        bytes32[] memory path
    ) public view {
        bytes32[] memory d = _leaves(seed, within(size, 1, MAX));
        uint256 m = within(index, 0, d.length - 1);
        bool same = _same(path, Reference.path(m, d));
        bool told = checks.inclusion(d[m], uint64(m), uint64(d.length), path, Reference.root(d));
        yes(told == same, "any path but the true one");
    }

    function testFuzz_Consistency(bytes32 seed, uint256 size1, uint256 size2, uint256 bit)
        public
        view
    {
        bytes32[] memory d = _leaves(seed, within(size2, 2, MAX));
        uint64 n = uint64(d.length);
        uint64 m = uint64(within(size1, 1, n - 1));
        bytes32 root1 = Reference.root(Reference.slice(d, 0, m));
        bytes32 root2 = Reference.root(d);
        bytes32[] memory proof = Reference.proof(m, d);
        yes(checks.consistency(m, root1, n, root2, proof), "true proof");
        yes(!checks.consistency(m, _flip(root1, bit), n, root2, proof), "flipped old root");
        yes(!checks.consistency(m, root1, n, _flip(root2, bit), proof), "flipped new root");
        yes(!checks.consistency(m, root1, n, root2, _flipIn(proof, bit)), "flipped proof");
        yes(!checks.consistency(m, root1, n, root2, _shorter(proof)), "shorter proof");
        yes(!checks.consistency(m, root1, n, root2, Reference.join(proof, 0)), "longer proof");
        yes(!checks.consistency(n, root2, m, root1, proof), "backwards");
    }

    /// @dev A rewritten leaf of the old tree, whatever the new one says.
    function testFuzz_Consistency_rewritten(bytes32 seed, uint256 size1, uint256 size2, uint256 at)
        public
        view
    {
        bytes32[] memory d = _leaves(seed, within(size2, 2, MAX));
        uint256 m = within(size1, 1, d.length - 1);
        bytes32 root1 = Reference.root(Reference.slice(d, 0, m));
        d[within(at, 0, m - 1)] ^= bytes32(uint256(1));
        bytes32[] memory proof = Reference.proof(m, d);
        bool told = checks.consistency(uint64(m), root1, uint64(d.length), Reference.root(d), proof);
        yes(!told, "history rewritten");
    }

    function testFuzz_Consistency_otherSize(
        bytes32 seed,
        uint256 size1,
        uint256 size2,
        uint256 other
    ) public view {
        bytes32[] memory d = _leaves(seed, within(size2, 2, MAX));
        uint256 n = d.length;
        uint256 m = within(size1, 1, n - 1);
        uint256 wrong = within(other, 0, n + 3);
        vm.assume(wrong != m);
        bytes32 root1 = Reference.root(Reference.slice(d, 0, m));
        bytes32[] memory proof = Reference.proof(m, d);
        yes(
            !checks.consistency(uint64(wrong), root1, uint64(n), Reference.root(d), proof),
            "other old size"
        );
        if (wrong == 0 || wrong > n) return;
        bytes32 wrongRoot = Reference.root(Reference.slice(d, 0, wrong));
        yes(
            !checks.consistency(uint64(m), root1, uint64(n), wrongRoot, proof) || wrong == n,
            "root of another size"
        );
    }

    function testFuzz_Consistency_anyProof(
        bytes32 seed,
        uint256 size1,
        uint256 size2,
        bytes32[] memory proof
    ) public view {
        bytes32[] memory d = _leaves(seed, within(size2, 2, MAX));
        uint64 m = uint64(within(size1, 1, d.length - 1));
        bytes32 root1 = Reference.root(Reference.slice(d, 0, m));
        bool same = _same(proof, Reference.proof(m, d));
        bool told = checks.consistency(m, root1, uint64(d.length), Reference.root(d), proof);
        yes(told == same, "any proof but the true one");
    }

    /// @dev Sizes of which nobody can build the tree: up to 2^40 leaves, all equal.
    /// forge-config: default.fuzz.runs = 200
    /// forge-config: night.fuzz.runs = 2000
    function testFuzz_largeTrees(bytes32 leaf, uint256 size1, uint256 size2, uint256 index)
        public
        view
    {
        uint64 n = uint64(within(size2, 2, 1 << 40));
        uint64 m = uint64(within(size1, 1, n - 1));
        uint64 i = uint64(within(index, 0, n - 1));
        bytes32 root1 = UniformReference.root(m, leaf);
        bytes32 root2 = UniformReference.root(n, leaf);
        bytes32[] memory proof = UniformReference.proof(m, n, leaf);
        yes(checks.consistency(m, root1, n, root2, proof), "true proof");
        yes(!checks.consistency(m, root1, n, root2, _flipIn(proof, index)), "flipped proof");
        bytes32[] memory path = UniformReference.path(i, n, leaf);
        yes(checks.inclusion(leaf, i, n, path, root2), "true path");
        yes(!checks.inclusion(leaf, i, n, _flipIn(path, index), root2), "flipped path");
    }

    /// @dev The uniform twin is the plain one.
    function testFuzz_uniformIsReference(bytes32 leaf, uint256 size, uint256 m) public pure {
        bytes32[] memory d = new bytes32[](within(size, 2, MAX));
        for (uint256 i = 0; i < d.length; ++i) {
            d[i] = leaf;
        }
        uint256 n = d.length;
        m = within(m, 1, n - 1);
        equal(UniformReference.root(n, leaf), Reference.root(d));
        yes(_same(UniformReference.path(m, n, leaf), Reference.path(m, d)), "path");
        yes(_same(UniformReference.proof(m, n, leaf), Reference.proof(m, d)), "proof");
    }

    function test_edgesOfTheRange() public view {
        bytes32[] memory none = new bytes32[](0);
        bytes32 leaf = Reference.leafHash("x");
        uint64 top = type(uint64).max;
        yes(checks.inclusion(leaf, 0, 1, none, leaf), "one leaf is its root");
        yes(!checks.inclusion(leaf, 0, 0, none, leaf), "nothing is in the empty tree");
        yes(!checks.inclusion(leaf, 1, 1, none, leaf), "index at size");
        yes(!checks.inclusion(leaf, top, top, none, leaf), "index at the largest size");
        yes(!checks.inclusion(leaf, top - 1, top, none, leaf), "last index of the largest size");
        yes(!checks.consistency(0, leaf, 1, leaf, none), "from the empty tree");
        yes(!checks.consistency(1, leaf, 1, leaf, none), "to the same size");
        yes(!checks.consistency(top, leaf, top, leaf, none), "to the same largest size");
        yes(!checks.consistency(top - 1, leaf, top, leaf, none), "from the second largest size");
        yes(!checks.consistency(1 << 63, leaf, top, leaf, none), "from the largest complete one");
    }

    /// @dev Leaves and nodes are separated by their prefix, and children have an order.
    function testFuzz_domains(bytes32 a, bytes32 b) public view {
        vm.assume(a != b);
        equal(RFC9162.nodeHash(a, b), sha256(bytes.concat(hex"01", a, b)));
        yes(RFC9162.nodeHash(a, b) != Reference.leafHash(bytes.concat(a, b)), "leaf of two nodes");
        yes(RFC9162.nodeHash(a, b) != RFC9162.nodeHash(b, a), "children swapped");
    }

    function _leaves(bytes32 seed, uint256 count) private pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = Reference.leafHash(abi.encode(seed, i));
        }
    }

    function _flip(bytes32 word, uint256 bit) private pure returns (bytes32) {
        return word ^ bytes32(uint256(1) << (bit % 256));
    }

    function _flipIn(bytes32[] memory list, uint256 bit) private pure returns (bytes32[] memory) {
        bytes32[] memory copy = Reference.slice(list, 0, list.length);
        uint256 at = bit / 256 % list.length;
        copy[at] = _flip(copy[at], bit);
        return copy;
    }

    function _shorter(bytes32[] memory list) private pure returns (bytes32[] memory) {
        return Reference.slice(list, 0, list.length - 1);
    }

    function _same(bytes32[] memory a, bytes32[] memory b) private pure returns (bool) {
        return keccak256(abi.encode(a)) == keccak256(abi.encode(b));
    }
}
