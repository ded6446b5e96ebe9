// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {LogAnchor} from "../LogAnchor.sol";
import {Kind, LogStatus, MemberStatus, Purpose, Suite} from "../types/Codes.sol";
import {KeyId, LogId, MemberId} from "../types/Ids.sol";
import {Reference} from "./Reference.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev Does at random what members, thieves and votes may do, and keeps a model of its own of who
/// may anchor what. An anchor must go through exactly when the model says so; else `broken` is set.
contract Handler is World {
    struct KeyModel {
        uint256 sk;
        MemberId member;
        uint8 purpose;
        uint64 notBefore;
        uint64 notAfter;
        uint64 since;
    }

    struct LogModel {
        LogId id;
        MemberId member;
        bool open;
        bytes32[] leaves;
    }

    struct Root {
        LogId logId;
        uint64 size;
        bytes32 root;
    }

    enum Trick {
        NONE,
        ROOT,
        HISTORY,
        PREV_SIZE,
        DEADLINE,
        PROOF
    }

    /// @dev Trees are rebuilt from their leaves at every step, so they stay small.
    uint256 private constant MAX_LEAVES = 40;

    string public broken;
    uint256 public taken;
    uint256 public refused;
    mapping(MemberId member => bool) private _suspended;
    KeyModel[] private _keyModels;
    LogModel[] private _logModels;
    Root[] private _roots;

    function setUp() public override {
        super.setUp();
        MemberId[5] memory codes = _codes();
        for (uint256 i = 0; i < codes.length; ++i) {
            _addModels(codes[i], Purpose.ANCHOR);
            _addModels(codes[i], Purpose.GOVERN);
            _logModels.push();
            LogModel storage l = _logModels[i];
            (l.id, l.member, l.open) = (_logId(codes[i]), codes[i], true);
        }
    }

    // ---- what may happen ------------------------------------------------------------------------

    /// @dev Half of the time a member on its own log with one of its keys, else any mixture.
    function anchor(uint256 who, uint256 which, uint256 by, uint256 growth, uint256 trick) public {
        LogModel storage l = _logModels[which % _logModels.length];
        MemberId code = who % 4 == 0 ? _codes()[who / 4 % 5] : l.member;
        KeyModel storage k = _keyModels[by / 2 % _keyModels.length];
        if (by % 2 == 0) k = _keyModels[_someAnchorKey(code, by / 2)];
        uint64 size = uint64(l.leaves.length + within(growth, 1, 4));
        if (size > MAX_LEAVES) return;
        // The first half of the range is honest.
        Trick t = trick % 2 == 0 ? Trick.NONE : Trick(1 + trick / 2 % 5);
        _tryAnchor(l, code, k, size, t);
    }

    /// @dev One of all the rest, so that anchors come as often as all of it together.
    function disturb(uint256 what, uint256 a, uint256 b, uint256 c) external {
        uint256 kind = what % 7;
        if (kind == 0) suspendOrReinstate(a);
        else if (kind == 1) revoke(a, b);
        else if (kind == 2) compromise(a, b);
        else if (kind == 3) addKey(a, b, c);
        else if (kind == 4) succeed(a, b);
        else if (kind == 5) replaceContract(a);
        else wait_(a);
    }

    function suspendOrReinstate(uint256 who) public {
        MemberId code = _codes()[who % 5];
        bool back = _suspended[code];
        if (!back && code != BANK && _suspendedProvinces() == 1) return;
        _decide(back ? Kind.REINSTATE : Kind.SUSPEND, abi.encode(code));
        _suspended[code] = !back;
    }

    /// @dev By the owner: plain, or compromised for up to seven days.
    function revoke(uint256 which, uint256 ago) public {
        KeyModel storage k = _keyModels[which % _keyModels.length];
        if (k.purpose != Purpose.ANCHOR || _suspended[k.member]) return;
        if (k.since != 0 || k.notAfter <= _now()) return;
        uint64 since = ago % 2 == 0 ? 0 : _now() - uint64(ago / 2 % 7 days);
        uint64 seq = consortium.member(k.member).seq;
        KeyId keyId = _keyId(k.sk);
        bytes32 structHash = Typed.hashRevokeKey(k.member, keyId, since, seq, _deadline());
        bytes memory signature = _signGovern(k.member, structHash);
        consortium.revokeKey(k.member, keyId, since, seq, _deadline(), signature);
        if (since == 0) k.notAfter = _now();
        else k.since = since;
    }

    function compromise(uint256 which, uint256 ago) public {
        KeyModel storage k = _keyModels[which % _keyModels.length];
        uint64 since = _now() - uint64(ago % 60 days);
        if (k.purpose != Purpose.ANCHOR || k.since == since) return;
        _decide(Kind.COMPROMISE_KEY, abi.encode(k.member, _keyId(k.sk), since));
        k.since = since;
    }

    function addKey(uint256 who, uint256 delay, uint256 life) public {
        MemberId code = _codes()[who % 5];
        if (_suspended[code]) return;
        uint256 sk = _secret(abi.encode("added", _keyModels.length));
        IConsortium.KeyInput memory k = _keyInput(code, Purpose.ANCHOR, sk);
        k.notBefore = _now() + uint64(delay % 3 days);
        k.notAfter = k.notBefore + uint64(life % 9 days);
        uint64 seq = consortium.member(code).seq;
        bytes32 structHash = Typed.hashAddKey(k, seq, _deadline());
        bytes memory own = _sign(sk, "Consortium", address(consortium), structHash);
        consortium.addKey(k, seq, _deadline(), _signGovern(code, structHash), own);
        _keyModels.push(KeyModel(sk, code, Purpose.ANCHOR, k.notBefore, k.notAfter, 0));
    }

    /// @dev Closes a log at some anchored size, or at nothing.
    function succeed(uint256 which, uint256 at) public {
        LogModel storage l = _logModels[which % _logModels.length];
        if (!l.open || _logModels.length > 8) return;
        uint64 trusted;
        if (_roots.length != 0 && _roots[at % _roots.length].logId == l.id) {
            trusted = _roots[at % _roots.length].size;
        }
        _decide(Kind.OPEN_SUCCESSOR, abi.encode(l.id, trusted, Suite.SHA256));
        l.open = false;
        LogModel storage next = _logModels.push();
        (next.id, next.member, next.open) = (consortium.log(l.id).successor, l.member, true);
    }

    function replaceContract(uint256 chance) public {
        if (chance % 4 != 0 || consortium.contractHistory(LOG_ANCHOR).length > 3) return;
        logAnchor = new LogAnchor(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(LOG_ANCHOR, logAnchor));
    }

    function wait_(uint256 time) public {
        vm.warp(_now() + time % 3 days);
    }

    // ---- what must hold -------------------------------------------------------------------------

    /// @dev Every log stands where the model has it, at the root of exactly these leaves.
    function checkLatest() external view {
        for (uint256 i = 0; i < _logModels.length; ++i) {
            LogModel storage l = _logModels[i];
            (uint64 size, bytes32 root) = logAnchor.latest(l.id);
            equal(size, l.leaves.length);
            equal(root, size == 0 ? bytes32(0) : Reference.root(l.leaves));
            uint8 status = consortium.log(l.id).status;
            equal(status, l.open ? LogStatus.OPEN : LogStatus.CLOSED);
        }
    }

    /// @dev What was ever stored is there, in whichever contract holds the role now.
    function checkRoots() external view {
        for (uint256 i = 0; i < _roots.length; ++i) {
            equal(logAnchor.rootAt(_roots[i].logId, _roots[i].size), _roots[i].root);
        }
    }

    /// @dev Members and keys stand as the model has them.
    function checkConsortium() external {
        MemberId[5] memory codes = _codes();
        for (uint256 i = 0; i < 5; ++i) {
            uint8 status = _suspended[codes[i]] ? MemberStatus.SUSPENDED : MemberStatus.ACTIVE;
            equal(consortium.member(codes[i]).status, status);
        }
        for (uint256 i = 0; i < _keyModels.length; ++i) {
            KeyModel storage k = _keyModels[i];
            bool told = consortium.keyValidAt(k.member, _keyId(k.sk), k.purpose, _now());
            yes(told == _valid(k), "keyValidAt");
        }
    }

    // ---- details --------------------------------------------------------------------------------

    function _addModels(MemberId code, uint8 purpose) private {
        _keyModels.push(KeyModel(_sk(code, purpose), code, purpose, START, KEYS_END, 0));
    }

    function _someAnchorKey(MemberId code, uint256 seed) private view returns (uint256) {
        uint256 count = _keyModels.length;
        for (uint256 i = 0; i < count; ++i) {
            KeyModel storage k = _keyModels[(seed % count + i) % count];
            if (k.member == code && k.purpose == Purpose.ANCHOR) return (seed % count + i) % count;
        }
        return 0;
    }

    function _suspendedProvinces() private view returns (uint256 count) {
        MemberId[5] memory codes = _codes();
        for (uint256 i = 0; i < 5; ++i) {
            if (codes[i] != BANK && _suspended[codes[i]]) ++count;
        }
    }

    function _valid(KeyModel storage k) private view returns (bool) {
        return k.notBefore <= _now() && _now() <= k.notAfter && (k.since == 0 || _now() < k.since);
    }

    function _tryAnchor(
        LogModel storage l,
        MemberId code,
        KeyModel storage k,
        uint64 size,
        Trick trick
    ) private {
        bytes32[] memory leaves = _grown(l, size);
        bool allowed = l.member == code && l.open && !_suspended[code] && k.member == code
            && k.purpose == Purpose.ANCHOR && _valid(k) && _isHonest(trick, l.leaves.length);
        bool ok = _send(l, code, k.sk, leaves, trick);
        if (ok != allowed) broken = ok ? "taken, not allowed" : "allowed, not taken";
        if (!ok) {
            ++refused;
            return;
        }
        ++taken;
        for (uint256 i = l.leaves.length; i < size; ++i) {
            l.leaves.push(leaves[i]);
        }
        _roots.push(Root(l.id, size, Reference.root(leaves)));
    }

    /// @dev In an empty log there is no history to rewrite.
    function _isHonest(Trick trick, uint256 size) private pure returns (bool) {
        return trick == Trick.NONE || (trick == Trick.HISTORY && size == 0);
    }

    function _grown(LogModel storage l, uint64 size)
        private
        view
        returns (bytes32[] memory leaves)
    {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = i < l.leaves.length
                ? l.leaves[i]
                : Reference.leafHash(abi.encode(l.id, i, _roots.length));
        }
    }

    function _send(
        LogModel storage l,
        MemberId code,
        uint256 sk,
        bytes32[] memory leaves,
        Trick trick
    ) private returns (bool ok) {
        uint64 prevSize = uint64(l.leaves.length);
        if (trick == Trick.HISTORY && prevSize != 0) leaves[prevSize / 2] ^= bytes32(uint256(1));
        bytes32[] memory proof =
            prevSize == 0 ? new bytes32[](0) : Reference.proof(prevSize, leaves);
        ILogAnchor.Checkpoint memory c = ILogAnchor.Checkpoint(
            code, l.id, prevSize, uint64(leaves.length), Reference.root(leaves), _deadline()
        );
        if (trick == Trick.ROOT) {
            c.root = prevSize == 0 ? bytes32(0) : c.root ^ bytes32(uint256(1));
        }
        if (trick == Trick.PREV_SIZE) c.prevSize = prevSize == 0 ? 1 : prevSize - 1;
        if (trick == Trick.DEADLINE) c.deadline = _now() - 1;
        if (trick == Trick.PROOF) proof = Reference.join(proof, c.root);
        bytes memory data = abi.encodeCall(logAnchor.anchor, (c, proof, _signAnchor(sk, c)));
        (ok,) = address(logAnchor).call(data);
    }
}
