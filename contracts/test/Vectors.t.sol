// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Consortium} from "../Consortium.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {LogAnchor} from "../LogAnchor.sol";
import {Alg, Choice, Kind, Purpose, Role, Suite} from "../types/Codes.sol";
import {LogId, MemberId, ProposalId} from "../types/Ids.sol";
import {Base, Vm} from "./Base.sol";
import {Checks} from "./Checks.sol";
import {Reference} from "./Reference.sol";
import {Typed} from "./Typed.sol";

/// @dev Forge hands JSON objects over with their keys in alphabetical order; so stand the fields.
struct InclusionCase {
    uint256 index;
    bytes32 leaf;
    string name;
    bytes32[] path;
    bytes32 root;
    uint256 size;
}

struct ConsistencyCase {
    string name;
    bytes32[] path;
    bytes32 root1;
    bytes32 root2;
    uint256 size1;
    uint256 size2;
}

struct RootCase {
    bytes32[] leaves;
    string name;
    bytes32 root;
}

struct TypeCase {
    string name;
    string text;
    bytes32 typeHash;
}

struct RecoverCase {
    address signer;
    bytes32 digest;
    string name;
    bytes publicKey;
    bytes signature;
}

struct RecoverFailCase {
    bytes32 digest;
    string name;
    bytes signature;
}

/// @dev The vectors that pytest reads too.
contract VectorsTest is Base {
    string private constant DIR = "tests/vectors/";
    /// @dev Fewer cases than there were means that a file was lost or not read.
    uint256 private constant LEAST_PROOFS = 50;

    Checks private checks = new Checks();

    // ---- made by a script -----------------------------------------------------------------------

    function test_merkle_root() public view {
        RootCase[] memory cases = abi.decode(_cases("merkle/root.json"), (RootCase[]));
        yes(cases.length >= 10, "cases");
        for (uint256 i = 0; i < cases.length; ++i) {
            equal(Reference.root(cases[i].leaves), cases[i].root);
        }
    }

    function test_merkle_inclusion() public view {
        yes(_inclusion("merkle/inclusion.json", true) >= LEAST_PROOFS, "cases");
        yes(_inclusion("merkle/inclusion_fail.json", false) >= LEAST_PROOFS, "cases");
    }

    function test_merkle_consistency() public view {
        yes(_consistency("merkle/consistency.json", true) >= LEAST_PROOFS, "cases");
        yes(_consistency("merkle/consistency_fail.json", false) >= LEAST_PROOFS, "cases");
    }

    function test_eip712_types() public view {
        TypeCase[] memory cases = abi.decode(_cases("eip712/types.json"), (TypeCase[]));
        string[11] memory ours = [
            Typed.CHECKPOINT,
            Typed.PROMISE,
            Typed.PROPOSE,
            Typed.VOTE,
            Typed.SET_ENDPOINT,
            Typed.ADD_KEY,
            Typed.REVOKE_KEY,
            Typed.PUT_SUPPLEMENT,
            Typed.ACT,
            string.concat(Typed.ACTS, Typed.ACT),
            Typed.ACK
        ];
        uint256 found;
        for (uint256 i = 0; i < cases.length; ++i) {
            equal(keccak256(bytes(cases[i].text)), cases[i].typeHash);
            for (uint256 j = 0; j < ours.length; ++j) {
                if (keccak256(bytes(ours[j])) == cases[i].typeHash) ++found;
            }
        }
        equal(found, ours.length);
    }

    function test_eip712_recover() public view {
        RecoverCase[] memory cases = abi.decode(_cases("eip712/recover.json"), (RecoverCase[]));
        yes(cases.length >= 4, "cases");
        for (uint256 i = 0; i < cases.length; ++i) {
            equal(checks.signer(cases[i].digest, cases[i].signature), cases[i].signer);
            address fromKey = address(uint160(uint256(keccak256(cases[i].publicKey))));
            equal(fromKey, cases[i].signer);
        }
    }

    function test_eip712_recover_fail() public view {
        RecoverFailCase[] memory cases =
            abi.decode(_cases("eip712/recover_fail.json"), (RecoverFailCase[]));
        yes(cases.length >= 10, "cases");
        for (uint256 i = 0; i < cases.length; ++i) {
            try checks.signer(cases[i].digest, cases[i].signature) returns (address) {
                revert NotTrue(cases[i].name);
            } catch (bytes memory told) {
                yes(told.length >= 4, "refused by ECDSA");
            }
        }
    }

    // ---- worked examples ------------------------------------------------------------------------

    function test_worked_penalty() public {
        _worked("penalty");
    }

    function test_worked_penaltyNull() public {
        _worked("penalty-null");
    }

    function test_worked_licence() public {
        _worked("licence");
    }

    function test_worked_correction() public {
        _worked("correction");
    }

    /// @dev The log id as `Consortium` mints it, the leaf, the record id, the root and the path,
    /// the checkpoint's digest as `LogAnchor` checks it, the promise's digest.
    function _worked(string memory name) private {
        string memory input = vm.readFile(string.concat(DIR, name, "/input.json"));
        string memory expected = vm.readFile(string.concat(DIR, name, "/expected.json"));
        vm.chainId(vm.parseJsonUint(input, ".chainId"));
        vm.warp(vm.parseJsonUint(input, ".promise.issuedAt"));
        LogId logId = LogId.wrap(_hex(expected, ".logId"));
        bytes32 leaf = Reference.leafHash(bytes(vm.parseJsonString(expected, ".entry")));
        equal(leaf, _hex(expected, ".leaf"));
        _recordId(expected, logId);

        uint256 sk = uint256(keccak256(bytes(name))) >> 1;
        Consortium consortium = _found(input, logId, sk);
        LogAnchor logAnchor =
            _registerAt(consortium, vm.parseJsonAddress(input, ".logAnchor"), _member(input), sk);
        ILogAnchor.Checkpoint memory c = _checkpoint(input, expected);
        c.logId = logId;
        bytes32[] memory leaves = _leaves(input, leaf);
        equal(Reference.root(leaves), c.root);
        bytes32[] memory proof = _anchorBefore(logAnchor, c, leaves, sk);
        bytes memory signature = _sign(sk, _hex(expected, ".checkpointDigest"));
        logAnchor.anchor(c, proof, signature);
        equal(logAnchor.rootAt(logId, c.size), c.root);
        bytes32[] memory path = _hexes(expected, ".path");
        uint64 index = uint64(vm.parseJsonUint(input, ".index"));
        yes(logAnchor.verifyInclusion(logId, c.size, index, leaf, path), "path");
        yes(!logAnchor.verifyInclusion(logId, c.size, index + 1, leaf, path), "other index");
        equal(
            _promiseDigest(input, logId, leaf, address(logAnchor)), _hex(expected, ".promiseDigest")
        );
    }

    /// @dev Of the commitment, which is the hash of the payload.
    function _recordId(string memory expected, LogId logId) private pure {
        bytes32 commitment = sha256(bytes(vm.parseJsonString(expected, ".payload")));
        equal(commitment, _hex(expected, ".commitment"));
        equal(keccak256(abi.encode(logId, commitment)), _hex(expected, ".recordId"));
    }

    function _found(string memory input, LogId logId, uint256 sk)
        private
        returns (Consortium consortium)
    {
        MemberId code = _member(input);
        IConsortium.FounderInput[] memory founders = new IConsortium.FounderInput[](1);
        founders[0] = IConsortium.FounderInput(code, MemberId.unwrap(code), Role.PROVINCE, "");
        IConsortium.KeyInput[] memory keys = new IConsortium.KeyInput[](2);
        keys[0] = _key(code, Purpose.ANCHOR, sk);
        keys[1] = _key(code, Purpose.GOVERN, sk + 1);
        IConsortium.LogInput[] memory logs = new IConsortium.LogInput[](1);
        uint64 seq = uint64(vm.parseJsonUint(input, ".logSeq"));
        logs[0] = IConsortium.LogInput(code, seq, Suite.SHA256, logId);
        consortium = new Consortium(founders, keys, logs, 1);
        // The same code at the address of the example mints the id of the example.
        address there = vm.parseJsonAddress(input, ".consortium");
        vm.etch(there, address(consortium).code);
        equal(Consortium(there).logIdOf(code, seq, Suite.SHA256), logId);
    }

    /// @dev The same code at the address of the example has the signing domain of the example.
    function _registerAt(Consortium consortium, address there, MemberId code, uint256 sk)
        private
        returns (LogAnchor)
    {
        vm.etch(there, address(new LogAnchor(consortium)).code);
        bytes memory data = abi.encode(bytes32("LogAnchor"), there);
        uint64 end = uint64(block.timestamp + 1 days);
        Typed.Domain memory d = Typed.domain("Consortium", address(consortium));
        uint8 kind = Kind.REGISTER_CONTRACT;
        bytes memory signature =
            _sign(sk + 1, Typed.digest(d, Typed.hashPropose(code, kind, data, 0, end, end)));
        ProposalId id = consortium.propose(code, kind, data, 0, end, end, signature);
        signature = _sign(sk + 1, Typed.digest(d, Typed.hashVote(code, id, Choice.YES, end)));
        consortium.vote(code, id, Choice.YES, end, signature);
        consortium.execute(id, data);
        return LogAnchor(there);
    }

    /// @dev Leaves of the example's log: the record's own stands at its index among the others.
    function _leaves(string memory input, bytes32 leaf)
        private
        pure
        returns (bytes32[] memory leaves)
    {
        string[] memory others = vm.parseJsonStringArray(input, ".otherEntries");
        uint256 index = vm.parseJsonUint(input, ".index");
        leaves = new bytes32[](others.length + 1);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = i == index
                ? leaf
                : Reference.leafHash(
                    vm.parseBytes(string.concat("0x", others[i < index ? i : i - 1]))
                );
        }
    }

    /// @dev Brings the log to the size before, and gives the proof from there.
    function _anchorBefore(
        LogAnchor logAnchor,
        ILogAnchor.Checkpoint memory c,
        bytes32[] memory leaves,
        uint256 sk
    ) private returns (bytes32[] memory) {
        bytes32[] memory none = new bytes32[](0);
        if (c.prevSize == 0) return none;
        bytes32 root = Reference.root(Reference.slice(leaves, 0, c.prevSize));
        ILogAnchor.Checkpoint memory first =
            ILogAnchor.Checkpoint(c.member, c.logId, 0, c.prevSize, root, c.deadline);
        Typed.Domain memory d = Typed.domain("LogAnchor", address(logAnchor));
        logAnchor.anchor(first, none, _sign(sk, Typed.digest(d, Typed.hash(first))));
        return Reference.proof(c.prevSize, leaves);
    }

    function _checkpoint(string memory input, string memory expected)
        private
        pure
        returns (ILogAnchor.Checkpoint memory c)
    {
        c.member = _member(input);
        c.prevSize = uint64(vm.parseJsonUint(input, ".checkpoint.prevSize"));
        c.size = uint64(vm.parseJsonStringArray(input, ".otherEntries").length + 1);
        c.root = _hex(expected, ".root");
        c.deadline = uint64(vm.parseJsonUint(input, ".checkpoint.deadline"));
    }

    function _promiseDigest(string memory input, LogId logId, bytes32 leaf, address account)
        private
        view
        returns (bytes32)
    {
        bytes32[] memory leaves = Reference.join(_hexes(input, ".promise.otherLeaves"), leaf);
        bytes32 structHash = Typed.hashPromise(
            _member(input),
            logId,
            Reference.root(leaves),
            uint64(leaves.length),
            uint64(vm.parseJsonUint(input, ".promise.issuedAt")),
            uint64(vm.parseJsonUint(input, ".promise.due"))
        );
        return Typed.digest(Typed.domain("LogAnchor", account), structHash);
    }

    // ---- reading --------------------------------------------------------------------------------

    function _cases(string memory file) private view returns (bytes memory) {
        return vm.parseJson(vm.readFile(string.concat(DIR, file)), ".cases");
    }

    function _inclusion(string memory file, bool good) private view returns (uint256) {
        InclusionCase[] memory cases = abi.decode(_cases(file), (InclusionCase[]));
        for (uint256 i = 0; i < cases.length; ++i) {
            InclusionCase memory c = cases[i];
            bool told = checks.inclusion(c.leaf, uint64(c.index), uint64(c.size), c.path, c.root);
            yes(told == good, string.concat(file, ": ", c.name));
        }
        return cases.length;
    }

    function _consistency(string memory file, bool good) private view returns (uint256) {
        ConsistencyCase[] memory cases = abi.decode(_cases(file), (ConsistencyCase[]));
        for (uint256 i = 0; i < cases.length; ++i) {
            ConsistencyCase memory c = cases[i];
            bool told =
                checks.consistency(uint64(c.size1), c.root1, uint64(c.size2), c.root2, c.path);
            yes(told == good, string.concat(file, ": ", c.name));
        }
        return cases.length;
    }

    function _member(string memory input) private pure returns (MemberId) {
        bytes memory code = bytes(vm.parseJsonString(input, ".member"));
        yes(code.length != 0 && code.length <= 32, "member");
        // forge-lint: disable-next-line(unsafe-typecast)
        return MemberId.wrap(bytes32(code));
    }

    /// @dev Digests are written without 0x.
    function _hex(string memory json, string memory path) private pure returns (bytes32) {
        return vm.parseBytes32(string.concat("0x", vm.parseJsonString(json, path)));
    }

    function _hexes(string memory json, string memory path)
        private
        pure
        returns (bytes32[] memory list)
    {
        string[] memory texts = vm.parseJsonStringArray(json, path);
        list = new bytes32[](texts.length);
        for (uint256 i = 0; i < texts.length; ++i) {
            list[i] = vm.parseBytes32(string.concat("0x", texts[i]));
        }
    }

    function _key(MemberId code, uint8 purpose, uint256 sk)
        private
        returns (IConsortium.KeyInput memory)
    {
        Vm.Wallet memory w = vm.createWallet(sk);
        bytes memory publicKey = abi.encode(w.publicKeyX, w.publicKeyY);
        return IConsortium.KeyInput(code, purpose, Alg.SECP256K1, publicKey, 0, type(uint64).max);
    }

    function _sign(uint256 sk, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(sk, digest);
        return abi.encodePacked(r, s, v);
    }
}
