// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {Choice, Kind, MemberStatus, Purpose, Role} from "../types/Codes.sol";
import {KeyId, MemberId, ProposalId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev Proposals, votes and what they carry out: members, keys, logs, contracts, the chair.
contract VotesTest is World {
    uint256 private constant NEW = 0xbeef;
    bytes32 private constant SALT = "salt";

    // ---- proposing ------------------------------------------------------------------------------

    function test_propose() public {
        bytes memory data = abi.encode(BANK);
        vm.recordLogs();
        ProposalId id = _propose(TIANJIN, Kind.SUSPEND, data, SALT, START + 10);
        bytes32 dataHash = keccak256(data);
        equal(
            keccak256(
                abi.encode(block.chainid, address(consortium), TIANJIN, uint8(1), dataHash, SALT)
            ),
            id
        );
        equal(id, consortium.proposalIdOf(TIANJIN, Kind.SUSPEND, dataHash, SALT));
        Vm.Log memory told = vm.getRecordedLogs()[0];
        equal(
            told.topics[0],
            keccak256("Proposed(bytes32,bytes32,uint8,bytes,bytes32,uint64,bytes32)")
        );
        equal(told.topics[1], id);
        equal(told.topics[2], TIANJIN);
        equal(told.topics[3], _keyId(_sk(TIANJIN, Purpose.GOVERN)));
        equal(keccak256(told.data), keccak256(abi.encode(Kind.SUSPEND, data, SALT, START + 10)));
        IConsortium.Proposal memory p = consortium.proposal(id);
        equal(p.proposer, TIANJIN);
        equal(p.kind, Kind.SUSPEND);
        equal(p.dataHash, dataHash);
        equal(p.expiresAt, START + 10);
        yes(!p.executed, "executed");
        equal(p.yes, 0);
    }

    function test_Revert_RoleMissing() public {
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_RoleMissing.selector, BANK, Role.INSTITUTION, Role.PROVINCE
        );
        _proposeFails(BANK, SALT, START + 10, expected);
        ProposalId id = _proposeSuspension(SALT, START + 10);
        _voteFails(BANK, id, Choice.YES, expected);
    }

    function test_Revert_MemberNotActive() public {
        ProposalId id = _proposeSuspension(SALT, START + 10);
        _decide(Kind.SUSPEND, abi.encode(SHANXI));
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_MemberNotActive.selector, SHANXI, MemberStatus.SUSPENDED
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
                    IConsortiumErrors.Consortium_ExpiryInvalid.selector, times[i], START
                )
            );
        }
        _proposeSuspension(SALT, START + 90 days);
    }

    /// @dev Each province has its own; no other can use it up.
    function test_Revert_ProposalExists() public {
        ProposalId id = _proposeSuspension(SALT, START + 10);
        bytes memory expected =
            abi.encodeWithSelector(IConsortiumErrors.Consortium_ProposalExists.selector, id);
        _proposeFails(BEIJING, SALT, START + 10, expected);
        _proposeFails(BEIJING, SALT, START + 20, expected);
        ProposalId other = _propose(TIANJIN, Kind.SUSPEND, abi.encode(BANK), SALT, START + 20);
        yes(ProposalId.unwrap(other) != ProposalId.unwrap(id), "the same proposal");
        vm.warp(START + 100);
        _proposeFails(BEIJING, SALT, START + 200, expected);
        _proposeSuspension("another salt", START + 200);
    }

    function test_Revert_DataTooLong() public {
        bytes memory data = new bytes(24_577);
        bytes32 structHash =
            Typed.hashPropose(BEIJING, Kind.SUSPEND, data, SALT, START + 10, _deadline());
        bytes memory signature = _signGovern(BEIJING, structHash);
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_DataTooLong.selector, 24_577, 24_576
            )
        );
        consortium.propose(BEIJING, Kind.SUSPEND, data, SALT, START + 10, _deadline(), signature);
        _propose(BEIJING, Kind.SUSPEND, new bytes(24_576), SALT, START + 10);
    }

    /// @dev What no contract knows yet can be decided; who carries it out asks.
    function test_propose_kindsOfLaterTimes() public {
        ProposalId id = _pass(Kind.ACT, "acts", SALT);
        yes(consortium.passed(id), "passed");
        id = _pass(255, "", SALT);
        yes(consortium.passed(id), "passed");
        _executeFails(
            id, "", abi.encodeWithSelector(IConsortiumErrors.Consortium_KindUnknown.selector, 255)
        );
    }

    // ---- voting ---------------------------------------------------------------------------------

    function test_vote() public {
        ProposalId id = _proposeSuspension(SALT, START + 10);
        vm.recordLogs();
        _vote(HEBEI, id, Choice.YES);
        Vm.Log memory told = vm.getRecordedLogs()[0];
        KeyId keyId = _keyId(_sk(HEBEI, Purpose.GOVERN));
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
        ProposalId id = _proposeSuspension(SALT, START + 10);
        _vote(HEBEI, id, Choice.NO);
        bytes memory expected =
            abi.encodeWithSelector(IConsortiumErrors.Consortium_AlreadyVoted.selector, id, HEBEI);
        _voteFails(HEBEI, id, Choice.YES, expected);
        _voteFails(HEBEI, id, Choice.NO, expected);
    }

    function test_Revert_ChoiceUnknown() public {
        ProposalId id = _proposeSuspension(SALT, START + 10);
        uint8[2] memory choices = [0, 3];
        for (uint256 i = 0; i < 2; ++i) {
            _voteFails(
                HEBEI,
                id,
                choices[i],
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_ChoiceUnknown.selector, choices[i]
                )
            );
        }
    }

    function test_Revert_ProposalNotOpen_vote() public {
        ProposalId id = _proposeSuspension(SALT, START + 10);
        vm.warp(START + 10);
        _vote(BEIJING, id, Choice.YES);
        vm.warp(START + 11);
        bytes memory expected =
            abi.encodeWithSelector(IConsortiumErrors.Consortium_ProposalNotOpen.selector, id);
        _voteFails(HEBEI, id, Choice.YES, expected);
        expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_ProposalNotOpen.selector, bytes32("nothing")
        );
        _voteFails(HEBEI, ProposalId.wrap("nothing"), Choice.YES, expected);
    }

    /// @dev A stolen key votes; its province finds out and votes itself.
    function test_vote_withAStolenKeyDoesNotStand() public {
        ProposalId id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        yes(consortium.passed(id), "passed");
        vm.warp(START + 10);
        _addGovernKey(HEBEI, NEW);
        _decideWithout(
            HEBEI, Kind.COMPROMISE_KEY, abi.encode(HEBEI, _keyId(_sk(HEBEI, Purpose.GOVERN)), START)
        );
        yes(!consortium.passed(id), "still passed");
        equal(consortium.proposal(id).yes, 2);
        _executeFails(
            id,
            abi.encode(BANK),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_ProposalNotPassed.selector, id, 2, THRESHOLD
            )
        );
        bytes32 structHash = Typed.hashVote(HEBEI, id, Choice.YES, _deadline());
        bytes memory signature = _sign(NEW, "Consortium", address(consortium), structHash);
        consortium.vote(HEBEI, id, Choice.YES, _deadline(), signature);
        consortium.execute(id, abi.encode(BANK));
    }

    /// @dev What was cast before the theft stands.
    function test_vote_beforeTheTheftStands() public {
        ProposalId id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        vm.warp(START + 10);
        bytes memory data = abi.encode(HEBEI, _keyId(_sk(HEBEI, Purpose.GOVERN)), START + 1);
        _decideWithout(HEBEI, Kind.COMPROMISE_KEY, data);
        yes(consortium.passed(id), "passed");
    }

    /// @dev A suspended province has no say, also in what it voted for before.
    function test_vote_ofASuspendedProvinceDoesNotCount() public {
        ProposalId id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        _decide(Kind.SUSPEND, abi.encode(TIANJIN));
        yes(!consortium.passed(id), "passed with two");
        _vote(SHANXI, id, Choice.YES);
        yes(consortium.passed(id), "passed by the other three");
    }

    // ---- carrying out ---------------------------------------------------------------------------

    function test_execute_suspendAndReinstate() public {
        vm.recordLogs();
        ProposalId id = _decide(Kind.SUSPEND, abi.encode(BANK));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory changed = logs[logs.length - 2];
        Vm.Log memory executed = logs[logs.length - 1];
        equal(changed.topics[0], keccak256("MemberStatusChanged(bytes32,uint8)"));
        equal(changed.topics[1], BANK);
        equal(keccak256(changed.data), keccak256(abi.encode(MemberStatus.SUSPENDED)));
        equal(executed.topics[0], keccak256("Executed(bytes32,uint8)"));
        equal(executed.topics[1], id);
        equal(executed.topics[2], bytes32(uint256(Kind.SUSPEND)));
        equal(executed.data.length, 0);
        equal(consortium.member(BANK).status, MemberStatus.SUSPENDED);
        yes(consortium.proposal(id).executed, "executed");
        yes(!consortium.passed(id), "still passed");
        _decide(Kind.REINSTATE, abi.encode(BANK));
        equal(consortium.member(BANK).status, MemberStatus.ACTIVE);
    }

    function test_Revert_ProposalNotPassed() public {
        ProposalId id = _proposeSuspension(SALT, START + 10);
        _vote(BEIJING, id, Choice.YES);
        _vote(HEBEI, id, Choice.YES);
        _vote(SHANXI, id, Choice.NO);
        _executeFails(
            id,
            abi.encode(BANK),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_ProposalNotPassed.selector, id, 2, THRESHOLD
            )
        );
        _vote(TIANJIN, id, Choice.YES);
        consortium.execute(id, abi.encode(BANK));
    }

    function test_Revert_ProposalNotOpen_executedTwice() public {
        bytes memory data = abi.encode(BANK);
        ProposalId id = _pass(Kind.SUSPEND, data, SALT);
        consortium.execute(id, data);
        bytes memory expected =
            abi.encodeWithSelector(IConsortiumErrors.Consortium_ProposalNotOpen.selector, id);
        _executeFails(id, data, expected);
        _decide(Kind.REINSTATE, data);
        _executeFails(id, data, expected);
    }

    function test_Revert_ProposalNotOpen_expired() public {
        ProposalId id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        vm.warp(START + 7 days + 1);
        _executeFails(
            id,
            abi.encode(BANK),
            abi.encodeWithSelector(IConsortiumErrors.Consortium_ProposalNotOpen.selector, id)
        );
    }

    /// @dev Votes for one action open no other.
    function test_Revert_DataMismatch() public {
        ProposalId id = _pass(Kind.SUSPEND, abi.encode(BANK), SALT);
        bytes[3] memory others =
            [abi.encode(BEIJING), bytes.concat(abi.encode(BANK), hex"00"), bytes("")];
        for (uint256 i = 0; i < others.length; ++i) {
            _executeFails(
                id,
                others[i],
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_DataMismatch.selector, id, keccak256(others[i])
                )
            );
        }
        ProposalId unknown =
            consortium.proposalIdOf(BEIJING, Kind.REINSTATE, keccak256(abi.encode(BANK)), SALT);
        _executeFails(
            unknown,
            abi.encode(BANK),
            abi.encodeWithSelector(IConsortiumErrors.Consortium_ProposalNotOpen.selector, unknown)
        );
    }

    function test_Revert_KindUnknown() public {
        uint8[4] memory kinds = [0, Kind.PUT_NATIONAL, Kind.ACT, 16];
        for (uint256 i = 0; i < kinds.length; ++i) {
            _decideFails(
                kinds[i],
                abi.encode(BANK),
                abi.encodeWithSelector(IConsortiumErrors.Consortium_KindUnknown.selector, kinds[i])
            );
        }
    }

    function test_Revert_StatusUnchanged() public {
        _decideFails(
            Kind.REINSTATE,
            abi.encode(BANK),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_StatusUnchanged.selector, BANK, MemberStatus.ACTIVE
            )
        );
        _decide(Kind.SUSPEND, abi.encode(BANK));
        _decideFails(
            Kind.SUSPEND,
            abi.encode(BANK),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_StatusUnchanged.selector, BANK, MemberStatus.SUSPENDED
            )
        );
    }

    function test_Revert_MemberUnknown() public {
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_MemberUnknown.selector, bytes32("nobody")
        );
        _decideFails(Kind.SUSPEND, abi.encode(bytes32("nobody")), expected);
        IConsortium.KeyInput memory k = _keyInput(MemberId.wrap("nobody"), Purpose.GOVERN, NEW);
        _decideFails(Kind.RECOVER_KEY, abi.encode(k), expected);
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
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_RoleMissing.selector,
                BANK,
                Role.INSTITUTION,
                Role.PROVINCE
            )
        );
    }

    // ---- helpers --------------------------------------------------------------------------------

    function _proposeSuspension(bytes32 salt, uint64 expiresAt) private returns (ProposalId) {
        return _propose(BEIJING, Kind.SUSPEND, abi.encode(BANK), salt, expiresAt);
    }

    function _proposeFails(MemberId code, bytes32 salt, uint64 expiresAt, bytes memory expected)
        private
    {
        bytes memory data = abi.encode(BANK);
        bytes32 structHash =
            Typed.hashPropose(code, Kind.SUSPEND, data, salt, expiresAt, _deadline());
        bytes memory signature = _signGovern(code, structHash);
        vm.expectRevert(expected);
        consortium.propose(code, Kind.SUSPEND, data, salt, expiresAt, _deadline(), signature);
    }

    function _voteFails(MemberId code, ProposalId id, uint8 choice, bytes memory expected) private {
        bytes memory signature = _signGovern(code, Typed.hashVote(code, id, choice, _deadline()));
        vm.expectRevert(expected);
        consortium.vote(code, id, choice, _deadline(), signature);
    }

    function _executeFails(ProposalId id, bytes memory data, bytes memory expected) private {
        vm.expectRevert(expected);
        consortium.execute(id, data);
    }

    function _addGovernKey(MemberId code, uint256 sk) private {
        IConsortium.KeyInput memory k = _keyInput(code, Purpose.GOVERN, sk);
        bytes32 structHash = Typed.hashAddKey(k, 0, _deadline());
        bytes memory own = _sign(sk, "Consortium", address(consortium), structHash);
        consortium.addKey(k, 0, _deadline(), _signGovern(code, structHash), own);
    }
}
