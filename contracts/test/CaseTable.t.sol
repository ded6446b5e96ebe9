// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {Action, Kind, MemberStatus, Purpose, Role} from "../types/Codes.sol";
import {KeyId, MemberId, NO_MEMBER, ProposalId, RecordId} from "../types/Ids.sol";
import {CaseModel} from "./CaseModel.sol";
import {CaseWorld} from "./CaseWorld.sol";

/// @dev Every status × every act × everyone who may try, against the model: the act goes through
/// exactly where the model lets it, and leaves what the model says.
contract CaseTableTest is CaseWorld {
    bytes32 private constant RECORD = "record";
    bytes32 private constant SALT = "table";
    uint32 private constant VERSION = 5;
    /// @dev Of three flags, two of which can be marked, and of nine outcomes, four of them marked.
    uint256 private constant STATUSES = 3 * 3 * 2 * 9;
    /// @dev Numbers of actions: 0 and those beyond the last too.
    uint8 private constant ACTIONS = 15;

    uint256 private _taken;
    uint256 private _refused;

    /// @dev With a DECIDE key.
    function test_table_ownerDecides() public {
        _byMember(BEIJING, Purpose.DECIDE);
        // SETTLE, SHIELD, LIFT from one of three; ERASE; REPAIR, RESCIND, CORRECT, WITHDRAW, END.
        equal(_taken, 3 * 54 + 81 + 18 * (1 + 3 + 3 + 3 + 1));
        equal(_taken + _refused, STATUSES * ACTIONS);
    }

    /// @dev With a CASE key: it disputes and does nothing else.
    function test_table_ownerDisputes() public {
        _byMember(BEIJING, Purpose.CASE);
        equal(_taken, STATUSES / 3);
    }

    function test_table_otherPurpose() public {
        _byMember(BEIJING, Purpose.GOVERN);
        equal(_taken, 0);
    }

    /// @dev A province on a record of another one.
    function test_table_otherProvinceDecides() public {
        _byMember(TIANJIN, Purpose.DECIDE);
        equal(_taken, 0);
    }

    function test_table_otherProvinceDisputes() public {
        _byMember(TIANJIN, Purpose.CASE);
        equal(_taken, 0);
    }

    function test_table_vote() public {
        for (uint8 action = 0; action < ACTIONS; ++action) {
            this.rowOfVotes(action);
        }
        // DISPUTE, SHIELD and ANNUL always; SETTLE, LIFT where set; ERASE where not; outcomes.
        equal(_taken, 3 * STATUSES + 2 * 108 + 81 + 18 * (3 + 6 + 5 + 7 + 3));
    }

    /// @dev The basis by everyone, for every action.
    function test_table_basis() public {
        for (uint8 action = 1; action <= 11; ++action) {
            for (uint16 basis = 0; basis <= 13; ++basis) {
                ICaseRegistry.Act[] memory acts = _list(_actOn(action));
                acts[0].basis = basis;
                _tryBasis(acts);
            }
        }
        // By the owner 2 · 1 + 8 · 12; by vote 11 · 3 + 1.
        equal(_taken, 98 + 34);
    }

    /// @dev Where the owner can not act itself, a vote needs no other ground than the law.
    function test_table_basis_ownerSuspended() public {
        _decide(Kind.SUSPEND, abi.encode(BEIJING));
        _anyBasisByVote();
    }

    function test_table_basis_ownerRetired() public {
        _decide(Kind.RETIRE, abi.encode(BEIJING));
        _anyBasisByVote();
    }

    function test_table_basis_ownerNoProvince() public {
        _decide(Kind.SET_ROLES, abi.encode(BEIJING, Role.AUDITOR));
        _anyBasisByVote();
    }

    // ---- details --------------------------------------------------------------------------------

    function _anyBasisByVote() private {
        model.setIdle(BEIJING, true);
        for (uint8 action = 1; action <= 11; ++action) {
            for (uint16 basis = 0; basis <= 13; ++basis) {
                ICaseRegistry.Act[] memory acts = _list(_actOn(action));
                acts[0].basis = basis;
                _tryBasis(acts);
            }
        }
        equal(_taken, 11 * 12);
    }

    /// @dev By the owner and by vote, each from a status from which the action may start.
    function _tryBasis(ICaseRegistry.Act[] memory acts) private {
        uint8 action = acts[0].action;
        bool clears = action == Action.SETTLE || action == Action.LIFT;
        uint256 status = clears ? _index(1, 1, 0, 1) : _index(0, 0, 0, 0);
        if (action == Action.RESCIND) status = _index(0, 0, 0, 1);
        uint256 sk = _sk(BEIJING, _purposeOf(action));
        bool canAct = consortium.member(BEIJING).status == MemberStatus.ACTIVE
            && consortium.member(BEIJING).roles & Role.PROVINCE != 0;
        _tryMember(acts, status, BEIJING, sk, action == Action.DISPUTE, canAct);
        bytes32 salt = bytes32(++salts);
        ProposalId id = _passActs(acts, salt);
        MemberId proposer = consortium.proposal(id).proposer;
        bytes memory data = abi.encodeCall(registry.actByVote, (acts, proposer, salt));
        _try(data, acts, status, NO_MEMBER, ProposalId.unwrap(id), false, true);
    }

    function _byMember(MemberId member, uint8 purpose) private {
        for (uint8 action = 0; action < ACTIONS; ++action) {
            this.row(member, purpose, action);
        }
    }

    /// @dev A call of its own, so that its memory is given back.
    function row(MemberId member, uint8 purpose, uint8 action) external {
        ICaseRegistry.Act[] memory acts = _list(_actOn(action));
        bool right = purpose == Purpose.CASE || purpose == Purpose.DECIDE;
        uint256 sk = _sk(member, purpose);
        for (uint256 i = 0; i < STATUSES; ++i) {
            _tryMember(acts, i, member, sk, purpose == Purpose.CASE, right);
        }
    }

    function rowOfVotes(uint8 action) external {
        ICaseRegistry.Act[] memory acts = _list(_actOn(action));
        bytes32 signedBy = ProposalId.unwrap(_passActs(acts, SALT));
        bytes memory data = abi.encodeCall(registry.actByVote, (acts, BEIJING, SALT));
        for (uint256 i = 0; i < STATUSES; ++i) {
            _try(data, acts, i, NO_MEMBER, signedBy, false, true);
        }
    }

    function _tryMember(
        ICaseRegistry.Act[] memory acts,
        uint256 status,
        MemberId member,
        uint256 sk,
        bool forDispute,
        bool may
    ) private {
        bytes memory signature = _signActs(sk, member, acts, _deadline());
        bytes memory data = abi.encodeCall(registry.act, (member, acts, _deadline(), signature));
        _try(data, acts, status, member, KeyId.unwrap(_keyId(sk)), forDispute, may);
    }

    /// @dev Send it from that status; take all back afterwards.
    function _try(
        bytes memory data,
        ICaseRegistry.Act[] memory acts,
        uint256 status,
        MemberId member,
        bytes32 signedBy,
        bool forDispute,
        bool may
    ) private {
        uint256 snapshot = vm.snapshotState();
        RecordId id = _id(acts[0]);
        _put(id, _status(status));
        (bool ok,) = address(registry).call(data);
        bool allowed = may && _modelTakes(acts, member, signedBy, forDispute);
        yes(ok == allowed, ok ? "taken, not allowed" : "allowed, not taken");
        _same(id);
        vm.revertToState(snapshot);
        if (ok) ++_taken;
        else ++_refused;
    }

    function _modelTakes(
        ICaseRegistry.Act[] memory acts,
        MemberId member,
        bytes32 signedBy,
        bool forDispute
    ) private returns (bool) {
        try model.take(acts, member, signedBy, forDispute) {
            return true;
        } catch {
            return false;
        }
    }

    function _actOn(uint8 action) private view returns (ICaseRegistry.Act memory) {
        return _actOf(BEIJING, action, RECORD, VERSION);
    }

    /// @dev 0: not set, 1: set, 2: set by vote; outcomes 0, 1 … 4, and 5 … 8 by vote.
    function _index(uint256 disputed, uint256 shielded, uint256 erased, uint256 outcome)
        private
        pure
        returns (uint256)
    {
        return ((disputed * 3 + shielded) * 2 + erased) * 9 + outcome;
    }

    function _status(uint256 index) private pure returns (CaseModel.Record memory r) {
        uint256 outcome = index % 9;
        r.outcomeByVote = outcome > 4;
        r.outcome = CaseModel.Outcome(r.outcomeByVote ? outcome - 4 : outcome);
        r.erased = index / 9 % 2 == 1;
        (r.shielded, r.shieldedByVote) = (index / 18 % 3 != 0, index / 18 % 3 == 2);
        (r.disputed, r.disputedByVote) = (index / 54 != 0, index / 54 == 2);
        (r.version, r.recordedAt, r.effectiveAt) = (VERSION, START - 1, DAY);
        (r.blockNumber, r.history) = (900, "history");
        if (r.outcome == CaseModel.Outcome.CORRECTED) r.other = "other";
    }
}
