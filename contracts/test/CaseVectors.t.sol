// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {CaseRegistrySlot} from "../base/Slots.sol";
import {CaseRegistry} from "../CaseRegistry.sol";
import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {Action, MemberStatus, Role} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, NO_MEMBER, ProposalId, RecordId} from "../types/Ids.sol";
import {Base, Vm} from "./Base.sol";
import {CaseModel} from "./CaseModel.sol";
import {Typed} from "./Typed.sol";

/// @dev A consortium that says what an example presupposes: its ids of keys and proposals are any
/// 32 bytes, which no signature gives. Whom it was asked about, it says in its refusal.
contract Presupposed {
    error Asked(MemberId member, uint8 roles, uint8 purpose, address signer);

    address public current_;
    MemberId private immutable _member;
    KeyId private _keyId;
    ProposalId private _proposalId;
    bool private _refuses;

    constructor(MemberId member_) {
        _member = member_;
    }

    function set(address registry, bytes32 signedBy, bool refuses) external {
        (current_, _refuses) = (registry, refuses);
        (_keyId, _proposalId) = (KeyId.wrap(signedBy), ProposalId.wrap(signedBy));
    }

    function current(bytes32) external view returns (address) {
        return current_;
    }

    function predecessorOf(address) external pure returns (address) {
        return address(0);
    }

    function authorise(MemberId code, uint8 roles, uint8 purpose, address signer)
        external
        view
        returns (KeyId)
    {
        if (_refuses) revert Asked(code, roles, purpose, signer);
        return _keyId;
    }

    function log(LogId logId) external view returns (IConsortium.Log memory found) {
        (found.logId, found.member) = (logId, _member);
    }

    function member(MemberId code) external pure returns (IConsortium.Member memory found) {
        (found.code, found.status, found.roles) = (code, MemberStatus.ACTIVE, Role.PROVINCE);
    }

    function key(MemberId code, KeyId keyId) external view returns (IConsortium.Key memory found) {
        (found.keyId, found.member) = (keyId, code);
        found.compromisedSince = uint64(block.timestamp) - 30 days;
    }

    function proposalIdOf(MemberId, uint8, bytes32, bytes32) external view returns (ProposalId) {
        return _proposalId;
    }

    function passed(ProposalId) external pure returns (bool) {
        return true;
    }
}

/// @dev The worked examples of part 2, act by act: what two implementations that did not see each
/// other gave.
contract CaseVectorsTest is Base {
    uint256 private constant KEY = 0xc0ffee;
    uint64 private constant DUE = 1 hours;

    Presupposed private _consortium;
    CaseRegistry private _registry;
    CaseModel private _model;
    MemberId private _member;
    string private _input;
    string private _expected;

    function test_vectors_case() public {
        equal(_replay("case"), 7);
    }

    function test_vectors_outcome() public {
        equal(_replay("outcome"), 27);
    }

    function test_vectors_query() public {
        equal(_replay("query"), 25);
    }

    function _replay(string memory name) private returns (uint256 count) {
        string memory dir = string.concat("tests/vectors/part-2/", name);
        _input = vm.readFile(string.concat(dir, "/input.json"));
        _expected = vm.readFile(string.concat(dir, "/expected.json"));
        vm.chainId(vm.parseJsonUint(_input, ".chainId"));
        // Codes are at most 32 bytes long.
        // forge-lint: disable-next-line(unsafe-typecast)
        _member = MemberId.wrap(bytes32(bytes(vm.parseJsonString(_input, ".member"))));
        _consortium = new Presupposed(_member);
        // The same code at the address of the example has the signing domain of the example.
        address there = vm.parseJsonAddress(_input, ".caseRegistry");
        vm.etch(there, address(new CaseRegistry(IConsortium(address(_consortium)))).code);
        _registry = CaseRegistry(there);
        _model = new CaseModel();
        count = _count();
        for (uint256 i = 0; i < count; ++i) {
            this.step(i);
        }
        _digests(count);
    }

    function step(uint256 i) external {
        string memory at = string.concat(".acts[", vm.toString(i), "]");
        ICaseRegistry.Act memory a = _act(at);
        vm.warp(vm.parseJsonUint(_input, string.concat(at, ".recordedAt")));
        vm.roll(vm.parseJsonUint(_input, string.concat(at, ".block")));
        bytes32 signedBy = _hex(_input, string.concat(at, ".signedBy"));
        bool byVote = vm.keyExistsJson(_input, string.concat(at, ".member"));
        _consortium.set(address(_registry), signedBy, false);
        _model.own(a.logId, _member);
        _model.own(a.otherLogId, _member);
        vm.recordLogs();
        if (a.action == Action.ANNUL_STOLEN) _undo(a);
        else _send(a, signedBy, byVote);
        _compare(a, at, byVote ? NO_MEMBER : _member, signedBy);
    }

    function _send(ICaseRegistry.Act memory a, bytes32 signedBy, bool byVote) private {
        ICaseRegistry.Act[] memory acts = new ICaseRegistry.Act[](1);
        acts[0] = a;
        if (byVote) {
            _registry.actByVote(acts, _member, 0);
        } else {
            uint64 deadline = uint64(block.timestamp) + DUE;
            bytes32 structHash = Typed.hashActs(_member, acts, deadline);
            _registry.act(_member, acts, deadline, _sign(structHash));
        }
        _model.take(acts, byVote ? NO_MEMBER : _member, signedBy, a.action == Action.DISPUTE);
    }

    function _undo(ICaseRegistry.Act memory a) private {
        bytes32 id = keccak256(abi.encode(a.logId, a.commitment));
        CaseModel.Last memory l = _model.last(id);
        ICaseRegistry.Step[] memory steps = new ICaseRegistry.Step[](1);
        steps[0] = abi.decode(
            abi.encode(l.historyBefore, l.member, l.act, l.recordedAt, l.signedBy),
            (ICaseRegistry.Step)
        );
        _registry.annulStolen(steps);
        _model.undo(id, true);
    }

    /// @dev Slots, views and the event are what the example says, and so is the model.
    function _compare(
        ICaseRegistry.Act memory a,
        string memory at,
        MemberId member,
        bytes32 signedBy
    ) private {
        RecordId id = RecordId.wrap(_hex(_expected, string.concat(at, ".recordId")));
        equal(_registry.recordIdOf(a.logId, a.commitment), id);
        _compareRecord(id, at);
        uint64 count = uint64(vm.parseJsonUint(_expected, string.concat(at, ".count")));
        bytes32 head = _hex(_expected, string.concat(at, ".head"));
        (uint64 theirs, bytes32 theirHead) = _registry.latest();
        equal(theirs, count);
        equal(theirHead, head);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1);
        equal(logs[0].topics[1], id);
        equal(logs[0].topics[2], bytes32(uint256(count)));
        equal(logs[0].topics[3], member);
        bytes memory before = abi.encode(a, signedBy, uint256(a.expectedVersion) + 1);
        if (a.expectedVersion == type(uint32).max) {
            before = abi.encode(a, signedBy, _model.record(RecordId.unwrap(id)).version);
        }
        uint256 prevBlock = vm.parseJsonUint(_expected, string.concat(at, ".prevBlock"));
        bytes memory data = bytes.concat(before, abi.encode(prevBlock, head));
        equal(keccak256(logs[0].data), keccak256(data));
    }

    function _compareRecord(RecordId id, string memory at) private view {
        bytes32 slot = _hex(_expected, string.concat(at, ".slot"));
        equal(keccak256(abi.encode(id, CaseRegistrySlot.RECORDS)), slot);
        string[3] memory fields = [".word", ".history", ".otherRecordId"];
        CaseModel.Record memory r = _model.record(RecordId.unwrap(id));
        bytes32[3] memory words = [bytes32(_model.wordOf(r)), r.history, r.other];
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 word = _hex(_expected, string.concat(at, fields[i]));
            equal(vm.load(address(_registry), bytes32(uint256(slot) + i)), word);
            equal(words[i], word);
        }
    }

    /// @dev Over all acts of the example as if its member had signed them. The contract hashes one
    /// act at a time here, since it takes no list that DISPUTE stands in with others.
    function _digests(uint256 count) private {
        ICaseRegistry.Act[] memory acts = new ICaseRegistry.Act[](count);
        for (uint256 i = 0; i < count; ++i) {
            acts[i] = _act(string.concat(".acts[", vm.toString(i), "]"));
        }
        uint64 deadline = uint64(vm.parseJsonUint(_input, ".actsDeadline"));
        bytes32 structHash = Typed.hashActs(_member, acts, deadline);
        equal(_digest(structHash), _hex(_expected, ".actsDigest"));
        _ackDigest();
    }

    /// @dev The contract finds who signed the digest of the example.
    function _ackDigest() private {
        uint64 count = uint64(vm.parseJsonUint(_input, ".ack.count"));
        uint64 deadline = uint64(vm.parseJsonUint(_input, ".ack.deadline"));
        bytes32 head = _hex(_input, ".ack.head");
        bytes32 digest = _hex(_expected, ".ackDigest");
        equal(_digest(Typed.hashAck(_member, count, head, deadline)), digest);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        _consortium.set(address(_registry), 0, true);
        vm.expectRevert(
            abi.encodeWithSelector(
                Presupposed.Asked.selector, _member, Role.ANY, 2, vm.createWallet(KEY).addr
            )
        );
        _registry.acknowledge(_member, count, head, deadline, abi.encodePacked(r, s, v));
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return Typed.digest(Typed.domain("CaseRegistry", address(_registry)), structHash);
    }

    function _sign(bytes32 structHash) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, _digest(structHash));
        return abi.encodePacked(r, s, v);
    }

    function _count() private view returns (uint256 count) {
        while (vm.keyExistsJson(_input, string.concat(".acts[", vm.toString(count), "]"))) {
            ++count;
        }
    }

    function _act(string memory at) private view returns (ICaseRegistry.Act memory a) {
        a.logId = LogId.wrap(_hex(_input, string.concat(at, ".logId")));
        a.commitment = _hex(_input, string.concat(at, ".commitment"));
        a.action = uint8(_number(at, ".action"));
        a.expectedVersion = uint32(_number(at, ".expectedVersion"));
        a.basis = uint16(_number(at, ".basis"));
        a.doc = _hex(_input, string.concat(at, ".doc"));
        a.otherLogId = LogId.wrap(_hex(_input, string.concat(at, ".otherLogId")));
        a.otherCommitment = _hex(_input, string.concat(at, ".otherCommitment"));
        a.effectiveAt = uint64(_number(at, ".effectiveAt"));
        a.refiledFrom = uint64(_number(at, ".refiledFrom"));
    }

    function _number(string memory at, string memory field) private view returns (uint256) {
        return vm.parseJsonUint(_input, string.concat(at, field));
    }

    /// @dev Digests are written without 0x.
    function _hex(string memory json, string memory path) private pure returns (bytes32) {
        return vm.parseBytes32(string.concat("0x", vm.parseJsonString(json, path)));
    }
}
