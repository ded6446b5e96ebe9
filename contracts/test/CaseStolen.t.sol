// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {Action, Flag, Outcome, Purpose} from "../types/Codes.sol";
import {NO_KEY, NO_MEMBER, RecordId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {CaseModel} from "./CaseModel.sol";
import {CaseWorld} from "./CaseWorld.sol";

/// @dev A thief has Beijing's key to decide, and what is made of that afterwards.
contract CaseStolenTest is CaseWorld {
    bytes32 private constant RECORD = "record";
    uint64 private constant THEFT = START + 10 days;
    uint256 private constant FRESH = 0xf4e54;

    function setUp() public override {
        super.setUp();
        vm.warp(THEFT);
    }

    /// @dev The worst case: whatever the owner has is withdrawn at one blow, and all of it restored
    /// by anybody once the key is known to be stolen.
    function test_annulStolen_restoresAll() public {
        ICaseRegistry.Act[] memory acts = _withdrawals(64);
        _do(BEIJING, acts);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        ICaseRegistry.Step[] memory steps = new ICaseRegistry.Step[](64);
        for (uint256 i = 0; i < 64; ++i) {
            equal(registry.status(_id(acts[i])).outcome, Outcome.WITHDRAWN);
            steps[i] = _stepOf(acts[i]);
        }
        vm.warp(THEFT + 1 days);
        vm.roll(2_000);
        registry.annulStolen(steps);
        for (uint256 i = 0; i < 64; ++i) {
            model.undo(RecordId.unwrap(_id(acts[i])), true);
            ICaseRegistry.Status memory s = registry.status(_id(acts[i]));
            equal(s.outcome, Outcome.NONE);
            equal(s.flags, Flag.DISPUTED);
            equal(s.version, 2);
            equal(s.effectiveAt, THEFT + 1 days);
        }
        for (uint256 i = 0; i < 64; ++i) {
            _same(_id(acts[i]));
        }
    }

    /// @dev As act 12: signed by nobody, its document is the history undone. Then the owner, with a
    /// key of its own again, settles.
    function test_annulStolen_tells() public {
        ICaseRegistry.Act memory a = _act(Action.ERASE, RECORD);
        _do(a);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        bytes32 undone = registry.status(_id(a)).history;
        vm.warp(THEFT + 77);
        vm.roll(1_007);
        vm.recordLogs();
        _undo(a);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1);
        equal(logs[0].topics[1], _id(a));
        equal(logs[0].topics[2], bytes32(uint256(2)));
        equal(logs[0].topics[3], 0);
        ICaseRegistry.Act memory b;
        (b.logId, b.commitment, b.action) = (a.logId, a.commitment, Action.ANNUL_STOLEN);
        (b.expectedVersion, b.doc, b.effectiveAt) = (1, undone, THEFT + 77);
        (, bytes32 head) = registry.latest();
        equal(keccak256(logs[0].data), keccak256(abi.encode(b, bytes32(0), 2, 1_000, head)));
        equal(registry.status(_id(a)).flags, Flag.DISPUTED);
        _addKey(BEIJING, Purpose.DECIDE, FRESH);
        (a.action, a.expectedVersion) = (Action.SETTLE, 2);
        _doBy(BEIJING, FRESH, _list(a));
        equal(registry.status(_id(a)).flags, 0);
        _same(_id(a));
    }

    /// @dev From every status, marked and not, against the model.
    function testFuzz_annulStolen_anyStatus(uint256 status) public {
        ICaseRegistry.Act memory a = _act(Action.REPAIR, RECORD);
        _do(a);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        CaseModel.Record memory r = model.record(RecordId.unwrap(_id(a)));
        r.outcome = CaseModel.Outcome(status % 5);
        r.outcomeByVote = status / 5 % 2 == 1 && status % 5 != 0;
        (r.shielded, r.shieldedByVote) = (status / 10 % 3 != 0, status / 10 % 3 == 2);
        (r.disputed, r.disputedByVote) = (status / 30 % 3 != 0, status / 30 % 3 == 2);
        r.erased = status / 90 % 2 == 1;
        if (r.outcome == CaseModel.Outcome.CORRECTED) r.other = "other";
        _put(_id(a), r);
        _undo(a);
        _same(_id(a));
        ICaseRegistry.Status memory s = registry.status(_id(a));
        equal(s.flags & Flag.SHIELDED != 0 ? 1 : 0, r.shieldedByVote ? 1 : 0);
        equal(s.outcome, r.outcomeByVote ? uint8(r.outcome) : 0);
        equal(s.otherRecordId, RecordId.wrap(r.outcomeByVote ? r.other : bytes32(0)));
        equal(s.flags & (Flag.DISPUTED | Flag.ERASED), Flag.DISPUTED);
    }

    /// @dev What a vote set stays and keeps its mark; the thief cannot have done it.
    function test_annulStolen_keepsMarks() public {
        ICaseRegistry.Act memory a = _act(Action.DISPUTE, RECORD);
        uint8[3] memory byVote = [Action.DISPUTE, Action.SHIELD, Action.CORRECT];
        for (uint32 i = 0; i < 3; ++i) {
            a = _actOf(BEIJING, byVote[i], RECORD, i);
            _doByVote(a);
        }
        RecordId other = registry.status(_id(a)).otherRecordId;
        a = _actOf(BEIJING, Action.ERASE, RECORD, 3);
        _do(a);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        _undo(a);
        ICaseRegistry.Status memory s = registry.status(_id(a));
        equal(s.flags, 1 + 2 + 16 + 32 + 64);
        equal(s.outcome, Outcome.CORRECTED);
        equal(s.otherRecordId, other);
        _same(_id(a));
    }

    /// @dev Two acts of the thief on one record: the last one takes the first along.
    function test_annulStolen_twoActs() public {
        ICaseRegistry.Act memory a = _act(Action.WITHDRAW, RECORD);
        _do(a);
        ICaseRegistry.Step memory first = _stepOf(a);
        a = _actOf(BEIJING, Action.ERASE, RECORD, 1);
        _do(a);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        _undoFails(first, _otherHistory(first));
        _undo(a);
        equal(registry.status(_id(a)).outcome, Outcome.NONE);
        equal(registry.status(_id(a)).flags, Flag.DISPUTED);
        // Once: then the last act is nobody's.
        ICaseRegistry.Step memory again = _stepOf(a);
        _undoFails(again, _otherHistory(again));
        _same(_id(a));
    }

    /// @dev Out of reach: the owner has acted since, with another key.
    function test_Revert_laterAct() public {
        ICaseRegistry.Act memory a = _act(Action.WITHDRAW, RECORD);
        _do(a);
        ICaseRegistry.Step memory first = _stepOf(a);
        _addKey(BEIJING, Purpose.DECIDE, FRESH);
        a = _actOf(BEIJING, Action.RESCIND, RECORD, 1);
        _doBy(BEIJING, FRESH, _list(a));
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        _undoFails(first, _otherHistory(first));
        _undoFails(_stepOf(a), _notStolen(_stepOf(a), 0));
        _same(_id(a));
    }

    /// @dev The second at which the key was taken belongs to the thief.
    function test_Revert_KeyNotStolen() public {
        ICaseRegistry.Act memory a = _act(Action.WITHDRAW, RECORD);
        _do(a);
        _undoFails(_stepOf(a), _notStolen(_stepOf(a), 0));
        vm.warp(THEFT + 5);
        _compromise(BEIJING, Purpose.DECIDE, THEFT + 1);
        _undoFails(_stepOf(a), _notStolen(_stepOf(a), THEFT + 1));
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        _undo(a);
        _same(_id(a));
    }

    /// @dev A key that was ended without suspicion wrote what it wrote.
    function test_Revert_KeyNotStolen_ended() public {
        ICaseRegistry.Act memory a = _act(Action.WITHDRAW, RECORD);
        _do(a);
        vm.warp(KEYS_END + 1);
        _undoFails(_stepOf(a), _notStolen(_stepOf(a), 0));
    }

    /// @dev What was voted on was signed by no key, nor was what is undone.
    function test_Revert_KeyNotStolen_byVote() public {
        ICaseRegistry.Act memory a = _act(Action.WITHDRAW, RECORD);
        _doByVote(a);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        _undoFails(_stepOf(a), _notStolen(_stepOf(a), 0));
    }

    function test_Revert_KeyNotStolen_undone() public {
        ICaseRegistry.Act memory a = _act(Action.ERASE, RECORD);
        _do(a);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        bytes32 undone = registry.status(_id(a)).history;
        _undo(a);
        ICaseRegistry.Act memory b;
        (b.logId, b.commitment, b.action) = (a.logId, a.commitment, Action.ANNUL_STOLEN);
        (b.expectedVersion, b.doc, b.effectiveAt) = (1, undone, THEFT);
        ICaseRegistry.Step memory step = ICaseRegistry.Step(undone, NO_MEMBER, b, THEFT, NO_KEY);
        equal(registry.status(_id(a)).history, keccak256(abi.encode(step)));
        _undoFails(step, _notStolen(step, 0));
    }

    /// @dev One bit anywhere in the fourteen words of the preimage.
    function testFuzz_Revert_otherPreimage(uint256 bit) public {
        ICaseRegistry.Act memory a = _act(Action.WITHDRAW, RECORD);
        _do(a);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        bytes memory data = abi.encodeCall(registry.annulStolen, (_steps(_stepOf(a))));
        // Selector, one word of the head, the length of the list, the step.
        uint256 at = (4 + 2 * 32) * 8 + bit % (14 * 256);
        data[at / 8] ^= bytes1(uint8(1 << (at % 8)));
        (bool ok,) = address(registry).call(data);
        yes(!ok, "other preimage");
        _undo(a);
    }

    function test_Revert_HistoryMismatch_noAct() public {
        ICaseRegistry.Act memory a = _act(Action.WITHDRAW, RECORD);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        ICaseRegistry.Step memory step =
            ICaseRegistry.Step(0, BEIJING, a, THEFT, _keyId(_sk(BEIJING, Purpose.DECIDE)));
        _undoFails(step, _otherHistory(step));
    }

    /// @dev Another member's stolen key opens nothing of Beijing's.
    function test_Revert_otherMembersKey() public {
        ICaseRegistry.Act memory a = _act(Action.WITHDRAW, RECORD);
        _do(a);
        _compromise(TIANJIN, Purpose.DECIDE, THEFT);
        ICaseRegistry.Step memory step = _stepOf(a);
        _undoFails(step, _notStolen(step, 0));
        (step.member, step.signedBy) = (TIANJIN, _keyId(_sk(TIANJIN, Purpose.DECIDE)));
        _undoFails(step, _otherHistory(step));
    }

    /// @dev All or none.
    function test_Revert_oneOfMany() public {
        ICaseRegistry.Act[] memory acts = _withdrawals(3);
        _do(BEIJING, acts);
        _compromise(BEIJING, Purpose.DECIDE, THEFT);
        ICaseRegistry.Step[] memory steps = new ICaseRegistry.Step[](3);
        for (uint256 i = 0; i < 3; ++i) {
            steps[i] = _stepOf(acts[i]);
        }
        // The same record twice: the second time it is not its present history.
        steps[2] = steps[0];
        (bool ok,) = address(registry).call(abi.encodeCall(registry.annulStolen, (steps)));
        yes(!ok, "one of many");
        for (uint256 i = 0; i < 3; ++i) {
            _same(_id(acts[i]));
        }
    }

    /// @dev A stolen key to dispute is undone too, and by a retired registry nothing is.
    function test_annulStolen_afterASuccession() public {
        ICaseRegistry.Act memory a = _act(Action.DISPUTE, RECORD);
        _do(a);
        _compromise(BEIJING, Purpose.CASE, THEFT);
        ICaseRegistry.Step[] memory steps = _steps(_stepOf(a));
        ICaseRegistry old = registry;
        _succeed();
        (bool ok,) = address(old).call(abi.encodeCall(old.annulStolen, (steps)));
        yes(!ok, "by a retired one");
        vm.roll(3_000);
        _undo(a);
        _same(_id(a));
        equal(registry.status(_id(a)).version, 2);
    }

    // ---- details --------------------------------------------------------------------------------

    function _withdrawals(uint256 count) private view returns (ICaseRegistry.Act[] memory acts) {
        acts = new ICaseRegistry.Act[](count);
        for (uint256 i = 0; i < count; ++i) {
            acts[i] = _act(Action.WITHDRAW, bytes32(i + 1));
        }
    }

    function _otherHistory(ICaseRegistry.Step memory step) private view returns (bytes memory) {
        RecordId id = _id(step.act);
        bytes32 history = registry.status(id).history;
        bytes32 given = keccak256(abi.encode(step));
        yes(history != given, "history");
        bytes4 selector = ICaseRegistry.CaseRegistry_HistoryMismatch.selector;
        return abi.encodeWithSelector(selector, id, history, given);
    }

    function _notStolen(ICaseRegistry.Step memory step, uint64 since)
        private
        pure
        returns (bytes memory)
    {
        bytes4 selector = ICaseRegistry.CaseRegistry_KeyNotStolen.selector;
        return abi.encodeWithSelector(selector, step.signedBy, since, step.recordedAt);
    }
}
