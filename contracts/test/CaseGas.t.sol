// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {Action, Purpose} from "../types/Codes.sol";
import {RecordId} from "../types/Ids.sol";
import {CaseWorld} from "./CaseWorld.sol";

/// @dev What acts cost, each as a transaction of its own with everything cold. `.gas-snapshot` holds
/// the figures of these tests, the bounds here are those of the transaction.
contract CaseGasTest is CaseWorld {
    bytes32 private constant RECORD = "record";
    bytes32 private constant SALT = "salt";
    uint256 private constant MOST = 64;

    ICaseRegistry.Act[] private _acts;
    ICaseRegistry.Step[] private _stolen;
    RecordId[] private _ids;
    bytes private _signature;
    bytes private _ack;
    bytes private _one;
    ICaseRegistry.Act private _first;

    function setUp() public override {
        super.setUp();
        // Something was acted on before: count and head are not 0.
        _do(_act(Action.REPAIR, RECORD));
        for (uint256 i = 0; i < MOST; ++i) {
            _acts.push(_act(Action.WITHDRAW, bytes32(i + 1)));
        }
        uint256 sk = _sk(BEIJING, Purpose.DECIDE);
        _signature = _signActs(sk, BEIJING, _acts, _deadline());
        _passActs(_acts, SALT);
        _ack = _signAck(_sk(BANK, Purpose.CASE), BANK, 1, "head");
        for (uint256 i = 0; i < 256; ++i) {
            _ids.push(RecordId.wrap(keccak256(abi.encode(_logId(BEIJING), bytes32(i + 1)))));
        }
        _alone(_act(Action.REPAIR, "another"));
    }

    /// forge-config: default.isolate = true
    function testGas_act_first() public {
        _costs(132_500);
    }

    /// forge-config: default.isolate = true
    function testGas_act_second() public {
        _alone(_actOf(BEIJING, Action.RESCIND, RECORD, 1));
        _costs(95_000);
    }

    /// forge-config: default.isolate = true
    function testGas_act_correct() public {
        _alone(_act(Action.CORRECT, "another"));
        _costs(165_000);
    }

    /// @dev Of records that the predecessor knows.
    /// forge-config: default.isolate = true
    function testGas_act_firstInASuccessor() public {
        _succeed();
        _alone(_actOf(BEIJING, Action.RESCIND, RECORD, 1));
        _costs(185_000);
    }

    /// @dev One transaction, which some chains hold to 2^24 gas (EIP-7825).
    /// forge-config: default.isolate = true
    function testGas_act_most() public {
        registry.act(BEIJING, _acts, _deadline(), _signature);
        _within(4_450_000);
    }

    /// forge-config: default.isolate = true
    function testGas_actByVote_most() public {
        registry.actByVote(_acts, BEIJING, SALT);
        _within(4_450_000);
    }

    /// forge-config: default.isolate = true
    function testGas_annulStolen_most() public {
        registry.act(BEIJING, _acts, _deadline(), _signature);
        _compromise(BEIJING, Purpose.DECIDE, START);
        for (uint256 i = 0; i < MOST; ++i) {
            bytes32 signedBy = keccak256(abi.encode(uint16(1), _publicKey(_skOfDecide())));
            bytes memory words = abi.encode(bytes32(0), BEIJING, _acts[i], _now(), signedBy);
            _stolen.push(abi.decode(words, (ICaseRegistry.Step)));
        }
        registry.annulStolen(_stolen);
        _within(2_220_000);
    }

    /// forge-config: default.isolate = true
    function testGas_acknowledge() public {
        registry.acknowledge(BANK, 1, "head", _deadline(), _ack);
        _within(76_000);
    }

    /// @dev A call, far below what nodes grant one.
    /// forge-config: default.isolate = true
    function testGas_stored_most() public {
        registry.act(BEIJING, _acts, _deadline(), _signature);
        registry.stored(_ids);
        _within(1_840_000);
    }

    /// @dev A quarter here, the rest nowhere, through two predecessors.
    /// forge-config: default.isolate = true
    function testGas_stored_mostThroughAll() public {
        registry.act(BEIJING, _acts, _deadline(), _signature);
        _succeed();
        _succeed();
        registry.stored(_ids);
        _within(6_200_000);
    }

    /// @dev Runtime bytecode against the limit of EIP-170, with room for more rules.
    function test_bytecodeSize() public view {
        yes(address(registry).code.length < 16_000, "CaseRegistry");
    }

    function _skOfDecide() private pure returns (uint256) {
        return _sk(BEIJING, Purpose.DECIDE);
    }

    function _alone(ICaseRegistry.Act memory a) private {
        _first = a;
        _one = _signActs(_skOfDecide(), BEIJING, _list(a), _deadline());
    }

    function _costs(uint256 limit) private {
        registry.act(BEIJING, _list(_first), _deadline(), _one);
        _within(limit);
    }

    function _within(uint256 limit) private view {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        yes(used <= limit, "costs more");
        yes(used > limit - limit / 20, "costs less: lower the limit");
    }
}
