// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {Action, Kind, Purpose} from "../types/Codes.sol";
import {KeyId, MemberId, NO_MEMBER, ProposalId, RecordId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {CaseModel} from "./CaseModel.sol";
import {CaseWorld} from "./CaseWorld.sol";

/// @dev Does at random what members, thieves and votes may do to a few records, and keeps its own
/// account of keys and members. Whatever is sent must go through exactly when that account and the
/// model say so; else `broken` is set.
contract CaseHandler is CaseWorld {
    struct KeyModel {
        uint256 sk;
        MemberId member;
        uint8 purpose;
        /// @dev since when it is known to be stolen, 0: never
        uint64 since;
    }

    /// @dev What was last seen of a record.
    struct Seen {
        uint256 word;
        bytes32 history;
    }

    enum By {
        OWNER,
        VOTE,
        UNDONE
    }

    uint256 private constant RECORDS = 6;

    string public broken;
    uint256 public taken;
    uint256 public refused;
    uint256 public undone;
    uint256 public acknowledgements;
    KeyModel[] private _keyModels;
    mapping(MemberId member => bool) private _suspended;
    mapping(MemberId member => uint64 count) private _acknowledged;
    mapping(RecordId id => Seen) private _seen;
    uint64 private _counted;

    function setUp() public override {
        super.setUp();
        MemberId[5] memory codes = _codes();
        for (uint256 i = 0; i < codes.length; ++i) {
            _addModel(codes[i], Purpose.CASE);
            _addModel(codes[i], Purpose.DECIDE);
        }
        _addModel(BEIJING, Purpose.GOVERN);
    }

    // ---- what may happen ------------------------------------------------------------------------

    /// @dev By some key, seven times of eight one that might do.
    function act(uint256 what, uint256 by, uint256 how) public {
        ICaseRegistry.Act[] memory acts = _some(what, how, false);
        MemberId member = consortium.log(acts[0].logId).member;
        KeyModel storage k = _keyModels[by / 4 % _keyModels.length];
        if (by % 8 != 0) k = _keyModels[_someKey(member, _purposeOf(acts[0].action), by / 4)];
        if (by / 64 % 16 == 0) member = k.member;
        bytes memory signature = _signActs(k.sk, member, acts, _deadline());
        bytes memory data = abi.encodeCall(registry.act, (member, acts, _deadline(), signature));
        bool may = k.member == member && k.since == 0 && !_suspended[member] && member != BANK
            && (k.purpose == Purpose.CASE || k.purpose == Purpose.DECIDE);
        bool forDispute = k.purpose == Purpose.CASE;
        _send(data, acts, member, KeyId.unwrap(_keyId(k.sk)), may, forDispute);
    }

    function actByVote(uint256 what, uint256 how) public {
        ICaseRegistry.Act[] memory acts = _some(what, how, true);
        bytes32 salt = bytes32(++salts);
        ProposalId id = _passActs(acts, salt);
        MemberId proposer = consortium.proposal(id).proposer;
        bytes memory data = abi.encodeCall(registry.actByVote, (acts, proposer, salt));
        _send(data, acts, NO_MEMBER, ProposalId.unwrap(id), true, false);
    }

    /// @dev Of the last act of a record, whoever did it.
    function annulStolen(uint256 which) public {
        ICaseRegistry.Act memory a = _recordOf(which);
        RecordId id = _id(a);
        if (_seen[id].word == 0) return;
        CaseModel.Last memory l = model.last(RecordId.unwrap(id));
        bytes memory data = abi.encodeCall(registry.annulStolen, (_steps(_stepOf(a))));
        vm.recordLogs();
        (bool ok,) = address(registry).call(data);
        bool allowed = _modelUndoes(id, _stolen(l));
        _judge(ok, allowed, By.UNDONE);
        if (ok) ++undone;
    }

    function acknowledge(uint256 who, uint256 by, uint256 count, bytes32 head) public {
        MemberId member = _codes()[who % 5];
        KeyModel storage k = _keyModels[_someKey(member, Purpose.CASE, by)];
        if (by % 4 == 0) k = _keyModels[by / 4 % _keyModels.length];
        uint64 upTo = uint64(count % (model.count() + 3));
        bytes memory signature = _signAck(k.sk, member, upTo, head);
        bytes memory data =
            abi.encodeCall(registry.acknowledge, (member, upTo, head, _deadline(), signature));
        (bool ok,) = address(registry).call(data);
        bool allowed = k.member == member && k.purpose == Purpose.CASE && k.since == 0
            && !_suspended[member] && upTo > _acknowledged[member] && upTo <= model.count();
        if (ok != allowed) broken = ok ? "acknowledged, not allowed" : "not acknowledged";
        if (!ok) return;
        ++acknowledgements;
        _acknowledged[member] = upTo;
    }

    /// @dev One of all the rest.
    function disturb(uint256 what, uint256 a, uint256 b) public {
        uint256 kind = what % 4;
        if (kind == 0) suspendOrReinstate(a);
        else if (kind == 1) compromise(a, b);
        else if (kind == 2) replaceContract(a);
        else wait_(a, b);
    }

    /// @dev At most one province at a time, so that votes still pass.
    function suspendOrReinstate(uint256 who) public {
        MemberId code = _codes()[who % 2];
        if (!_suspended[code] && _suspended[_codes()[1 - who % 2]]) return;
        _decide(_suspended[code] ? Kind.REINSTATE : Kind.SUSPEND, abi.encode(code));
        _suspended[code] = !_suspended[code];
        model.setIdle(code, _suspended[code]);
    }

    /// @dev Then its owner registers another one, if it can.
    function compromise(uint256 which, uint256 ago) public {
        KeyModel storage k = _keyModels[which % _keyModels.length];
        uint64 since = _now() - uint64(ago % 9 days);
        if (k.purpose == Purpose.GOVERN || k.since == since || _keyModels.length > 30) return;
        _decide(Kind.COMPROMISE_KEY, abi.encode(k.member, _keyId(k.sk), since));
        k.since = since;
        if (_suspended[k.member]) return;
        uint256 sk = _secret(abi.encode("added", _keyModels.length));
        _addKey(k.member, k.purpose, sk);
        _keyModels.push(KeyModel(sk, k.member, k.purpose, 0));
    }

    function replaceContract(uint256 chance) public {
        if (chance % 4 != 0 || consortium.contractHistory(CASE_REGISTRY).length > 3) return;
        _succeed();
    }

    function wait_(uint256 time, uint256 blocks) public {
        vm.warp(_now() + time % 3 days);
        vm.roll(block.number + blocks % 1_000);
    }

    // ---- what must hold -------------------------------------------------------------------------

    /// @dev Records, count and head are the model's, in whichever contract holds the role now.
    function checkRecords() external view {
        for (uint256 i = 0; i < RECORDS; ++i) {
            _same(_id(_recordOf(i)));
        }
    }

    function checkAcknowledgements() external view {
        MemberId[5] memory codes = _codes();
        for (uint256 i = 0; i < codes.length; ++i) {
            (uint64 count,) = registry.acknowledged(codes[i]);
            equal(count, _acknowledged[codes[i]]);
        }
    }

    // ---- what is sent ---------------------------------------------------------------------------

    /// @dev Three records of Beijing, two of Tianjin, one of the bank.
    function _recordOf(uint256 which) private view returns (ICaseRegistry.Act memory) {
        uint256 i = which % RECORDS;
        MemberId owner = i < 3 ? BEIJING : i < 5 ? TIANJIN : BANK;
        return _actOf(owner, 0, bytes32(i + 1), 0);
    }

    /// @dev One to three acts on records of one owner or of several, most of them proper.
    function _some(uint256 what, uint256 how, bool byVote)
        private
        view
        returns (ICaseRegistry.Act[] memory acts)
    {
        acts = new ICaseRegistry.Act[](how % 8 < 6 ? 1 : how % 8 - 4);
        for (uint256 i = 0; i < acts.length; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(what, how, i)));
            uint256 which = i == 0 || seed % 8 == 0 ? seed / 8 : what / 8 % RECORDS;
            acts[i] = _one(which, seed / 64, byVote);
            for (uint256 j = 0; j < i; ++j) {
                bool any = acts[i].expectedVersion == ANY_VERSION;
                if (!any && _id(acts[j]) == _id(acts[i])) ++acts[i].expectedVersion;
            }
            // A key does one or the other.
            bool dispute = acts[0].action == Action.DISPUTE;
            if (!byVote && dispute && seed / 512 % 8 != 0) acts[i].action = Action.DISPUTE;
        }
    }

    /// @dev The one of two that a record's status allows.
    function _fitting(uint8 action, CaseModel.Record memory r, bool fit)
        private
        pure
        returns (uint8)
    {
        if (!fit || action == Action.CORRECT || action > Action.END) return action;
        if (action <= Action.SETTLE) return r.disputed ? Action.SETTLE : Action.DISPUTE;
        if (action <= Action.LIFT) return r.shielded ? Action.LIFT : Action.SHIELD;
        if (action == Action.ERASE && !r.erased) return action;
        if (r.outcome != CaseModel.Outcome.NONE) return Action.RESCIND;
        return action == Action.RESCIND ? Action.REPAIR : action;
    }

    /// @dev Proper, but perhaps not from where the record is; one time of four with one fault.
    function _one(uint256 which, uint256 seed, bool byVote)
        private
        view
        returns (ICaseRegistry.Act memory a)
    {
        a = _recordOf(which);
        CaseModel.Record memory r = model.record(RecordId.unwrap(_id(a)));
        a.action = _fitting(uint8(1 + seed % 11), r, seed / 2 ** 20 % 4 != 0);
        a.expectedVersion = uint32(r.version);
        if (byVote && seed / 16 % 4 == 0) a.expectedVersion = ANY_VERSION;
        a.doc = bytes32(1 + seed / 64 % 4);
        a.refiledFrom = uint64(seed / 256 % 2);
        if (a.action == Action.CORRECT) {
            a.otherLogId = a.logId;
            a.otherCommitment = seed / 512 % 2 == 0 ? bytes32(1 + which % 3) : bytes32("free");
        }
        uint256 trick = seed / 1024 % 32;
        if (trick == 0) a.expectedVersion ^= 1;
        if (trick == 1) a.expectedVersion = ANY_VERSION;
        if (trick == 2) a.basis = uint16(seed / 2 ** 16 % 14);
        if (trick == 3) a.doc = 0;
        if (trick == 4) a.effectiveAt += uint64(seed / 2 ** 16 % 2 == 0 ? 1 : 1000 days);
        if (trick == 5) a.action = 12;
        if (trick == 6) a.otherCommitment ^= bytes32(seed / 2 ** 16 % 4);
        if (trick == 7) a.otherLogId = _recordOf(seed / 2 ** 16).logId;
    }

    function _send(
        bytes memory data,
        ICaseRegistry.Act[] memory acts,
        MemberId member,
        bytes32 signedBy,
        bool may,
        bool forDispute
    ) private {
        vm.recordLogs();
        (bool ok,) = address(registry).call(data);
        bool allowed = may && _modelTakes(acts, member, signedBy, forDispute);
        _judge(ok, allowed, member == NO_MEMBER ? By.VOTE : By.OWNER);
        if (ok) ++taken;
        else ++refused;
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

    function _modelUndoes(RecordId id, bool stolen) private returns (bool) {
        try model.undo(RecordId.unwrap(id), stolen) {
            return true;
        } catch {
            return false;
        }
    }

    // ---- what is seen ---------------------------------------------------------------------------

    /// @dev Beside the model, what the text says of every act: nothing goes back, an act more is a
    /// version more, each names the block of the one before, and what a vote set only a vote changes.
    function _judge(bool ok, bool allowed, By by) private {
        if (ok != allowed) broken = ok ? "taken, not allowed" : "allowed, not taken";
        // What reverted is among them too.
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; ok && i < logs.length; ++i) {
            _follow(logs[i]);
        }
        for (uint256 i = 0; i < RECORDS; ++i) {
            RecordId id = _id(_recordOf(i));
            ICaseRegistry.Stored memory now_ = _stored(id);
            Seen storage before = _seen[id];
            if (now_.history != before.history) broken = "history not told";
            if (_version(now_.word) != _version(before.word)) broken = "version not told";
            uint256 marks = before.word & 0x70;
            uint256 marked = marks / 16 & 3;
            if (by != By.VOTE && now_.word & marks != marks) broken = "mark gone";
            if (by != By.VOTE && now_.word & marked != marked) broken = "marked flag gone";
            if (by != By.VOTE && marks & 64 != 0 && (now_.word ^ before.word) & 0xff00 != 0) {
                broken = "marked outcome gone";
            }
            _seen[id] = Seen(now_.word, now_.history);
        }
    }

    /// @dev By the event alone, as whoever reads the chain does.
    function _follow(Vm.Log memory log) private {
        RecordId id = RecordId.wrap(log.topics[1]);
        Seen storage s = _seen[id];
        (ICaseRegistry.Act memory a, bytes32 signedBy, uint32 version, uint64 prevBlock,) =
            abi.decode(log.data, (ICaseRegistry.Act, bytes32, uint32, uint64, bytes32));
        if (uint256(log.topics[2]) != ++_counted) broken = "count";
        if (prevBlock != s.word >> 176) broken = "prevBlock";
        if (version != _version(s.word) + 1) broken = "version";
        s.history =
            keccak256(abi.encode(s.history, log.topics[3], a, uint256(block.timestamp), signedBy));
        // Flags and outcome stay as they were before the call; the rest is that of this act.
        s.word = s.word & 0xffff | uint256(version) << 16 | uint256(block.number) << 176;
    }

    function _version(uint256 word) private pure returns (uint256) {
        return word >> 16 & 0xffffffff;
    }

    // ---- keys -----------------------------------------------------------------------------------

    function _addModel(MemberId code, uint8 purpose) private {
        _keyModels.push(KeyModel(_sk(code, purpose), code, purpose, 0));
    }

    /// @dev The one that came last among those of the member, three times of four.
    function _someKey(MemberId code, uint8 purpose, uint256 seed) private view returns (uint256) {
        uint256 found;
        for (uint256 i = 0; i < _keyModels.length; ++i) {
            KeyModel storage k = _keyModels[i];
            if (k.member != code || k.purpose != purpose) continue;
            found = i;
            if (seed % 4 == 0) break;
        }
        return found;
    }

    function _stolen(CaseModel.Last memory l) private returns (bool) {
        for (uint256 i = 0; i < _keyModels.length; ++i) {
            KeyModel storage k = _keyModels[i];
            if (KeyId.unwrap(_keyId(k.sk)) != l.signedBy) continue;
            return k.since != 0 && k.since <= l.recordedAt;
        }
        return false;
    }
}
