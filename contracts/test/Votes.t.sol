// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../IConsortium.sol";
import {Choice, Kind, MemberStatus, Purpose} from "../lib/Codes.sol";
import {Vm} from "./Base.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev Proposals, votes and what they carry out: members, keys, logs, contracts, the chair.
contract VotesTest is World {
    uint256 private constant NEW = 0xbeef;
    bytes32 private constant SALT = "salt";

    // ---- proposing ------------------------------------------------------------------------------

    function test_propose() public {
        bytes32 actionHash = consortium.actionHashOf(Kind.SUSPEND, abi.encode(BANK));
        equal(actionHash, keccak256(abi.encode(uint8(1), abi.encode(BANK))));
        vm.recordLogs();
        bytes32 id = _propose(TIANJIN, actionHash, SALT, START + 10);
        equal(id, keccak256(abi.encode(block.chainid, address(consortium), actionHash, SALT)));
        equal(id, consortium.proposalIdOf(actionHash, SALT));
        Vm.Log memory told = vm.getRecordedLogs()[0];
        equal(told.topics[0], keccak256("Proposed(bytes32,bytes32,bytes32,bytes32,uint64,bytes32)"));
        equal(told.topics[1], id);
        equal(told.topics[2], TIANJIN);
        equal(told.topics[3], _keyId(_sk(TIANJIN, Purpose.GOVERN)));
        equal(keccak256(told.data), keccak256(abi.encode(actionHash, SALT, START + 10)));
        IConsortium.Proposal memory p = consortium.proposal(id);
        equal(p.actionHash, actionHash);
        equal(p.proposer, TIANJIN);
        equal(p.expiresAt, START + 10);
        yes(!p.executed, "executed");
        equal(p.yes, 0);
    }

    function test_Revert_NotAProvince() public {
        bytes memory expected =
            abi.encodeWithSelector(IConsortium.Consortium_NotAProvince.selector, BANK);
        _proposeFails(BANK, SALT, START + 10, expected);
        bytes32 id = _propose(BEIJING, _suspendBank(), SALT, START + 10);
        _voteFails(BANK, id, Choice.YES, expected);
    }

    function test_Revert_MemberNotActive() public {
        bytes32 id = _propose(BEIJING, _suspendBank(), SALT, START + 10);
        _decide(Kind.SUSPEND, abi.encode(SHANXI));
        bytes memory expected = abi.encodeWithSelector(
            IConsortium.Consortium_MemberNotActive.selector, SHANXI, MemberStatus.SUSPENDED
        );
        _proposeFails(SHANXI, "other", START + 10, expected);
        _voteFails(SHANXI, id, Choice.YES, expected);
        _decide(Kind.REINSTATE, abi.encode(SHANXI));
        _vote(SHANXI, id, Choice.YES);
    }

    function test_Revert_ExpiryInvalid() public {
        uint64[2] memory times = [START - 1, START + 90 days + 1];
        for (uint256 i = 0; i < 2; ++i) {
            _proposeFails(
                BEIJING,
                SALT,
                times[i],
                abi.encodeWithSelector(
                    IConsortium.Consortium_ExpiryInvalid.selector, times[i], START
                )
            );
        }
        _propose(BEIJING, _suspendBank(), SALT, START + 90 days);
    }

    function test_Revert_ProposalExists() public {
        bytes32 id = _propose(BEIJING, _suspendBank(), SALT, START + 10);
        bytes memory expected =
            abi.encodeWithSelector(IConsortium.Consortium_ProposalExists.selector, id);
        _proposeFails(BEIJING, SALT, START + 10, expected);
        _proposeFails(TIANJIN, SALT, START + 20, expected);
        vm.warp(START + 100);
        _proposeFails(BEIJING, SALT, START + 200, expected);
        _propose(BEIJING, _suspendBank(), "another salt", START + 200);
    }

    // ---- voting ---------------------------------------------------------------------------------

    function test_vote() public {
        bytes32 id = _propose(BEIJING, _suspendBank(), SALT, START + 10);
        vm.recordLogs();
        _vote(HEBEI, id, Choice.YES);
        Vm.Log memory told = vm.getRecordedLogs()[0];
        bytes32 keyId = _keyId(_sk(HEBEI, Purpose.GOVERN));
        equal(told.topics[0], keccak256("Voted(bytes32,bytes32,uint8,bytes32)"));
        equal(told.topics[1], id);
        equal(told.topics[2], HEBEI);
        equal(told.topics[3], keyId);
        equal(keccak256(told.data), keccak256(abi.encode(Choice.YES)));
        IConsortium.Ballot memory b = consortium.ballot(id, HEBEI);
        equal(b.choice, Choice.YES);
        equal(b.castAt, START);
        equal(b.keyId, keyId);
        equal(consortium.proposal(id).yes, 1);
        _vote(TIANJIN, id, Choice.NO);
        equal(consortium.proposal(id).yes, 1);
    }

    function test_Revert_AlreadyVoted() public {
        bytes32 id = _propose(BEIJING, _suspendBank(), SALT, START + 10);
        _vote(HEBEI, id, Choice.NO);
        bytes memory expected =
            abi.encodeWithSelector(IConsortium.Consortium_AlreadyVoted.selector, id, HEBEI);
        _voteFails(HEBEI, id, Choice.YES, expected);
        _voteFails(HEBEI, id, Choice.NO, expected);
    }

    function test_Revert_ChoiceUnknown() public {
        bytes32 id = _propose(BEIJING, _suspendBank(), SALT, START + 10);
        uint8[2] memory choices = [0, 3];
        for (uint256 i = 0; i < 2; ++i) {
            _voteFails(
                HEBEI,
                id,
                choices[i],
                abi.encodeWithSelector(IConsortium.Consortium_ChoiceUnknown.selector, choices[i])
            );
        }
    }

    function test_Revert_ProposalNotOpen_vote() public {
        bytes32 id = _propose(BEIJING, _suspendBank(), SALT, START + 10);
        vm.warp(START + 10);
        _vote(BEIJING, id, Choice.YES);
        vm.warp(START + 11);
        bytes memory expected =
            abi.encodeWithSelector(IConsortium.Consortium_ProposalNotOpen.selector, id);
        _voteFails(HEBEI, id, Choice.YES, expected);
        expected = abi.encodeWithSelector(
            IConsortium.Consortium_ProposalNotOpen.selector, bytes32("nothing")
        );
        _voteFails(HEBEI, "nothing", Choice.YES, expected);
    }

    /// @dev A stolen key votes; its province finds out and votes itself.
    function test_vote_withAStolenKeyDoesNotStand() public {
        bytes32 id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        yes(consortium.passed(id), "passed");
        vm.warp(START + 10);
        _addGovernKey(HEBEI, NEW);
        _decideWithoutHebei(
            Kind.COMPROMISE_KEY, abi.encode(_keyId(_sk(HEBEI, Purpose.GOVERN)), START)
        );
        yes(!consortium.passed(id), "still passed");
        equal(consortium.proposal(id).yes, 2);
        _executeFails(
            Kind.SUSPEND,
            abi.encode(BANK),
            SALT,
            abi.encodeWithSelector(
                IConsortium.Consortium_ProposalNotPassed.selector, id, 2, THRESHOLD
            )
        );
        bytes32 structHash = Typed.hashVote(HEBEI, id, Choice.YES, _deadline());
        bytes memory signature = _sign(NEW, "Consortium", address(consortium), structHash);
        consortium.vote(HEBEI, id, Choice.YES, _deadline(), signature);
        consortium.execute(Kind.SUSPEND, abi.encode(BANK), SALT);
    }

    /// @dev What was cast before the theft stands.
    function test_vote_beforeTheTheftStands() public {
        bytes32 id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        vm.warp(START + 10);
        bytes memory data = abi.encode(_keyId(_sk(HEBEI, Purpose.GOVERN)), START + 1);
        _decideWithoutHebei(Kind.COMPROMISE_KEY, data);
        yes(consortium.passed(id), "passed");
    }

    /// @dev A suspended province has no say, also in what it voted for before.
    function test_vote_ofASuspendedProvinceDoesNotCount() public {
        bytes32 id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        _decide(Kind.SUSPEND, abi.encode(TIANJIN));
        yes(!consortium.passed(id), "passed with two");
        _vote(SHANXI, id, Choice.YES);
        yes(consortium.passed(id), "passed by the other three");
    }

    // ---- carrying out ---------------------------------------------------------------------------

    function test_execute_suspendAndReinstate() public {
        vm.recordLogs();
        bytes32 id = _decide(Kind.SUSPEND, abi.encode(BANK));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory changed = logs[logs.length - 2];
        Vm.Log memory executed = logs[logs.length - 1];
        equal(changed.topics[0], keccak256("MemberStatusChanged(bytes32,uint8)"));
        equal(changed.topics[1], BANK);
        equal(keccak256(changed.data), keccak256(abi.encode(MemberStatus.SUSPENDED)));
        equal(executed.topics[0], keccak256("Executed(bytes32,uint8,bytes)"));
        equal(executed.topics[1], id);
        equal(executed.topics[2], bytes32(uint256(Kind.SUSPEND)));
        equal(keccak256(executed.data), keccak256(abi.encode(abi.encode(BANK))));
        equal(consortium.member(BANK).status, MemberStatus.SUSPENDED);
        yes(consortium.proposal(id).executed, "executed");
        yes(!consortium.passed(id), "still passed");
        _decide(Kind.REINSTATE, abi.encode(BANK));
        equal(consortium.member(BANK).status, MemberStatus.ACTIVE);
    }

    function test_Revert_ProposalNotPassed() public {
        bytes32 id = _propose(BEIJING, _suspendBank(), SALT, START + 10);
        _vote(BEIJING, id, Choice.YES);
        _vote(HEBEI, id, Choice.YES);
        _vote(SHANXI, id, Choice.NO);
        _executeFails(
            Kind.SUSPEND,
            abi.encode(BANK),
            SALT,
            abi.encodeWithSelector(
                IConsortium.Consortium_ProposalNotPassed.selector, id, 2, THRESHOLD
            )
        );
        _vote(TIANJIN, id, Choice.YES);
        consortium.execute(Kind.SUSPEND, abi.encode(BANK), SALT);
    }

    function test_Revert_ProposalNotOpen_executedTwice() public {
        bytes memory data = abi.encode(BANK);
        bytes32 id = _pass(Kind.SUSPEND, data, SALT);
        consortium.execute(Kind.SUSPEND, data, SALT);
        bytes memory expected =
            abi.encodeWithSelector(IConsortium.Consortium_ProposalNotOpen.selector, id);
        _executeFails(Kind.SUSPEND, data, SALT, expected);
        _decide(Kind.REINSTATE, data);
        _executeFails(Kind.SUSPEND, data, SALT, expected);
    }

    function test_Revert_ProposalNotOpen_expired() public {
        bytes32 id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        vm.warp(START + 7 days + 1);
        _executeFails(
            Kind.SUSPEND,
            abi.encode(BANK),
            SALT,
            abi.encodeWithSelector(IConsortium.Consortium_ProposalNotOpen.selector, id)
        );
    }

    /// @dev Votes for one action open no other: kind, data and salt are all bound.
    function test_Revert_ProposalNotOpen_otherAction() public {
        _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        _otherAction(Kind.REINSTATE, abi.encode(BANK), SALT);
        _otherAction(Kind.SET_CHAIR, abi.encode(BANK), SALT);
        _otherAction(Kind.SUSPEND, abi.encode(BEIJING), SALT);
        _otherAction(Kind.SUSPEND, bytes.concat(abi.encode(BANK), hex"00"), SALT);
        _otherAction(Kind.SUSPEND, abi.encode(BANK), "other");
    }

    function test_Revert_KindUnknown() public {
        uint8[3] memory kinds = [0, Kind.PUT_NATIONAL, 9];
        for (uint256 i = 0; i < kinds.length; ++i) {
            _decideFails(
                kinds[i],
                abi.encode(BANK),
                abi.encodeWithSelector(IConsortium.Consortium_KindUnknown.selector, kinds[i])
            );
        }
    }

    function test_Revert_DataTooLong() public {
        _executeFails(
            Kind.SUSPEND,
            new bytes(4097),
            SALT,
            abi.encodeWithSelector(IConsortium.Consortium_DataTooLong.selector, 4097, 4096)
        );
    }

    function test_Revert_StatusUnchanged() public {
        _decideFails(
            Kind.REINSTATE,
            abi.encode(BANK),
            abi.encodeWithSelector(
                IConsortium.Consortium_StatusUnchanged.selector, BANK, MemberStatus.ACTIVE
            )
        );
        _decide(Kind.SUSPEND, abi.encode(BANK));
        _decideFails(
            Kind.SUSPEND,
            abi.encode(BANK),
            abi.encodeWithSelector(
                IConsortium.Consortium_StatusUnchanged.selector, BANK, MemberStatus.SUSPENDED
            )
        );
    }

    function test_Revert_MemberUnknown() public {
        bytes memory expected = abi.encodeWithSelector(
            IConsortium.Consortium_MemberUnknown.selector, bytes32("nobody")
        );
        _decideFails(Kind.SUSPEND, abi.encode(bytes32("nobody")), expected);
        IConsortium.KeyInput memory k = _keyInput("nobody", Purpose.GOVERN, NEW);
        _decideFails(Kind.RECOVER_KEY, abi.encode(k), expected);
    }

    /// @dev With one province gone the other three decide together; a second one must stay.
    function test_Revert_ThresholdOutOfReach() public {
        _decide(Kind.SUSPEND, abi.encode(SHANXI));
        _decideFails(
            Kind.SUSPEND,
            abi.encode(HEBEI),
            abi.encodeWithSelector(
                IConsortium.Consortium_ThresholdOutOfReach.selector, 2, THRESHOLD
            )
        );
        _decide(Kind.SUSPEND, abi.encode(BANK));
    }

    // ---- keys by vote ---------------------------------------------------------------------------

    /// @dev All keys of a member are lost or stolen: the others give it a new one.
    function test_execute_recoverKey() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.GOVERN, NEW);
        k.notBefore = 1;
        vm.warp(START + 5);
        _decide(Kind.COMPROMISE_KEY, abi.encode(_keyId(_sk(BANK, Purpose.GOVERN)), START));
        _decide(Kind.RECOVER_KEY, abi.encode(k));
        equal(consortium.key(_keyId(NEW)).notBefore, START + 5);
        equal(consortium.member(BANK).seq, 0);
        bytes memory signature = _sign(
            NEW,
            "Consortium",
            address(consortium),
            Typed.hashSetEndpoint(BANK, "back", 0, _deadline())
        );
        consortium.setEndpoint(BANK, "back", 0, _deadline(), signature);
        equal(consortium.member(BANK).endpoint, "back");
    }

    function test_Revert_KeyExists_recover() public {
        uint256 sk = _sk(BEIJING, Purpose.GOVERN);
        _decideFails(
            Kind.RECOVER_KEY,
            abi.encode(_keyInput(BANK, Purpose.GOVERN, sk)),
            abi.encodeWithSelector(IConsortium.Consortium_KeyExists.selector, _keyId(sk))
        );
    }

    /// @dev By vote years back, and forward again when it turns out otherwise.
    function test_execute_compromiseKey() public {
        bytes32 keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        vm.warp(START + 300 days);
        vm.recordLogs();
        _decide(Kind.COMPROMISE_KEY, abi.encode(keyId, START + 1));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory told = logs[logs.length - 2];
        equal(told.topics[2], keyId);
        equal(told.topics[3], 0);
        equal(keccak256(told.data), keccak256(abi.encode(START + 1, uint64(0))));
        yes(consortium.keyValidAt(keyId, Purpose.ANCHOR, START), "before");
        yes(!consortium.keyValidAt(keyId, Purpose.ANCHOR, START + 1), "since");
        _decide(Kind.COMPROMISE_KEY, abi.encode(keyId, START + 2));
        yes(consortium.keyValidAt(keyId, Purpose.ANCHOR, START + 1), "later");
    }

    function test_Revert_CompromiseInvalid() public {
        bytes32 keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        _decide(Kind.COMPROMISE_KEY, abi.encode(keyId, START - 5));
        uint64[3] memory sinces = [0, START + 1, START - 5];
        for (uint256 i = 0; i < sinces.length; ++i) {
            _decideFails(
                Kind.COMPROMISE_KEY,
                abi.encode(keyId, sinces[i]),
                abi.encodeWithSelector(
                    IConsortium.Consortium_CompromiseInvalid.selector, keyId, sinces[i], START
                )
            );
        }
        _decideFails(
            Kind.COMPROMISE_KEY,
            abi.encode(bytes32("nothing"), START),
            abi.encodeWithSelector(
                IConsortium.Consortium_KeyUnknown.selector, 0, bytes32("nothing")
            )
        );
    }

    // ---- the chair ------------------------------------------------------------------------------

    function test_execute_setChair() public {
        vm.recordLogs();
        _decide(Kind.SET_CHAIR, abi.encode(HEBEI));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs[logs.length - 2].topics[0], keccak256("ChairSet(bytes32)"));
        equal(logs[logs.length - 2].topics[1], HEBEI);
        equal(consortium.chair(), HEBEI);
        _decideFails(
            Kind.SET_CHAIR,
            abi.encode(BANK),
            abi.encodeWithSelector(IConsortium.Consortium_NotAProvince.selector, BANK)
        );
    }

    // ---- helpers --------------------------------------------------------------------------------

    function _suspendBank() private pure returns (bytes32) {
        return keccak256(abi.encode(Kind.SUSPEND, abi.encode(BANK)));
    }

    function _proposeFails(bytes32 code, bytes32 salt, uint64 expiresAt, bytes memory expected)
        private
    {
        bytes32 structHash = Typed.hashPropose(code, _suspendBank(), salt, expiresAt, _deadline());
        bytes memory signature = _signGovern(code, structHash);
        vm.expectRevert(expected);
        consortium.propose(code, _suspendBank(), salt, expiresAt, _deadline(), signature);
    }

    function _voteFails(bytes32 code, bytes32 id, uint8 choice, bytes memory expected) private {
        bytes memory signature = _signGovern(code, Typed.hashVote(code, id, choice, _deadline()));
        vm.expectRevert(expected);
        consortium.vote(code, id, choice, _deadline(), signature);
    }

    function _executeFails(uint8 kind, bytes memory data, bytes32 salt, bytes memory expected)
        private
    {
        vm.expectRevert(expected);
        consortium.execute(kind, data, salt);
    }

    function _otherAction(uint8 kind, bytes memory data, bytes32 salt) private {
        bytes32 id = consortium.proposalIdOf(consortium.actionHashOf(kind, data), salt);
        _executeFails(
            kind,
            data,
            salt,
            abi.encodeWithSelector(IConsortium.Consortium_ProposalNotOpen.selector, id)
        );
    }

    function _addGovernKey(bytes32 code, uint256 sk) private {
        IConsortium.KeyInput memory k = _keyInput(code, Purpose.GOVERN, sk);
        bytes32 structHash = Typed.hashAddKey(k, 0, _deadline());
        bytes memory own = _sign(sk, "Consortium", address(consortium), structHash);
        consortium.addKey(k, 0, _deadline(), _signGovern(code, structHash), own);
    }

    function _decideWithoutHebei(uint8 kind, bytes memory data) private {
        bytes32 salt = bytes32(++salts);
        bytes32 actionHash = keccak256(abi.encode(kind, data));
        bytes32 id = _propose(BEIJING, actionHash, salt, _now() + 1 days);
        _vote(BEIJING, id, Choice.YES);
        _vote(TIANJIN, id, Choice.YES);
        _vote(SHANXI, id, Choice.YES);
        consortium.execute(kind, data, salt);
    }
}
