// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {CaseRegistry} from "../CaseRegistry.sol";
import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {Action, Basis, Kind, Purpose} from "../types/Codes.sol";
import {KeyId, MemberId, NO_MEMBER, ProposalId, RecordId} from "../types/Ids.sol";
import {CaseModel} from "./CaseModel.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev A world with a registry of cases, keys for it, and a model that is told whatever the registry
/// is told.
abstract contract CaseWorld is World {
    bytes32 internal constant CASE_REGISTRY = "CaseRegistry";
    uint32 internal constant ANY_VERSION = type(uint32).max;
    /// @dev 00:00 in Shanghai, two days or more before any act.
    uint64 internal constant DAY = (START - 2 days) / 1 days * 1 days - 8 hours;

    CaseRegistry internal registry;
    CaseModel internal model;

    function setUp() public virtual override {
        super.setUp();
        vm.roll(1_000);
        registry = new CaseRegistry(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(CASE_REGISTRY, registry));
        model = new CaseModel();
        MemberId[5] memory codes = _codes();
        for (uint256 i = 0; i < codes.length; ++i) {
            model.own(_logId(codes[i]), codes[i]);
        }
        model.setIdle(BANK, true);
    }

    /// @dev Each member has keys to dispute and to decide too.
    function _keys() internal virtual override returns (IConsortium.KeyInput[] memory list) {
        IConsortium.KeyInput[] memory before = super._keys();
        MemberId[5] memory codes = _codes();
        list = new IConsortium.KeyInput[](before.length + 2 * codes.length);
        for (uint256 i = 0; i < before.length; ++i) {
            list[i] = before[i];
        }
        for (uint256 i = 0; i < codes.length; ++i) {
            uint256 at = before.length + 2 * i;
            list[at] = _keyInput(codes[i], Purpose.CASE, _sk(codes[i], Purpose.CASE));
            list[at + 1] = _keyInput(codes[i], Purpose.DECIDE, _sk(codes[i], Purpose.DECIDE));
        }
    }

    // ---- acts -----------------------------------------------------------------------------------

    /// @dev A proper act on a record of Beijing, the first one on it.
    function _act(uint8 action, bytes32 commitment)
        internal
        view
        returns (ICaseRegistry.Act memory)
    {
        return _actOf(BEIJING, action, commitment, 0);
    }

    function _actOf(MemberId owner, uint8 action, bytes32 commitment, uint32 version)
        internal
        view
        returns (ICaseRegistry.Act memory a)
    {
        a.logId = _logId(owner);
        (a.commitment, a.action, a.expectedVersion) = (commitment, action, version);
        (a.basis, a.doc, a.effectiveAt) = (Basis.COURT, "doc", DAY);
        if (action == Action.CORRECT) (a.otherLogId, a.otherCommitment) = (a.logId, "the other");
    }

    function _list(ICaseRegistry.Act memory a)
        internal
        pure
        returns (ICaseRegistry.Act[] memory acts)
    {
        acts = new ICaseRegistry.Act[](1);
        acts[0] = a;
    }

    function _id(ICaseRegistry.Act memory a) internal pure returns (RecordId) {
        return RecordId.wrap(keccak256(abi.encode(a.logId, a.commitment)));
    }

    function _purposeOf(uint8 action) internal pure returns (uint8) {
        return action == Action.DISPUTE ? Purpose.CASE : Purpose.DECIDE;
    }

    function _signActs(
        uint256 sk,
        MemberId member,
        ICaseRegistry.Act[] memory acts,
        uint64 deadline
    ) internal view returns (bytes memory) {
        bytes32 structHash = Typed.hashActs(member, acts, deadline);
        return _sign(sk, "CaseRegistry", address(registry), structHash);
    }

    function _signAck(uint256 sk, MemberId member, uint64 count, bytes32 head)
        internal
        view
        returns (bytes memory)
    {
        bytes32 structHash = Typed.hashAck(member, count, head, _deadline());
        return _sign(sk, "CaseRegistry", address(registry), structHash);
    }

    /// @dev By the owner with its founding key, told to the model too.
    function _do(MemberId member, ICaseRegistry.Act[] memory acts) internal {
        _doBy(member, _sk(member, _purposeOf(acts[0].action)), acts);
    }

    function _doBy(MemberId member, uint256 sk, ICaseRegistry.Act[] memory acts) internal {
        bytes memory signature = _signActs(sk, member, acts, _deadline());
        registry.act(member, acts, _deadline(), signature);
        bool forDispute = acts[0].action == Action.DISPUTE;
        model.take(acts, member, KeyId.unwrap(_keyId(sk)), forDispute);
    }

    function _do(ICaseRegistry.Act memory a) internal {
        _do(consortium.log(a.logId).member, _list(a));
    }

    function _doFails(ICaseRegistry.Act[] memory acts, bytes memory expected) internal {
        _doFailsBy(BEIJING, _sk(BEIJING, _purposeOf(acts[0].action)), acts, expected);
    }

    function _doFails(ICaseRegistry.Act memory a, bytes memory expected) internal {
        _doFails(_list(a), expected);
    }

    function _doFailsBy(
        MemberId member,
        uint256 sk,
        ICaseRegistry.Act[] memory acts,
        bytes memory expected
    ) internal {
        bytes memory signature = _signActs(sk, member, acts, _deadline());
        vm.expectRevert(expected);
        registry.act(member, acts, _deadline(), signature);
    }

    /// @dev Voted for by those who can, proposed by the first of them.
    function _passActs(ICaseRegistry.Act[] memory acts, bytes32 salt)
        internal
        returns (ProposalId)
    {
        return _pass(Kind.ACT, abi.encode(registry, acts), salt);
    }

    /// @dev By vote, told to the model too.
    function _doByVote(ICaseRegistry.Act[] memory acts) internal {
        bytes32 salt = bytes32(++salts);
        ProposalId id = _passActs(acts, salt);
        registry.actByVote(acts, consortium.proposal(id).proposer, salt);
        model.take(acts, NO_MEMBER, ProposalId.unwrap(id), false);
    }

    function _doByVote(ICaseRegistry.Act memory a) internal {
        _doByVote(_list(a));
    }

    function _voteFails(ICaseRegistry.Act[] memory acts, bytes memory expected) internal {
        bytes32 salt = bytes32(++salts);
        MemberId proposer = consortium.proposal(_passActs(acts, salt)).proposer;
        vm.expectRevert(expected);
        registry.actByVote(acts, proposer, salt);
    }

    function _voteFails(ICaseRegistry.Act memory a, bytes memory expected) internal {
        _voteFails(_list(a), expected);
    }

    // ---- stolen keys ----------------------------------------------------------------------------

    /// @dev The preimage of a record's history, as the model remembers it.
    function _stepOf(ICaseRegistry.Act memory a)
        internal
        view
        returns (ICaseRegistry.Step memory step)
    {
        CaseModel.Last memory l = model.last(RecordId.unwrap(_id(a)));
        bytes memory words = abi.encode(l.historyBefore, l.member, l.act, l.recordedAt, l.signedBy);
        return abi.decode(words, (ICaseRegistry.Step));
    }

    /// @dev By anybody, of the last act on the record; told to the model too.
    function _undo(ICaseRegistry.Act memory a) internal {
        registry.annulStolen(_steps(_stepOf(a)));
        model.undo(RecordId.unwrap(_id(a)), true);
    }

    function _undoFails(ICaseRegistry.Step memory step, bytes memory expected) internal {
        vm.expectRevert(expected);
        registry.annulStolen(_steps(step));
    }

    function _compromise(MemberId member, uint8 purpose, uint64 since) internal {
        KeyId keyId = _keyId(_sk(member, purpose));
        _decide(Kind.COMPROMISE_KEY, abi.encode(member, keyId, since));
    }

    /// @dev Registered by the member itself.
    function _addKey(MemberId member, uint8 purpose, uint256 sk) internal {
        IConsortium.KeyInput memory k = _keyInput(member, purpose, sk);
        uint64 seq = consortium.member(member).seq;
        bytes32 structHash = Typed.hashAddKey(k, seq, _deadline());
        bytes memory own = _sign(sk, "Consortium", address(consortium), structHash);
        consortium.addKey(k, seq, _deadline(), _signGovern(member, structHash), own);
    }

    function _steps(ICaseRegistry.Step memory step)
        internal
        pure
        returns (ICaseRegistry.Step[] memory steps)
    {
        steps = new ICaseRegistry.Step[](1);
        steps[0] = step;
    }

    // ---- comparing ------------------------------------------------------------------------------

    /// @dev Everything of a record, by the view and by the slots, and the count and head of all.
    function _same(RecordId id) internal view {
        CaseModel.Record memory r = model.record(RecordId.unwrap(id));
        ICaseRegistry.Stored memory s = _stored(id);
        equal(s.word, model.wordOf(r));
        equal(s.history, r.history);
        equal(s.otherRecordId, RecordId.wrap(r.other));
        (uint64 count, bytes32 head) = registry.latest();
        equal(count, model.count());
        equal(head, model.head());
    }

    function _stored(RecordId id) internal view returns (ICaseRegistry.Stored memory) {
        RecordId[] memory ids = new RecordId[](1);
        ids[0] = id;
        return registry.stored(ids)[0];
    }

    /// @dev keccak256(abi.encode(recordId, uint256(2))), as the text has it.
    function _slot(RecordId id) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(id, uint256(2))));
    }

    function _load(RecordId id, uint256 offset) internal view returns (bytes32) {
        return vm.load(address(registry), bytes32(_slot(id) + offset));
    }

    /// @dev Put a status where acts would have brought it, in registry and model.
    function _put(RecordId id, CaseModel.Record memory r) internal {
        model.put(RecordId.unwrap(id), r);
        uint256 at = _slot(id);
        vm.store(address(registry), bytes32(at), bytes32(model.wordOf(r)));
        vm.store(address(registry), bytes32(at + 1), r.history);
        vm.store(address(registry), bytes32(at + 2), r.other);
    }

    /// @dev Change the contract that holds the role.
    function _succeed() internal {
        registry = new CaseRegistry(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(CASE_REGISTRY, registry));
    }
}
