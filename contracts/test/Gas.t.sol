// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Consortium} from "../Consortium.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {Alg, Kind, Purpose, Role, Suite} from "../types/Codes.sol";
import {MemberId, NO_LOG} from "../types/Ids.sol";
import {UniformReference} from "./Reference.sol";
import {World} from "./World.sol";

/// @dev What an anchor costs, each as a transaction of its own with everything cold. `.gas-snapshot`
/// holds the figures of these tests, the bounds here are those of the transaction.
contract GasTest is World {
    struct Call {
        ILogAnchor.Checkpoint checkpoint;
        bytes32[] proof;
        bytes signature;
    }

    bytes32 private constant LEAF = "leaf";
    uint64 private constant BATCH = 4096;
    uint256 private constant PURPOSES = 10;

    mapping(MemberId member => Call) private _calls;

    function setUp() public override {
        super.setUp();
        _prepare(BEIJING, 0);
        _prepare(TIANJIN, BATCH);
        _prepare(HEBEI, 366 * BATCH);
        _prepare(SHANXI, 1_500_001);
        _prepare(BANK, (1 << 20) - 1);
    }

    /// forge-config: default.isolate = true
    function testGas_anchor_first() public {
        _costs(BEIJING, 0, 102_000);
    }

    /// forge-config: default.isolate = true
    function testGas_anchor_second() public {
        _costs(TIANJIN, 1, 90_000);
    }

    /// @dev 1.5 million leaves in full batches: 23 gas a record.
    /// forge-config: default.isolate = true
    function testGas_anchor_large() public {
        _costs(HEBEI, 7, 98_000);
    }

    /// @dev 1.5 million leaves, batches by age and not by size.
    /// forge-config: default.isolate = true
    function testGas_anchor_largeOdd() public {
        _costs(SHANXI, 20, 109_100);
    }

    /// @dev The longest proof that there is at this size.
    /// forge-config: default.isolate = true
    function testGas_anchor_longestProof() public {
        _costs(BANK, 22, 113_600);
    }

    /// @dev Four provinces with a key of each purpose and a log: one transaction, which some chains
    /// hold to 2^24 gas (EIP-7825), and initcode that all of them hold to 49,152 bytes (EIP-3860).
    /// forge-config: default.isolate = true
    function testGas_founding() public {
        uint256 count = 4;
        IConsortium.FounderInput[] memory founders = new IConsortium.FounderInput[](count);
        IConsortium.KeyInput[] memory keys = new IConsortium.KeyInput[](count * PURPOSES);
        IConsortium.LogInput[] memory logs = new IConsortium.LogInput[](count);
        for (uint256 i = 0; i < count; ++i) {
            MemberId code = MemberId.wrap(bytes32(i + 1));
            founders[i] = IConsortium.FounderInput(
                code, _region(code), Role.PROVINCE, "http://127.0.0.1:8545"
            );
            logs[i] = IConsortium.LogInput(code, 0, Suite.SHA256, NO_LOG);
            for (uint8 j = 0; j < PURPOSES; ++j) {
                bytes memory publicKey = abi.encode(keccak256(abi.encode(i, j)), code);
                keys[PURPOSES * i + j] =
                    IConsortium.KeyInput(code, j + 1, Alg.SECP256K1, publicKey, START, KEYS_END);
            }
        }
        uint256 arguments = abi.encode(founders, keys, logs, THRESHOLD).length;
        yes(type(Consortium).creationCode.length + arguments <= 49_152, "initcode");
        uint256 before = gasleft();
        new Consortium(founders, keys, logs, THRESHOLD);
        yes(before - gasleft() < 1 << 24, "does not fit into a transaction");
    }

    /// forge-config: default.isolate = true
    function testGas_decision() public {
        _decide(Kind.SET_CHAIR, abi.encode(HEBEI));
    }

    /// @dev Runtime bytecode against the limit of EIP-170, with room for one more rule.
    function test_bytecodeSize() public view {
        yes(address(consortium).code.length < 24_300, "Consortium");
        yes(address(logAnchor).code.length < 7_000, "LogAnchor");
        yes(address(catalogue).code.length < 10_000, "Catalogue");
    }

    /// @dev As many leaves in as few anchors as it takes, then the call to be measured.
    function _prepare(MemberId member, uint64 size) private {
        uint64 at;
        while (at < size) {
            uint64 next = size - at > 1 << 20 ? at + (1 << 20) : size;
            Call memory step = _call(member, at, next);
            logAnchor.anchor(step.checkpoint, step.proof, step.signature);
            at = next;
        }
        _calls[member] = _call(member, size, size + BATCH);
    }

    function _call(MemberId member, uint64 prevSize, uint64 size)
        private
        view
        returns (Call memory c)
    {
        bytes32 root = UniformReference.root(size, LEAF);
        c.checkpoint =
            ILogAnchor.Checkpoint(member, _logId(member), prevSize, size, root, _deadline());
        if (prevSize != 0) c.proof = UniformReference.proof(prevSize, size, LEAF);
        c.signature = _signAnchor(_sk(member, Purpose.ANCHOR), c.checkpoint);
    }

    function _costs(MemberId member, uint256 proofLength, uint256 limit) private {
        Call memory c = _calls[member];
        equal(c.proof.length, proofLength);
        logAnchor.anchor(c.checkpoint, c.proof, c.signature);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        yes(used <= limit, "costs more");
        yes(used > limit - 6_000, "costs less: lower the limit");
    }
}
