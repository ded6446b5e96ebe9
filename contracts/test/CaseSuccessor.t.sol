// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {CaseRegistry} from "../CaseRegistry.sol";
import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {Action, Purpose} from "../types/Codes.sol";
import {MemberId, RecordId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {CaseWorld} from "./CaseWorld.sol";

/// @dev Registries after registries: status, history, count, head and acknowledgements go on as if
/// it were one.
contract CaseSuccessorTest is CaseWorld {
    bytes32 private constant FIRST = "first";
    bytes32 private constant SECOND = "second";

    /// @dev Two registries, and then a third that has seen none of it.
    function test_goesOn() public {
        ICaseRegistry.Act memory a = _act(Action.SHIELD, FIRST);
        ICaseRegistry.Act memory b = _act(Action.CORRECT, SECOND);
        _doByVote(a);
        _do(b);
        CaseRegistry first = registry;
        _succeed();
        _same(_id(a));
        _same(_id(b));
        // The mark of the old vote still binds, and so does the version.
        a.action = Action.LIFT;
        a.expectedVersion = 0;
        _doFails(a, _mismatch(a, 1));
        a.expectedVersion = 1;
        _doFails(
            a,
            abi.encodeWithSelector(
                ICaseRegistry.CaseRegistry_SetByVote.selector, _id(a), Action.LIFT, 34
            )
        );
        vm.roll(1_100);
        vm.recordLogs();
        a.action = Action.DISPUTE;
        _do(a);
        _prevBlockIs(1_000);
        _same(_id(a));
        equal(_load(_id(a), 0), bytes32(_stored(_id(a)).word));
        equal(_load(_id(b), 0), 0);
        CaseRegistry second = registry;
        _succeed();
        _succeed();
        _same(_id(a));
        _same(_id(b));
        vm.roll(1_200);
        vm.recordLogs();
        b = _actOf(BEIJING, Action.ERASE, SECOND, 1);
        _do(b);
        _prevBlockIs(1_000);
        _same(_id(b));
        // What the old ones say does not change any more.
        registry = first;
        equal(_stored(_id(a)).word >> 16 & 0xffffffff, 1);
        equal(_stored(_id(b)).word >> 16 & 0xffffffff, 1);
        registry = second;
        equal(_stored(_id(a)).word >> 16 & 0xffffffff, 2);
        equal(_stored(_id(b)).word >> 16 & 0xffffffff, 1);
    }

    /// @dev A retired one takes nothing, and says nothing of today.
    function test_Revert_NotCurrent() public {
        ICaseRegistry.Act memory a = _act(Action.DISPUTE, FIRST);
        _do(a);
        CaseRegistry old = registry;
        _succeed();
        (address current, RecordId id) = (address(registry), _id(a));
        registry = old;
        (a.action, a.expectedVersion) = (Action.SETTLE, 1);
        bytes memory expected = abi.encodeWithSelector(
            IRoleContract.RoleContract_NotCurrent.selector, CASE_REGISTRY, current
        );
        _doFails(a, expected);
        _voteFails(a, expected);
        _undoFails(_stepOf(a), expected);
        bytes memory signature = _signAck(_sk(BANK, Purpose.CASE), BANK, 1, 0);
        vm.expectRevert(expected);
        registry.acknowledge(BANK, 1, 0, _deadline(), signature);
        vm.expectRevert(expected);
        registry.status(id);
        _same(id);
        // One that never held the role: it says nothing either, and is asked in vain.
        registry = new CaseRegistry(consortium);
        _doFails(a, expected);
        vm.expectRevert(expected);
        registry.status(id);
        equal(_stored(id).word, 0);
    }

    /// @dev What was signed for one registry is of no use in the next.
    function test_Revert_signedForThePredecessor() public {
        ICaseRegistry.Act[] memory acts = _list(_act(Action.DISPUTE, FIRST));
        bytes memory signature = _signActs(_sk(BEIJING, Purpose.CASE), BEIJING, acts, _deadline());
        _succeed();
        bytes memory data = abi.encodeCall(registry.act, (BEIJING, acts, _deadline(), signature));
        (bool ok,) = address(registry).call(data);
        yes(!ok, "signed for the predecessor");
        // Nor is what was voted on for it.
        bytes32 salt = "salt";
        _passActs(acts, salt);
        _succeed();
        data = abi.encodeCall(registry.actByVote, (acts, BEIJING, salt));
        (ok,) = address(registry).call(data);
        yes(!ok, "voted on for the predecessor");
    }

    function test_acknowledged_goesOn() public {
        _do(_act(Action.DISPUTE, FIRST));
        _do(_act(Action.DISPUTE, SECOND));
        _acknowledge(BANK, 2, "head");
        _succeed();
        _acknowledgedIs(BANK, 2, "head");
        bytes memory signature = _signAck(_sk(BANK, Purpose.CASE), BANK, 2, "head");
        vm.expectRevert(
            abi.encodeWithSelector(
                ICaseRegistry.CaseRegistry_AcknowledgementInvalid.selector, BANK, 2, 2, 2
            )
        );
        registry.acknowledge(BANK, 2, "head", _deadline(), signature);
        // All of them are the predecessor's, and can be acknowledged here.
        _acknowledge(TIANJIN, 1, "one");
        _do(_act(Action.DISPUTE, "third"));
        _acknowledge(BANK, 3, "three");
        _succeed();
        _acknowledgedIs(BANK, 3, "three");
        _acknowledgedIs(TIANJIN, 1, "one");
        _acknowledgedIs(HEBEI, 0, 0);
    }

    /// @dev Some here, some in one predecessor or the other, some nowhere, in any order.
    function testFuzz_stored_mixed(uint256[12] calldata order) public {
        bytes32[4] memory commitments = [FIRST, SECOND, "third", "nowhere"];
        for (uint256 i = 0; i < 3; ++i) {
            if (i != 0) _succeed();
            _do(_act(Action.DISPUTE, commitments[i]));
        }
        RecordId[] memory ids = new RecordId[](order.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            ids[i] = registry.recordIdOf(_logId(BEIJING), commitments[order[i] % 4]);
        }
        ICaseRegistry.Stored[] memory found = registry.stored(ids);
        equal(found.length, ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            equal(found[i].history, model.record(RecordId.unwrap(ids[i])).history);
            equal(found[i].word == 0 ? 1 : 0, order[i] % 4 == 3 ? 1 : 0);
        }
    }

    /// @dev The longest list through three predecessors.
    function test_stored_theMostThroughAll() public {
        for (uint256 round = 0; round < 4; ++round) {
            if (round != 0) _succeed();
            ICaseRegistry.Act[] memory acts = new ICaseRegistry.Act[](64);
            for (uint256 i = 0; i < 64; ++i) {
                acts[i] = _act(Action.ERASE, bytes32(64 * round + i));
            }
            _do(BEIJING, acts);
        }
        RecordId[] memory ids = new RecordId[](256);
        for (uint256 i = 0; i < 256; ++i) {
            ids[i] = registry.recordIdOf(_logId(BEIJING), bytes32(i * 97 % 256));
        }
        ICaseRegistry.Stored[] memory found = registry.stored(ids);
        for (uint256 i = 0; i < 256; ++i) {
            equal(found[i].word, model.wordOf(model.record(RecordId.unwrap(ids[i]))));
        }
    }

    /// @dev A record of the predecessor that is withdrawn replaces none.
    function test_Revert_OtherInvalid_ofThePredecessor() public {
        ICaseRegistry.Act memory other = _act(Action.WITHDRAW, "the other");
        _do(other);
        _succeed();
        ICaseRegistry.Act memory a = _act(Action.CORRECT, FIRST);
        _doFails(
            a,
            abi.encodeWithSelector(
                ICaseRegistry.CaseRegistry_OtherInvalid.selector, _id(a), Action.CORRECT, _id(other)
            )
        );
    }

    function _acknowledge(MemberId member, uint64 count, bytes32 head) private {
        bytes memory signature = _signAck(_sk(member, Purpose.CASE), member, count, head);
        registry.acknowledge(member, count, head, _deadline(), signature);
    }

    function _acknowledgedIs(MemberId member, uint64 count, bytes32 head) private view {
        (uint64 told, bytes24 start) = registry.acknowledged(member);
        equal(told, count);
        equal(bytes32(start), head);
    }

    function _mismatch(ICaseRegistry.Act memory a, uint32 version)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ICaseRegistry.CaseRegistry_VersionMismatch.selector, _id(a), version, a.expectedVersion
        );
    }

    function _prevBlockIs(uint64 expected) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (,,, uint64 prevBlock,) = abi.decode(
            logs[logs.length - 1].data, (ICaseRegistry.Act, bytes32, uint32, uint64, bytes32)
        );
        equal(prevBlock, expected);
    }
}
