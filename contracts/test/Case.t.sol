// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {CaseRegistrySlot} from "../base/Slots.sol";
import {CaseRegistry} from "../CaseRegistry.sol";
import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {Action, Basis, Flag, Kind, Outcome, Purpose, Suite} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, NO_LOG, NO_MEMBER, ProposalId, RecordId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {CaseWorld} from "./CaseWorld.sol";

contract CaseTest is CaseWorld {
    bytes32 private constant RECORD = "record";
    bytes32 private constant SALT = "salt";
    string private constant ACTED =
        "Acted(bytes32,uint64,bytes32,(bytes32,bytes32,uint8,uint32,uint16,bytes32,bytes32,bytes32,uint64,uint64),bytes32,uint32,uint64,bytes32)";

    // ---- one act --------------------------------------------------------------------------------

    /// @dev Event, view and slots, each against the formulas of the text.
    function test_act_storesAndTells() public {
        ICaseRegistry.Act memory a = _act(Action.CORRECT, RECORD);
        a.refiledFrom = 17;
        vm.warp(START + 5);
        vm.recordLogs();
        _do(a);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1);
        RecordId id = _id(a);
        KeyId keyId = _keyId(_sk(BEIJING, Purpose.DECIDE));
        bytes32 history = keccak256(
            bytes.concat(
                abi.encode(bytes32(0), BEIJING), abi.encode(a), abi.encode(START + 5, keyId)
            )
        );
        bytes32 head = keccak256(abi.encode(bytes32(0), id, history));
        equal(logs[0].topics[0], keccak256(bytes(ACTED)));
        equal(logs[0].topics[1], id);
        equal(logs[0].topics[2], bytes32(uint256(1)));
        equal(logs[0].topics[3], BEIJING);
        equal(keccak256(logs[0].data), keccak256(abi.encode(a, keyId, 1, 0, head)));
        RecordId other = registry.recordIdOf(a.otherLogId, a.otherCommitment);
        uint256 word = uint256(Outcome.CORRECTED) << 8 | 1 << 16 | uint256(START + 5) << 48
            | uint256(DAY) << 112 | uint256(1_000) << 176;
        equal(_load(id, 0), bytes32(word));
        equal(_load(id, 1), history);
        equal(_load(id, 2), other);
        ICaseRegistry.Status memory s = registry.status(id);
        equal(s.flags, 0);
        equal(s.outcome, Outcome.CORRECTED);
        equal(s.version, 1);
        equal(s.recordedAt, START + 5);
        equal(s.effectiveAt, DAY);
        equal(s.blockNumber, 1_000);
        equal(s.history, history);
        equal(s.otherRecordId, other);
        _same(id);
    }

    function test_slots() public view {
        equal(CaseRegistrySlot.RECORDS, 2);
        equal(vm.load(address(registry), 0), 0);
        equal(vm.load(address(registry), bytes32(uint256(1))), 0);
    }

    function test_recordIdOf() public view {
        LogId logId = _logId(BEIJING);
        RecordId id = RecordId.wrap(keccak256(bytes.concat(LogId.unwrap(logId), RECORD)));
        equal(registry.recordIdOf(logId, RECORD), id);
    }

    function test_actByVote_storesAndTells() public {
        ICaseRegistry.Act memory a = _act(Action.DISPUTE, RECORD);
        (a.basis, a.expectedVersion) = (Basis.OBJECTION_UPHELD, ANY_VERSION);
        ProposalId proposalId = _passActs(_list(a), SALT);
        vm.recordLogs();
        registry.actByVote(_list(a), BEIJING, SALT);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1);
        equal(logs[0].topics[3], 0);
        bytes32 history = keccak256(
            bytes.concat(bytes32(0), bytes32(0), abi.encode(a), abi.encode(START, proposalId))
        );
        bytes32 head = keccak256(abi.encode(bytes32(0), _id(a), history));
        equal(keccak256(logs[0].data), keccak256(abi.encode(a, proposalId, 1, 0, head)));
        ICaseRegistry.Status memory s = registry.status(_id(a));
        equal(s.flags, Flag.DISPUTED | Flag.DISPUTED_BY_VOTE);
        equal(s.history, history);
    }

    /// @dev Every act counts, whether or not it changes more than a mark, and names the block before.
    function test_versionsAndBlocks() public {
        vm.recordLogs();
        _do(_act(Action.REPAIR, RECORD));
        vm.roll(1_010);
        ICaseRegistry.Act memory a = _actOf(BEIJING, Action.REPAIR, RECORD, 1);
        _doByVote(a);
        vm.roll(1_020);
        (a.action, a.expectedVersion) = (Action.DISPUTE, 2);
        _do(a);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint64[3] memory blocks = [uint64(0), 1_000, 1_010];
        uint256 seen;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != keccak256(bytes(ACTED))) continue;
            (,, uint32 version, uint64 prevBlock,) =
                abi.decode(logs[i].data, (ICaseRegistry.Act, bytes32, uint32, uint64, bytes32));
            equal(prevBlock, blocks[seen]);
            equal(version, ++seen);
        }
        equal(seen, 3);
        _same(_id(a));
        equal(registry.status(_id(a)).flags, Flag.DISPUTED | Flag.OUTCOME_BY_VOTE);
    }

    // ---- lists ----------------------------------------------------------------------------------

    /// @dev In the order given: what comes later stands on what came before.
    function test_act_inTheOrderGiven() public {
        ICaseRegistry.Act[] memory acts = new ICaseRegistry.Act[](4);
        acts[0] = _act(Action.REPAIR, RECORD);
        acts[1] = _actOf(BEIJING, Action.RESCIND, RECORD, 1);
        acts[2] = _act(Action.ERASE, "second");
        acts[3] = _actOf(BEIJING, Action.WITHDRAW, RECORD, 2);
        _do(BEIJING, acts);
        equal(registry.status(_id(acts[0])).outcome, Outcome.WITHDRAWN);
        equal(registry.status(_id(acts[0])).version, 3);
        _same(_id(acts[0]));
        _same(_id(acts[2]));
        (acts[0], acts[1]) = (acts[1], acts[0]);
        (acts[0].commitment, acts[1].commitment) = (bytes32("third"), bytes32("third"));
        (acts[0].expectedVersion, acts[1].expectedVersion) = (0, 1);
        _doFails(acts, _unfit(acts[0], 0, Outcome.NONE));
    }

    /// @dev One that may not be done leaves all undone, wherever it stands.
    function testFuzz_act_allOrNone(uint256 length, uint256 bad) public {
        ICaseRegistry.Act[] memory acts = _many(within(length, 2, 9));
        ICaseRegistry.Act memory a = acts[bad % acts.length];
        a.action = Action.LIFT;
        _doFails(acts, _unfit(a, 0, Outcome.NONE));
        _voteFails(acts, _unfit(a, 0, Outcome.NONE));
        for (uint256 i = 0; i < acts.length; ++i) {
            equal(registry.status(_id(acts[i])).version, 0);
        }
        (uint64 count, bytes32 head) = registry.latest();
        equal(count, 0);
        equal(head, 0);
        a.action = Action.ERASE;
        _do(BEIJING, acts);
        _same(_id(a));
    }

    function test_act_theMost() public {
        ICaseRegistry.Act[] memory acts = _many(64);
        _do(BEIJING, acts);
        for (uint256 i = 0; i < 64; ++i) {
            _same(_id(acts[i]));
            acts[i].expectedVersion = 1;
            acts[i].action = Action.END;
        }
        _doByVote(acts);
        for (uint256 i = 0; i < 64; ++i) {
            _same(_id(acts[i]));
        }
        (uint64 count,) = registry.latest();
        equal(count, 128);
    }

    function test_Revert_CountInvalid() public {
        for (uint256 i = 0; i < 2; ++i) {
            ICaseRegistry.Act[] memory acts = _many(i * 65);
            bytes memory expected = abi.encodeWithSelector(
                ICaseRegistry.CaseRegistry_CountInvalid.selector, i * 65, 64
            );
            bytes memory signature =
                _signActs(_sk(BEIJING, Purpose.DECIDE), BEIJING, acts, _deadline());
            vm.expectRevert(expected);
            registry.act(BEIJING, acts, _deadline(), signature);
            vm.expectRevert(expected);
            registry.actByVote(acts, BEIJING, SALT);
            vm.expectRevert(expected);
            registry.annulStolen(new ICaseRegistry.Step[](i * 65));
        }
    }

    /// @dev A key has one purpose, so nobody could sign both.
    function test_Revert_PurposesMixed() public {
        ICaseRegistry.Act[] memory acts = _many(3);
        acts[1].action = Action.DISPUTE;
        bytes4 selector = ICaseRegistry.CaseRegistry_PurposesMixed.selector;
        _doFails(acts, abi.encodeWithSelector(selector, Action.ERASE, Action.DISPUTE));
        (acts[0].action, acts[1].action) = (Action.DISPUTE, Action.ERASE);
        _doFails(acts, abi.encodeWithSelector(selector, Action.DISPUTE, Action.ERASE));
        _doByVote(acts);
        _same(_id(acts[0]));
    }

    // ---- who ------------------------------------------------------------------------------------

    function test_Revert_LogNotOwned() public {
        ICaseRegistry.Act[] memory acts = _many(2);
        acts[1].logId = _logId(TIANJIN);
        _doFails(acts, _notOwned(acts[1].logId, TIANJIN, BEIJING));
        acts[1].logId = LogId.wrap("unknown");
        _doFails(acts, _notOwned(acts[1].logId, NO_MEMBER, BEIJING));
        _voteFails(acts, _notOwned(acts[1].logId, NO_MEMBER, NO_MEMBER));
    }

    /// @dev A bank has a log and keys; its records the provinces alone can act on.
    function test_Revert_RoleMissing() public {
        ICaseRegistry.Act[] memory acts = _list(_actOf(BANK, Action.REPAIR, RECORD, 0));
        _doFailsBy(
            BANK,
            _sk(BANK, Purpose.DECIDE),
            acts,
            abi.encodeWithSelector(IConsortiumErrors.Consortium_RoleMissing.selector, BANK, 4, 1)
        );
        acts[0].basis = Basis.ORDER_58;
        _doByVote(acts);
        _same(_id(acts[0]));
    }

    /// @dev Nobody is a member whose code is 0, so nobody can act as if by vote.
    function test_Revert_memberZero() public {
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_MemberNotActive.selector, NO_MEMBER, 0
        );
        _doFailsBy(NO_MEMBER, 0xbeef, _list(_act(Action.ERASE, RECORD)), expected);
    }

    /// @dev Both ways, also in a log that was closed: its receipts stay, and so must their status.
    function test_act_inAClosedLog() public {
        ICaseRegistry.Act memory a = _act(Action.REPAIR, RECORD);
        _decide(Kind.OPEN_SUCCESSOR, abi.encode(a.logId, uint64(0), Suite.SHA256));
        _do(a);
        (a.action, a.expectedVersion) = (Action.SHIELD, 1);
        _doByVote(a);
        _same(_id(a));
    }

    /// @dev What the owner signed for another member's name, or sends with another list.
    function test_Revert_otherThanSigned() public {
        ICaseRegistry.Act[] memory acts = _list(_act(Action.REPAIR, RECORD));
        bytes memory signature = _signActs(_sk(BEIJING, Purpose.DECIDE), BEIJING, acts, _deadline());
        _refused(TIANJIN, acts, _deadline(), signature);
        _refused(BEIJING, acts, _deadline() + 1, signature);
        _refused(BEIJING, _many(2), _deadline(), signature);
        registry.act(BEIJING, acts, _deadline(), signature);
        // And once more, which the version refuses.
        vm.expectRevert(_otherVersion(acts[0], 1, 0));
        registry.act(BEIJING, acts, _deadline(), signature);
    }

    /// @dev One bit anywhere in one of the ten words of an act.
    function testFuzz_Revert_flippedAct(uint256 which, uint256 bit) public {
        ICaseRegistry.Act[] memory acts = _many(3);
        bytes memory signature = _signActs(_sk(BEIJING, Purpose.DECIDE), BEIJING, acts, _deadline());
        bytes memory data = abi.encodeCall(registry.act, (BEIJING, acts, _deadline(), signature));
        // Selector, four words of the head, the length of the list, acts of ten words each.
        uint256 at = (4 + 5 * 32 + which % 3 * 320) * 8 + bit % (320 * 8);
        data[at / 8] ^= bytes1(uint8(1 << (at % 8)));
        (bool ok,) = address(registry).call(data);
        yes(!ok, "flipped act");
    }

    function test_Revert_deadline() public {
        ICaseRegistry.Act[] memory acts = _list(_act(Action.REPAIR, RECORD));
        uint256 sk = _sk(BEIJING, Purpose.DECIDE);
        uint64 last = START + 7 days;
        bytes memory signature = _signActs(sk, BEIJING, acts, last + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                ICaseRegistry.CaseRegistry_DeadlineTooFar.selector, last + 1, START
            )
        );
        registry.act(BEIJING, acts, last + 1, signature);
        signature = _signActs(sk, BEIJING, acts, last);
        vm.warp(last + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRoleContract.RoleContract_DeadlinePassed.selector, last, last + 1
            )
        );
        registry.act(BEIJING, acts, last, signature);
        vm.warp(START);
        registry.act(BEIJING, acts, last, signature);
    }

    function test_Revert_deadline_atTheTop() public {
        ICaseRegistry.Act[] memory acts = _list(_act(Action.REPAIR, RECORD));
        uint64 top = type(uint64).max;
        bytes memory signature = _signActs(_sk(BEIJING, Purpose.DECIDE), BEIJING, acts, top);
        vm.expectRevert(
            abi.encodeWithSelector(ICaseRegistry.CaseRegistry_DeadlineTooFar.selector, top, START)
        );
        registry.act(BEIJING, acts, top, signature);
    }

    // ---- votes ----------------------------------------------------------------------------------

    function test_Revert_vote() public {
        ICaseRegistry.Act[] memory acts = _list(_act(Action.REPAIR, RECORD));
        acts[0].expectedVersion = ANY_VERSION;
        bytes memory data = abi.encode(registry, acts);
        ProposalId id = consortium.proposalIdOf(BEIJING, Kind.ACT, keccak256(data), SALT);
        _notPassed(acts, BEIJING, SALT, id);
        _passActs(acts, SALT);
        // Proposed by another, with another salt, or for another list: that was not passed.
        _notPassed(acts, TIANJIN, SALT, _proposalId(TIANJIN, acts, SALT));
        _notPassed(acts, BEIJING, "other", _proposalId(BEIJING, acts, "other"));
        acts[0].doc = "other";
        _notPassed(acts, BEIJING, SALT, _proposalId(BEIJING, acts, SALT));
        acts[0].doc = "doc";
        vm.expectRevert(
            abi.encodeWithSelector(IConsortiumErrors.Consortium_KindUnknown.selector, Kind.ACT)
        );
        consortium.execute(id, data);
        registry.actByVote(acts, BEIJING, SALT);
        vm.expectRevert(
            abi.encodeWithSelector(IRoleContract.RoleContract_ProposalUsed.selector, id)
        );
        registry.actByVote(acts, BEIJING, SALT);
    }

    /// @dev A vote that expired, or names another registry, or is of another kind.
    function test_Revert_vote_notOfThis() public {
        ICaseRegistry.Act[] memory acts = _list(_act(Action.REPAIR, RECORD));
        _passActs(acts, SALT);
        ProposalId id = _proposalId(BEIJING, acts, SALT);
        vm.warp(START + 7 days + 1);
        _notPassed(acts, BEIJING, SALT, id);
        _pass(Kind.ACT, abi.encode(address(1), acts), "elsewhere");
        _notPassed(acts, BEIJING, "elsewhere", _proposalId(BEIJING, acts, "elsewhere"));
        _pass(Kind.PUT_NATIONAL, abi.encode(registry, acts), "kind");
        _notPassed(acts, BEIJING, "kind", _proposalId(BEIJING, acts, "kind"));
    }

    /// @dev What a vote set the owner cannot change, and the mark goes with what it marks.
    function test_marks() public {
        ICaseRegistry.Act memory a = _act(Action.SHIELD, RECORD);
        _doByVote(a);
        _next(a, Action.LIFT);
        _doFails(a, _setByVote(a, 34));
        _doByVote(a);
        _next(a, Action.SHIELD);
        _do(a);
        _next(a, Action.LIFT);
        _do(a);
        equal(registry.status(_id(a)).flags, 0);
        _next(a, Action.DISPUTE);
        _doByVote(a);
        _next(a, Action.SETTLE);
        _doFails(a, _setByVote(a, 17));
        _next(a, Action.WITHDRAW);
        _doByVote(a);
        _next(a, Action.RESCIND);
        _doFails(a, _setByVote(a, 17 + 64));
        _next(a, Action.ANNUL);
        _doByVote(a);
        _next(a, Action.SETTLE);
        _do(a);
        equal(registry.status(_id(a)).flags, 0);
        _same(_id(a));
    }

    // ---- what is wrong with an act --------------------------------------------------------------

    function test_Revert_VersionMismatch() public {
        ICaseRegistry.Act memory a = _act(Action.ERASE, RECORD);
        uint32[3] memory wrong = [1, ANY_VERSION - 1, ANY_VERSION];
        for (uint256 i = 0; i < 3; ++i) {
            a.expectedVersion = wrong[i];
            _doFails(a, _otherVersion(a, 0, wrong[i]));
            if (i < 2) _voteFails(a, _otherVersion(a, 0, wrong[i]));
        }
        _doByVote(a);
        a.action = Action.DISPUTE;
        uint32[4] memory later = [0, 2, ANY_VERSION - 1, ANY_VERSION];
        for (uint256 i = 0; i < 4; ++i) {
            a.expectedVersion = later[i];
            _doFails(a, _otherVersion(a, 1, later[i]));
        }
        a.expectedVersion = 1;
        _do(a);
        _same(_id(a));
    }

    function test_Revert_ActionInvalid() public {
        uint8[4] memory unknown = [0, 12, 13, 255];
        ICaseRegistry.Act memory a = _act(Action.ANNUL, RECORD);
        _doFails(a, _badAction(a));
        for (uint256 i = 0; i < 4; ++i) {
            a.action = unknown[i];
            _doFails(a, _badAction(a));
            _voteFails(a, _badAction(a));
        }
    }

    function test_Revert_BasisInvalid() public {
        ICaseRegistry.Act memory a = _act(Action.REPAIR, RECORD);
        uint16[3] memory unknown = [0, 13, type(uint16).max];
        for (uint256 i = 0; i < 3; ++i) {
            a.basis = unknown[i];
            _doFails(a, _badBasis(a));
            _voteFails(a, _badBasis(a));
        }
        (a.action, a.basis) = (Action.SHIELD, Basis.SUPERVISION_ORDER);
        _doFails(a, _badBasis(a));
        a.basis = Basis.OBJECTION_UPHELD;
        _voteFails(a, _badBasis(a));
    }

    function test_Revert_DocZero() public {
        for (uint8 action = 1; action <= 11; ++action) {
            ICaseRegistry.Act memory a = _act(action, RECORD);
            a.doc = 0;
            bytes memory expected =
                abi.encodeWithSelector(ICaseRegistry.CaseRegistry_DocZero.selector, _id(a), action);
            _doFails(a, expected);
            _voteFails(a, expected);
        }
    }

    /// @dev A second off, an hour off as in other zones, tomorrow, and no day at all.
    function test_Revert_EffectiveAtInvalid() public {
        uint64 tomorrow = DAY;
        while (tomorrow <= START) tomorrow += 1 days;
        uint64[7] memory wrong =
            [uint64(0), DAY - 1, DAY + 1, DAY + 1 hours, DAY + 8 hours, tomorrow, type(uint64).max];
        ICaseRegistry.Act memory a = _act(Action.REPAIR, RECORD);
        for (uint256 i = 0; i < 7; ++i) {
            a.effectiveAt = wrong[i];
            bytes memory expected = abi.encodeWithSelector(
                ICaseRegistry.CaseRegistry_EffectiveAtInvalid.selector, _id(a), wrong[i], START
            );
            _doFails(a, expected);
            _voteFails(a, expected);
        }
        a.effectiveAt = tomorrow;
        vm.warp(tomorrow);
        _do(a);
        a = _act(Action.REPAIR, "long ago");
        a.effectiveAt = 16 hours;
        _do(a);
    }

    // ---- corrections ----------------------------------------------------------------------------

    function test_Revert_OtherInvalid() public {
        ICaseRegistry.Act memory a = _act(Action.CORRECT, RECORD);
        (LogId logId, bytes32 other) = (a.otherLogId, a.otherCommitment);
        _otherFails(a, logId, 0);
        _otherFails(a, NO_LOG, other);
        _otherFails(a, NO_LOG, 0);
        _otherFails(a, logId, RECORD);
        _otherFails(a, _logId(TIANJIN), other);
        _otherFails(a, LogId.wrap("unknown"), other);
        for (uint8 action = 1; action <= 11; ++action) {
            a.action = action;
            if (action == Action.CORRECT || action == Action.ANNUL) continue;
            _prepare(action);
            a.expectedVersion = registry.status(_id(a)).version;
            _otherFails(a, logId, other);
            _otherFails(a, NO_LOG, other);
            _otherFails(a, logId, 0);
        }
    }

    /// @dev Not one that is corrected, withdrawn or erased itself; any other status will do.
    function test_correct_statusOfTheOther() public {
        uint8[3] memory bad = [Action.CORRECT, Action.WITHDRAW, Action.ERASE];
        uint8[5] memory good =
            [Action.DISPUTE, Action.SHIELD, Action.REPAIR, Action.END, Action.ANNUL];
        ICaseRegistry.Act memory a = _act(Action.CORRECT, RECORD);
        for (uint256 i = 0; i < 8; ++i) {
            ICaseRegistry.Act memory b = _act(i < 3 ? bad[i] : good[i - 3], bytes32(i + 1));
            _doByVote(b);
            a.commitment = bytes32(100 + i);
            (a.otherLogId, a.otherCommitment) = (b.logId, b.commitment);
            if (i < 3) {
                _doFails(a, _badOther(a));
                _voteFails(a, _badOther(a));
            } else {
                _do(a);
                _same(_id(a));
            }
        }
    }

    /// @dev Into another log of the same owner, and on to a third record.
    function test_correct_chain() public {
        LogId second = consortium.logIdOf(BEIJING, 1, Suite.SHA256);
        _decide(Kind.OPEN_LOG, abi.encode(BEIJING, Suite.SHA256));
        model.own(second, BEIJING);
        ICaseRegistry.Act memory a = _act(Action.CORRECT, "first");
        (a.otherLogId, a.otherCommitment) = (second, "second");
        _do(a);
        ICaseRegistry.Act memory b = _act(Action.CORRECT, "second");
        (b.logId, b.otherLogId, b.otherCommitment) = (second, a.logId, "third");
        _do(b);
        equal(registry.status(_id(a)).otherRecordId, _id(b));
        // Not back to the beginning, which is corrected.
        ICaseRegistry.Act memory c = _act(Action.CORRECT, "third");
        (c.otherLogId, c.otherCommitment) = (a.logId, "first");
        _doFails(c, _badOther(c));
        // The outcome gone, the other is gone; before that it stays whatever happens.
        a = _actOf(BEIJING, Action.DISPUTE, "first", 1);
        _do(a);
        equal(registry.status(_id(a)).otherRecordId, _id(b));
        a = _actOf(BEIJING, Action.ANNUL, "first", 2);
        _doByVote(a);
        equal(registry.status(_id(a)).otherRecordId, RecordId.wrap(0));
        _same(_id(a));
    }

    // ---- acknowledgements -----------------------------------------------------------------------

    function test_acknowledge() public {
        _do(BEIJING, _many(5));
        vm.recordLogs();
        _acknowledge(BANK, 3, "head", "");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1);
        equal(logs[0].topics[0], keccak256("Acknowledged(bytes32,uint64,bytes32,bytes32)"));
        equal(logs[0].topics[1], BANK);
        equal(logs[0].topics[2], bytes32(uint256(3)));
        KeyId keyId = _keyId(_sk(BANK, Purpose.CASE));
        equal(keccak256(logs[0].data), keccak256(abi.encode(bytes32("head"), keyId)));
        _acknowledgedIs(BANK, 3, "head");
        _acknowledgedIs(BEIJING, 0, 0);
        // Not again, not lower, not above the count.
        _acknowledge(BANK, 3, "other", _badCount(BANK, 3, 3));
        _acknowledge(BANK, 2, "other", _badCount(BANK, 3, 2));
        _acknowledge(BANK, 6, "other", _badCount(BANK, 3, 6));
        bytes32 last = bytes32(type(uint256).max);
        _acknowledge(BANK, 5, last, "");
        _acknowledgedIs(BANK, 5, last);
        _acknowledge(TIANJIN, 0, "head", _badCount(TIANJIN, 0, 0));
        _acknowledge(TIANJIN, 1, 0, "");
        _acknowledgedIs(TIANJIN, 1, 0);
    }

    function test_Revert_acknowledge_suspended() public {
        _do(_act(Action.REPAIR, RECORD));
        _decide(Kind.SUSPEND, abi.encode(TIANJIN));
        _acknowledge(
            TIANJIN,
            1,
            "head",
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberNotActive.selector, TIANJIN, 2
            )
        );
    }

    // ---- views ----------------------------------------------------------------------------------

    function testFuzz_stored_neverReverts(RecordId[] calldata ids) public {
        RecordId[] memory some = new RecordId[](ids.length < 256 ? ids.length : 256);
        for (uint256 i = 0; i < some.length; ++i) {
            some[i] = ids[i];
        }
        equal(registry.stored(some).length, some.length);
        CaseRegistry nobodys = new CaseRegistry(consortium);
        ICaseRegistry.Stored[] memory found = nobodys.stored(some);
        for (uint256 i = 0; i < some.length; ++i) {
            equal(found[i].word, 0);
        }
    }

    function test_stored_theMost() public {
        RecordId[] memory ids = new RecordId[](256);
        equal(registry.stored(ids).length, 256);
        equal(registry.stored(new RecordId[](0)).length, 0);
        vm.expectRevert(
            abi.encodeWithSelector(ICaseRegistry.CaseRegistry_CountInvalid.selector, 257, 256)
        );
        registry.stored(new RecordId[](257));
    }

    function test_role() public view {
        equal(registry.role(), CASE_REGISTRY);
        equal(address(registry.consortium()), address(consortium));
    }

    // ---- details --------------------------------------------------------------------------------

    /// @dev Erasures of different records of Beijing.
    function _many(uint256 count) private view returns (ICaseRegistry.Act[] memory acts) {
        acts = new ICaseRegistry.Act[](count);
        for (uint256 i = 0; i < count; ++i) {
            acts[i] = _act(Action.ERASE, bytes32(i + 1));
        }
    }

    /// @dev The next act on the same record.
    function _next(ICaseRegistry.Act memory a, uint8 action) private view {
        (a.action, a.expectedVersion) = (action, registry.status(_id(a)).version);
    }

    /// @dev Bring the record to a status from which the action may start.
    function _prepare(uint8 action) private {
        ICaseRegistry.Act memory a = _act(0, RECORD);
        if (action == Action.SETTLE) _next(a, Action.DISPUTE);
        if (action == Action.LIFT) _next(a, Action.SHIELD);
        if (action == Action.RESCIND) _next(a, Action.REPAIR);
        if (action == Action.WITHDRAW) _next(a, Action.RESCIND);
        if (a.action != 0) _do(a);
    }

    function _otherFails(ICaseRegistry.Act memory a, LogId logId, bytes32 commitment) private {
        (a.otherLogId, a.otherCommitment) = (logId, commitment);
        _doFails(a, _badOther(a));
        _voteFails(a, _badOther(a));
    }

    function _acknowledge(MemberId member, uint64 count, bytes32 head, bytes memory expected)
        private
    {
        bytes memory signature = _signAck(_sk(member, Purpose.CASE), member, count, head);
        if (expected.length != 0) vm.expectRevert(expected);
        registry.acknowledge(member, count, head, _deadline(), signature);
    }

    function _acknowledgedIs(MemberId member, uint64 count, bytes32 head) private view {
        (uint64 told, bytes24 start) = registry.acknowledged(member);
        equal(told, count);
        // forge-lint: disable-next-line(unsafe-typecast)
        equal(bytes32(start), bytes32(bytes24(head)));
    }

    function _refused(
        MemberId member,
        ICaseRegistry.Act[] memory acts,
        uint64 deadline,
        bytes memory signature
    ) private {
        bytes memory data = abi.encodeCall(registry.act, (member, acts, deadline, signature));
        (bool ok,) = address(registry).call(data);
        yes(!ok, "taken");
    }

    function _notPassed(
        ICaseRegistry.Act[] memory acts,
        MemberId proposer,
        bytes32 salt,
        ProposalId id
    ) private {
        vm.expectRevert(abi.encodeWithSelector(IRoleContract.RoleContract_NotPassed.selector, id));
        registry.actByVote(acts, proposer, salt);
    }

    function _proposalId(MemberId proposer, ICaseRegistry.Act[] memory acts, bytes32 salt)
        private
        view
        returns (ProposalId)
    {
        bytes32 dataHash = keccak256(abi.encode(registry, acts));
        return consortium.proposalIdOf(proposer, Kind.ACT, dataHash, salt);
    }

    function _unfit(ICaseRegistry.Act memory a, uint8 flags, uint8 outcome)
        private
        pure
        returns (bytes memory)
    {
        bytes4 selector = ICaseRegistry.CaseRegistry_StatusUnfit.selector;
        return abi.encodeWithSelector(selector, _id(a), a.action, flags, outcome);
    }

    function _setByVote(ICaseRegistry.Act memory a, uint8 flags)
        private
        pure
        returns (bytes memory)
    {
        bytes4 selector = ICaseRegistry.CaseRegistry_SetByVote.selector;
        return abi.encodeWithSelector(selector, _id(a), a.action, flags);
    }

    function _otherVersion(ICaseRegistry.Act memory a, uint32 version, uint32 expected)
        private
        pure
        returns (bytes memory)
    {
        bytes4 selector = ICaseRegistry.CaseRegistry_VersionMismatch.selector;
        return abi.encodeWithSelector(selector, _id(a), version, expected);
    }

    function _badAction(ICaseRegistry.Act memory a) private pure returns (bytes memory) {
        bytes4 selector = ICaseRegistry.CaseRegistry_ActionInvalid.selector;
        return abi.encodeWithSelector(selector, _id(a), a.action);
    }

    function _badBasis(ICaseRegistry.Act memory a) private pure returns (bytes memory) {
        bytes4 selector = ICaseRegistry.CaseRegistry_BasisInvalid.selector;
        return abi.encodeWithSelector(selector, _id(a), a.action, a.basis);
    }

    function _badOther(ICaseRegistry.Act memory a) private pure returns (bytes memory) {
        bytes4 selector = ICaseRegistry.CaseRegistry_OtherInvalid.selector;
        bytes32 other = keccak256(abi.encode(a.otherLogId, a.otherCommitment));
        return abi.encodeWithSelector(selector, _id(a), a.action, other);
    }

    function _badCount(MemberId member, uint64 last, uint64 given)
        private
        pure
        returns (bytes memory)
    {
        bytes4 selector = ICaseRegistry.CaseRegistry_AcknowledgementInvalid.selector;
        return abi.encodeWithSelector(selector, member, last, given, 5);
    }

    function _notOwned(LogId logId, MemberId owner, MemberId member)
        private
        pure
        returns (bytes memory)
    {
        bytes4 selector = ICaseRegistry.CaseRegistry_LogNotOwned.selector;
        return abi.encodeWithSelector(selector, logId, owner, member);
    }
}
