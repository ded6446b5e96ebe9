// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {LogAnchor} from "../LogAnchor.sol";
import {Choice, Kind, LogStatus, MemberStatus, Purpose, Role, Suite} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, ProposalId} from "../types/Ids.sol";
import {Reference} from "./Reference.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev Votes at random on every kind that the Consortium carries out, with members that come and go,
/// and lets each member write whatever it can. `broken` says which promise did not hold.
contract GovernHandler is World {
    uint256 private constant MAX_MEMBERS = 9;

    string public broken;
    mapping(uint8 kind => uint256 count) public carriedOut;
    uint256 public refused;
    uint256 public written;
    uint256 public unwritten;

    MemberId[] private _known;
    mapping(MemberId member => bool) private _retired;
    mapping(LogId logId => uint64 size) private _grown;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 5; ++i) {
            _known.push(_codes()[i]);
        }
    }

    // ---- what may happen ------------------------------------------------------------------------

    /// @dev A vote of those who can, on one of the kinds, with whatever arguments.
    function decide(uint256 which, uint256 who, uint256 what) public {
        uint8[13] memory kinds = [
            Kind.SUSPEND,
            Kind.REINSTATE,
            Kind.RECOVER_KEY,
            Kind.REGISTER_CONTRACT,
            Kind.OPEN_SUCCESSOR,
            Kind.COMPROMISE_KEY,
            Kind.SET_CHAIR,
            Kind.ADMIT,
            Kind.RETIRE,
            Kind.SET_ROLES,
            Kind.SET_THRESHOLD,
            Kind.OPEN_LOG,
            Kind.COMPROMISE_ALL
        ];
        uint8 kind = kinds[which % kinds.length];
        bytes memory data = _data(kind, _known[who % _known.length], what);
        ProposalId id = _tryPass(kind, data);
        if (_none(id)) return;
        (bool ok,) = address(consortium).call(abi.encodeCall(consortium.execute, (id, data)));
        if (!ok) {
            ++refused;
            return;
        }
        ++carriedOut[kind];
        _learn(kind, data);
    }

    /// @dev A member tries every kind of write with its founding keys.
    function write(uint256 who, uint256 what) public {
        MemberId code = _known[who % _known.length];
        IConsortium.Member memory m = consortium.member(code);
        uint256 kind = what % 4;
        bool ok;
        if (kind == 0) ok = _tryAnchor(code, what / 4);
        else if (kind == 1) ok = _tryEndpoint(code, m.seq);
        else if (kind == 2) ok = _tryRevoke(code, m.seq, what / 4);
        else ok = _tryPropose(code, what);
        ok ? ++written : ++unwritten;
        if (!ok) return;
        if (_retired[code]) broken = "a retired member wrote";
        if (m.status == MemberStatus.SUSPENDED && kind != 2) broken = "a suspended one wrote";
    }

    function wait_(uint256 time) public {
        vm.warp(_now() + time % 9 days);
    }

    // ---- what must hold -------------------------------------------------------------------------

    /// @dev Every vote stays in reach, and no two halves can decide apart.
    function checkThreshold() external view {
        MemberId[] memory list = consortium.provinces();
        uint256 active;
        for (uint256 i = 0; i < list.length; ++i) {
            IConsortium.Member memory m = consortium.member(list[i]);
            yes(m.roles & Role.PROVINCE != 0, "no province in the list");
            yes(m.status != MemberStatus.RETIRED, "a retired one in the list");
            if (m.status == MemberStatus.ACTIVE) ++active;
            for (uint256 j = 0; j < i; ++j) {
                yes(list[j] != list[i], "twice in the list");
                yes(consortium.member(list[j]).region != m.region, "two of one region");
            }
        }
        yes(consortium.threshold() <= active, "out of reach");
        yes(active < 2 * uint256(consortium.threshold()), "two halves");
    }

    /// @dev Every member that should be in the list of provinces is; retired ones stay retired, and
    /// their logs closed.
    function checkMembers() external view {
        uint256 provinces;
        for (uint256 i = 0; i < _known.length; ++i) {
            IConsortium.Member memory m = consortium.member(_known[i]);
            bool retired = m.status == MemberStatus.RETIRED;
            yes(retired == _retired[_known[i]], "retired");
            if (!retired && m.roles & Role.PROVINCE != 0) ++provinces;
            equal(consortium.rolesAt(_known[i], _now()), m.roles);
            LogId[] memory logs = consortium.logIds(_known[i]);
            for (uint256 j = 0; retired && j < logs.length; ++j) {
                equal(consortium.log(logs[j]).status, LogStatus.CLOSED);
            }
        }
        equal(consortium.provinces().length, provinces);
        equal(consortium.memberCount(), _known.length);
    }

    /// @dev Sizes only grow, and not in a closed log; the last trusted size lies within.
    function checkSizes() external view {
        for (uint256 i = 0; i < _known.length; ++i) {
            LogId[] memory logs = consortium.logIds(_known[i]);
            for (uint256 j = 0; j < logs.length; ++j) {
                (uint64 size,) = logAnchor.latest(logs[j]);
                equal(size, _grown[logs[j]]);
                IConsortium.Log memory l = consortium.log(logs[j]);
                equal(l.seq, j);
                yes(l.trustedSize <= size, "trusted beyond its end");
                yes(l.status == LogStatus.CLOSED || l.trustedSize == 0, "trusted while open");
            }
        }
    }

    // ---- votes ----------------------------------------------------------------------------------

    function _data(uint8 kind, MemberId code, uint256 what) private returns (bytes memory) {
        MemberId other = _known[what % _known.length];
        if (kind == Kind.RECOVER_KEY) {
            uint256 sk = _secret(abi.encode("recovered", _now(), what));
            IConsortium.KeyInput memory k = _keyInput(code, Purpose.GOVERN, sk);
            k.notAfter = type(uint64).max;
            return abi.encode(k);
        }
        if (kind == Kind.REGISTER_CONTRACT) {
            bool rarely = what % 4 == 0 && consortium.contractHistory(LOG_ANCHOR).length < 4;
            return abi.encode(LOG_ANCHOR, rarely ? new LogAnchor(consortium) : logAnchor);
        }
        if (kind == Kind.OPEN_SUCCESSOR) {
            LogId logId = _someLog(code, what);
            uint64 size = what % 3 == 0 ? 0 : _grown[logId];
            return abi.encode(logId, size, Suite.SHA256);
        }
        if (kind == Kind.COMPROMISE_KEY) {
            uint8 purpose = what % 8 == 0 ? Purpose.GOVERN : Purpose.ANCHOR;
            return abi.encode(code, _keyId(_sk(code, purpose)), _now() - uint64(what % 9 days));
        }
        if (kind == Kind.ADMIT) return _admission(what);
        if (kind == Kind.SET_ROLES) return abi.encode(code, uint8(what));
        if (kind == Kind.SET_THRESHOLD) return abi.encode(uint64(what % 7));
        if (kind == Kind.OPEN_LOG) return abi.encode(code, Suite.SHA256);
        if (kind == Kind.COMPROMISE_ALL) {
            uint8 purpose = what % 8 == 0 ? Purpose.GOVERN : Purpose.ANCHOR;
            return abi.encode(code, purpose, _now() - uint64(what % 9 days));
        }
        return abi.encode(kind == Kind.SET_CHAIR ? other : code);
    }

    function _admission(uint256 what) private returns (bytes memory) {
        bool room = _known.length < MAX_MEMBERS;
        MemberId code = room ? MemberId.wrap(bytes32(_known.length)) : _known[what % _known.length];
        IConsortium.KeyInput[] memory keys = new IConsortium.KeyInput[](2);
        keys[0] = _keyInput(code, Purpose.GOVERN, _sk(code, Purpose.GOVERN));
        keys[1] = _keyInput(code, Purpose.ANCHOR, _sk(code, Purpose.ANCHOR));
        (keys[0].notAfter, keys[1].notAfter) = (type(uint64).max, type(uint64).max);
        bytes32 region = _region(what % 5 == 0 ? HEBEI : code);
        uint8 roles = what % 2 == 0 ? Role.PROVINCE : uint8(what >> 8);
        return abi.encode(IConsortium.FounderInput(code, region, roles, ""), keys);
    }

    function _tryPass(uint8 kind, bytes memory data) private returns (ProposalId id) {
        bytes32 salt = bytes32(++salts);
        for (uint256 i = 0; i < _known.length; ++i) {
            MemberId code = _known[i];
            if (_none(id) && _sendProposal(code, kind, data, salt)) {
                id = consortium.proposalIdOf(code, kind, keccak256(data), salt);
            }
            if (_none(id)) continue;
            bytes32 structHash = Typed.hashVote(code, id, Choice.YES, _deadline());
            bytes memory signature = _signGovern(code, structHash);
            (bool ok,) = address(consortium)
                .call(
                    abi.encodeCall(consortium.vote, (code, id, Choice.YES, _deadline(), signature))
                );
            if (ok && consortium.passed(id)) return id;
        }
        return ProposalId.wrap(0);
    }

    function _none(ProposalId id) private pure returns (bool) {
        return ProposalId.unwrap(id) == 0;
    }

    function _sendProposal(MemberId code, uint8 kind, bytes memory data, bytes32 salt)
        private
        returns (bool ok)
    {
        uint64 end = _now() + 1 days;
        bytes32 structHash = Typed.hashPropose(code, kind, data, salt, end, _deadline());
        bytes memory signature = _signGovern(code, structHash);
        (ok,) = address(consortium)
            .call(
                abi.encodeCall(
                    consortium.propose, (code, kind, data, salt, end, _deadline(), signature)
                )
            );
    }

    function _learn(uint8 kind, bytes memory data) private {
        if (kind == Kind.RETIRE) _retired[abi.decode(data, (MemberId))] = true;
        if (kind == Kind.ADMIT) {
            (IConsortium.FounderInput memory f,) =
                abi.decode(data, (IConsortium.FounderInput, IConsortium.KeyInput[]));
            _known.push(f.code);
        }
        if (kind == Kind.REGISTER_CONTRACT) {
            logAnchor = LogAnchor(consortium.current(LOG_ANCHOR));
        }
    }

    // ---- writes ---------------------------------------------------------------------------------

    function _someLog(MemberId code, uint256 what) private view returns (LogId) {
        LogId[] memory ids = consortium.logIds(code);
        return ids[what % ids.length];
    }

    function _tryAnchor(MemberId code, uint256 what) private returns (bool ok) {
        LogId logId = _someLog(code, what);
        uint64 size = _grown[logId];
        if (size > 20) return false;
        uint64 next = size + 1 + uint64(what % 3);
        bytes32 root = Reference.root(_leaves(0, next));
        ILogAnchor.Checkpoint memory c =
            ILogAnchor.Checkpoint(code, logId, size, next, root, _deadline());
        bool wasOpen = consortium.log(logId).status == LogStatus.OPEN;
        bytes memory signature = _signAnchor(_sk(code, Purpose.ANCHOR), c);
        (ok,) = address(logAnchor)
            .call(abi.encodeCall(logAnchor.anchor, (c, _proof(size, next), signature)));
        if (!ok) return false;
        if (!wasOpen) broken = "a closed log grew";
        _grown[logId] = next;
    }

    function _tryEndpoint(MemberId code, uint64 seq) private returns (bool ok) {
        bytes32 structHash = Typed.hashSetEndpoint(code, "x", seq, _deadline());
        bytes memory signature = _signGovern(code, structHash);
        (ok,) = address(consortium)
            .call(abi.encodeCall(consortium.setEndpoint, (code, "x", seq, _deadline(), signature)));
    }

    /// @dev Of keys that nobody votes or anchors with, so that the rest goes on.
    function _tryRevoke(MemberId code, uint64 seq, uint256 what) private returns (bool ok) {
        IConsortium.Key[] memory list = consortium.keys(code, 2, 99);
        if (list.length == 0) return false;
        KeyId keyId = list[what % list.length].keyId;
        uint64 since = what % 2 == 0 ? 0 : _now();
        bytes32 structHash = Typed.hashRevokeKey(code, keyId, since, seq, _deadline());
        bytes memory signature = _signGovern(code, structHash);
        bool suspended = consortium.member(code).status == MemberStatus.SUSPENDED;
        (ok,) = address(consortium)
            .call(
                abi.encodeCall(
                    consortium.revokeKey, (code, keyId, since, seq, _deadline(), signature)
                )
            );
        if (ok && suspended && since != 0) broken = "a suspended one voided";
    }

    function _tryPropose(MemberId code, uint256 what) private returns (bool) {
        bool province = consortium.member(code).roles & Role.PROVINCE != 0;
        bool ok = _sendProposal(code, 99, abi.encode(what), bytes32(++salts));
        if (ok && !province) broken = "one that is no province proposed";
        return ok;
    }
}
