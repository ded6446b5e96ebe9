// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {CaseRegistry} from "../CaseRegistry.sol";
import {Catalogue} from "../Catalogue.sol";
import {Consortium} from "../Consortium.sol";
import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {ICatalogue} from "../interfaces/ICatalogue.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {LogAnchor} from "../LogAnchor.sol";
import {Action, Choice, Kind, MemberStatus, Purpose, Visibility} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, NO_MEMBER, ProposalId} from "../types/Ids.sol";
import {CaseWorld} from "./CaseWorld.sol";
import {Typed} from "./Typed.sol";

/// @dev Every write that there is, each with every signature that must not do. All writes here are
/// Beijing's; each test first or last shows that the same write with a proper signature goes through.
contract SignaturesTest is CaseWorld {
    enum Write {
        PROPOSE,
        VOTE,
        SET_ENDPOINT,
        ADD_KEY,
        REVOKE_KEY,
        ANCHOR,
        PUT_SUPPLEMENT,
        DISPUTE,
        DECIDE,
        ACKNOWLEDGE
    }

    uint256 private constant WRITES = 10;
    uint256 private constant NEW = 0xbeef;
    uint256 private constant ORDER =
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    ProposalId private _open;
    LogId private _log;

    function setUp() public override {
        super.setUp();
        _log = _logId(BEIJING);
        _open = _propose(BEIJING, 99, "some action", "salt", START + 30 days);
        _do(_actOf(TIANJIN, Action.END, "acknowledged", 0));
    }

    function test_properOnesGoThrough() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            _succeeds(Write(i), _proper(Write(i)));
        }
    }

    /// @dev The last second of the deadline still belongs to it.
    function test_atTheDeadline() public {
        vm.warp(DUE);
        for (uint256 i = 0; i < WRITES; ++i) {
            _succeeds(Write(i), _proper(Write(i)));
        }
    }

    function test_Revert_deadlinePassed() public {
        vm.warp(DUE + 1);
        for (uint256 i = 0; i < WRITES; ++i) {
            Write w = Write(i);
            bytes4 selector = _account(w) == address(consortium)
                ? IConsortiumErrors.Consortium_DeadlinePassed.selector
                : IRoleContract.RoleContract_DeadlinePassed.selector;
            _failsWith(w, _proper(w), abi.encodeWithSelector(selector, DUE, DUE + 1));
        }
    }

    /// @dev No write can be sent twice.
    function test_Revert_replay() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            bytes memory signature = _proper(Write(i));
            bytes memory data = _data(Write(i), signature);
            (bool first,) = _account(Write(i)).call(data);
            (bool second,) = _account(Write(i)).call(data);
            yes(first && !second, "replayed");
        }
    }

    function test_Revert_otherChain() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            Typed.Domain memory d = _domain(Write(i));
            d.chainId += 1;
            _fails(Write(i), _signIn(Write(i), d));
        }
    }

    /// @dev The chain forks and gets another id: the contracts notice.
    function test_Revert_afterAFork() public {
        bytes[] memory signatures = new bytes[](WRITES);
        for (uint256 i = 0; i < WRITES; ++i) {
            signatures[i] = _proper(Write(i));
        }
        vm.chainId(block.chainid + 1);
        for (uint256 i = 0; i < WRITES; ++i) {
            _refused(Write(i), signatures[i]);
        }
        _succeeds(Write.SET_ENDPOINT, _proper(Write.SET_ENDPOINT));
        _succeeds(Write.ANCHOR, _proper(Write.ANCHOR));
    }

    /// @dev The same contract at another address.
    function test_Revert_otherContract() public {
        Consortium other = new Consortium(_founders(), _keys(), _logs(), THRESHOLD);
        for (uint256 i = 0; i < WRITES; ++i) {
            Typed.Domain memory d = _domain(Write(i));
            d.account = address(other);
            if (Write(i) == Write.ANCHOR) d.account = address(new LogAnchor(consortium));
            if (Write(i) == Write.PUT_SUPPLEMENT) d.account = address(new Catalogue(consortium));
            if (_isOfCases(Write(i))) d.account = address(new CaseRegistry(consortium));
            _fails(Write(i), _signIn(Write(i), d));
        }
    }

    /// @dev The name of another contract at the right address.
    function test_Revert_otherName() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            Typed.Domain memory d = _domain(Write(i));
            d.name = Write(i) == Write.ANCHOR ? "CreditLedger Catalogue" : "CreditLedger LogAnchor";
            _fails(Write(i), _signIn(Write(i), d));
        }
    }

    /// @dev No member writes for another, with whichever of its own keys.
    function test_Revert_otherMember() public {
        MemberId[2] memory others = [TIANJIN, BANK];
        for (uint256 i = 0; i < WRITES; ++i) {
            for (uint256 j = 0; j < 2; ++j) {
                _fails(Write(i), _signBy(Write(i), _sk(others[j], _purpose(Write(i)))));
            }
        }
    }

    function test_Revert_otherPurpose() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            uint8 other = _purpose(Write(i)) == Purpose.ANCHOR ? Purpose.GOVERN : Purpose.ANCHOR;
            _fails(Write(i), _signBy(Write(i), _sk(BEIJING, other)));
        }
    }

    function test_Revert_keyOfNobody() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            _fails(Write(i), _signBy(Write(i), NEW));
        }
    }

    function test_Revert_beforeItsWindow() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            bytes memory signature = _proper(Write(i));
            vm.warp(START - 1);
            _fails(Write(i), signature);
            vm.warp(START);
            _succeeds(Write(i), signature);
        }
    }

    function test_Revert_afterItsWindow() public {
        IConsortium.KeyInput[] memory keys = _keys();
        for (uint256 i = 0; i < keys.length; ++i) {
            if (keys[i].member == BEIJING) keys[i].notAfter = START + 10;
        }
        consortium = new Consortium(_founders(), keys, _logs(), THRESHOLD);
        logAnchor = new LogAnchor(consortium);
        catalogue = new Catalogue(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(LOG_ANCHOR, logAnchor));
        _decide(Kind.REGISTER_CONTRACT, abi.encode(CATALOGUE, catalogue));
        _succeed();
        _log = _logId(BEIJING);
        _open = _propose(BEIJING, 99, "some action", "salt", START + 30 days);
        model.own(_logId(TIANJIN), TIANJIN);
        _do(_actOf(TIANJIN, Action.END, "elsewhere", 0));
        for (uint256 i = 0; i < WRITES; ++i) {
            bytes memory signature = _proper(Write(i));
            vm.warp(START + 11);
            _fails(Write(i), signature);
            vm.warp(START + 10);
            _succeeds(Write(i), signature);
        }
    }

    function test_Revert_compromised() public {
        uint8[4] memory purposes = [Purpose.ANCHOR, Purpose.GOVERN, Purpose.CASE, Purpose.DECIDE];
        for (uint256 i = 0; i < purposes.length; ++i) {
            KeyId keyId = _keyId(_sk(BEIJING, purposes[i]));
            _decideWithout(BEIJING, Kind.COMPROMISE_KEY, abi.encode(BEIJING, keyId, START));
        }
        for (uint256 i = 0; i < WRITES; ++i) {
            _fails(Write(i), _proper(Write(i)));
        }
    }

    /// @dev An ended key writes in the block of its end and never after.
    function test_Revert_revoked() public {
        KeyId keyId = _keyId(_sk(BEIJING, Purpose.ANCHOR));
        bytes memory signature =
            _signGovern(BEIJING, Typed.hashRevokeKey(BEIJING, keyId, 0, 0, DUE));
        consortium.revokeKey(BEIJING, keyId, 0, 0, DUE, signature);
        vm.warp(START + 1);
        _fails(Write.ANCHOR, _proper(Write.ANCHOR));
        vm.warp(START);
        _succeeds(Write.ANCHOR, _proper(Write.ANCHOR));
    }

    /// @dev It ends its keys, and that is all.
    function test_Revert_suspended() public {
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_MemberNotActive.selector, BEIJING, MemberStatus.SUSPENDED
        );
        _decide(Kind.SUSPEND, abi.encode(BEIJING));
        for (uint256 i = 0; i < WRITES; ++i) {
            if (Write(i) != Write.REVOKE_KEY) _failsWith(Write(i), _proper(Write(i)), expected);
        }
        _succeeds(Write.REVOKE_KEY, _proper(Write.REVOKE_KEY));
        _decideWithout(BEIJING, Kind.REINSTATE, abi.encode(BEIJING));
        for (uint256 i = 0; i < WRITES; ++i) {
            if (Write(i) != Write.REVOKE_KEY) _succeeds(Write(i), _proper(Write(i)));
        }
    }

    /// @dev It never writes again.
    function test_Revert_retired() public {
        _decide(Kind.RETIRE, abi.encode(BEIJING));
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_MemberNotActive.selector, BEIJING, MemberStatus.RETIRED
        );
        for (uint256 i = 0; i < WRITES; ++i) {
            _failsWith(Write(i), _proper(Write(i)), expected);
        }
    }

    /// @dev The second signature that anybody can make of a first one.
    function test_Revert_highS() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = _split(_proper(Write(i)));
            bytes32 high = bytes32(ORDER - uint256(s));
            _failsWith(
                Write(i),
                abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27)),
                abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, high)
            );
        }
    }

    function test_Revert_otherV() public {
        uint8[4] memory bad = [0, 1, 26, 29];
        for (uint256 i = 0; i < WRITES; ++i) {
            (, bytes32 r, bytes32 s) = _split(_proper(Write(i)));
            for (uint256 j = 0; j < bad.length; ++j) {
                _failsWith(
                    Write(i),
                    abi.encodePacked(r, s, bad[j]),
                    abi.encodeWithSelector(ECDSA.ECDSAInvalidSignature.selector)
                );
            }
        }
    }

    /// @dev Empty, compact (EIP-2098), one byte short, one too many.
    function test_Revert_otherLength() public {
        uint8[4] memory lengths = [0, 64, 66, 130];
        for (uint256 i = 0; i < WRITES; ++i) {
            bytes memory signature = _proper(Write(i));
            for (uint256 j = 0; j < lengths.length; ++j) {
                bytes memory other = new bytes(lengths[j]);
                for (uint256 k = 0; k < other.length && k < 65; ++k) {
                    other[k] = signature[k];
                }
                _failsWith(
                    Write(i),
                    other,
                    abi.encodeWithSelector(
                        ECDSA.ECDSAInvalidSignatureLength.selector, uint256(lengths[j])
                    )
                );
            }
        }
    }

    function test_Revert_zeroSignature() public {
        for (uint256 i = 0; i < WRITES; ++i) {
            _failsWith(
                Write(i),
                abi.encodePacked(bytes32(0), bytes32(0), uint8(27)),
                abi.encodeWithSelector(ECDSA.ECDSAInvalidSignature.selector)
            );
        }
    }

    /// @dev One bit anywhere in the signature.
    function testFuzz_Revert_flippedSignature(uint256 which, uint256 bit) public {
        Write w = Write(which % WRITES);
        bytes memory signature = _proper(w);
        uint256 at = bit % (65 * 8);
        signature[at / 8] ^= bytes1(uint8(1 << (at % 8)));
        _refused(w, signature);
    }

    /// @dev One bit anywhere in what is signed: the words of the call before the signature.
    function testFuzz_Revert_flippedField(uint256 which, uint256 bit) public {
        Write w = Write(which % WRITES);
        bytes memory data = _data(w, _proper(w));
        uint256 at = 4 * 8 + bit % (_staticWords(w) * 256);
        data[at / 8] ^= bytes1(uint8(1 << (at % 8)));
        (bool ok,) = _account(w).call(data);
        yes(!ok, "flipped field");
    }

    // ---- the writes -----------------------------------------------------------------------------

    function _purpose(Write w) private pure returns (uint8) {
        if (w == Write.DISPUTE || w == Write.ACKNOWLEDGE) return Purpose.CASE;
        if (w == Write.DECIDE) return Purpose.DECIDE;
        return w == Write.ANCHOR ? Purpose.ANCHOR : Purpose.GOVERN;
    }

    function _isOfCases(Write w) private pure returns (bool) {
        return w == Write.DISPUTE || w == Write.DECIDE || w == Write.ACKNOWLEDGE;
    }

    function _account(Write w) private view returns (address) {
        if (w == Write.ANCHOR) return address(logAnchor);
        if (_isOfCases(w)) return address(registry);
        return w == Write.PUT_SUPPLEMENT ? address(catalogue) : address(consortium);
    }

    function _domain(Write w) private view returns (Typed.Domain memory) {
        if (w == Write.ANCHOR) return Typed.domain("LogAnchor", address(logAnchor));
        if (_isOfCases(w)) return Typed.domain("CaseRegistry", address(registry));
        return w == Write.PUT_SUPPLEMENT
            ? Typed.domain("Catalogue", address(catalogue))
            : Typed.domain("Consortium", address(consortium));
    }

    /// @dev Writes about a member take the seq that it has by then.
    function _seq() private view returns (uint64) {
        return consortium.member(BEIJING).seq;
    }

    function _key() private returns (IConsortium.KeyInput memory k) {
        k = _keyInput(BEIJING, Purpose.CASE, NEW);
        k.notAfter = type(uint64).max;
    }

    function _anchored() private view returns (ILogAnchor.Checkpoint memory c) {
        c = _checkpoint(BEIJING, 0, 3);
        (c.logId, c.deadline) = (_log, DUE);
    }

    function _supplemented() private pure returns (ICatalogue.Supplement memory) {
        return ICatalogue.Supplement(
            BEIJING, "penalty", 1, "content", START, 0, Visibility.PUBLIC, _region(BEIJING), DUE
        );
    }

    function _acted(Write w) private view returns (ICaseRegistry.Act[] memory acts) {
        acts = _list(_act(Action.DISPUTE, "disputed"));
        if (w == Write.DECIDE) acts = _list(_act(Action.REPAIR, "decided"));
        acts[0].logId = _log;
    }

    function _structHash(Write w) private returns (bytes32) {
        if (w == Write.PROPOSE) {
            return Typed.hashPropose(BEIJING, 99, "action", "salt", START + 9 days, DUE);
        }
        if (w == Write.VOTE) return Typed.hashVote(BEIJING, _open, Choice.YES, DUE);
        if (w == Write.SET_ENDPOINT) return Typed.hashSetEndpoint(BEIJING, "x", _seq(), DUE);
        if (w == Write.ADD_KEY) return Typed.hashAddKey(_key(), _seq(), DUE);
        if (w == Write.REVOKE_KEY) {
            return Typed.hashRevokeKey(BEIJING, _revocable(), 0, _seq(), DUE);
        }
        if (w == Write.ANCHOR) return Typed.hash(_anchored());
        if (w == Write.ACKNOWLEDGE) return Typed.hashAck(BEIJING, 1, "head", DUE);
        if (_isOfCases(w)) return Typed.hashActs(BEIJING, _acted(w), DUE);
        return Typed.hash(_supplemented());
    }

    function _data(Write w, bytes memory signature) private returns (bytes memory) {
        if (w == Write.PROPOSE) {
            return abi.encodeCall(
                consortium.propose, (BEIJING, 99, "action", "salt", START + 9 days, DUE, signature)
            );
        }
        if (w == Write.VOTE) {
            return abi.encodeCall(consortium.vote, (BEIJING, _open, Choice.YES, DUE, signature));
        }
        if (w == Write.SET_ENDPOINT) {
            return abi.encodeCall(consortium.setEndpoint, (BEIJING, "x", _seq(), DUE, signature));
        }
        if (w == Write.ADD_KEY) {
            bytes memory own = _signDigest(NEW, Typed.digest(_domain(w), _structHash(w)));
            return abi.encodeCall(consortium.addKey, (_key(), _seq(), DUE, signature, own));
        }
        if (w == Write.REVOKE_KEY) {
            return abi.encodeCall(
                consortium.revokeKey, (BEIJING, _revocable(), 0, _seq(), DUE, signature)
            );
        }
        if (w == Write.ANCHOR) {
            return abi.encodeCall(logAnchor.anchor, (_anchored(), new bytes32[](0), signature));
        }
        if (w == Write.ACKNOWLEDGE) {
            return abi.encodeCall(registry.acknowledge, (BEIJING, 1, "head", DUE, signature));
        }
        if (_isOfCases(w)) {
            return abi.encodeCall(registry.act, (BEIJING, _acted(w), DUE, signature));
        }
        return abi.encodeCall(catalogue.putSupplement, (_supplemented(), signature));
    }

    /// @dev Words that stand before anything dynamic and are signed; the endpoint, the data and the
    /// key are dynamic, and so is all of addKey's input.
    function _staticWords(Write w) private pure returns (uint256) {
        if (w == Write.PROPOSE) return 2;
        if (w == Write.VOTE) return 4;
        if (w == Write.REVOKE_KEY) return 5;
        if (w == Write.ANCHOR) return 6;
        if (w == Write.PUT_SUPPLEMENT) return 9;
        if (w == Write.ACKNOWLEDGE) return 4;
        return 1;
    }

    /// @dev The key that REVOKE_KEY revokes: not one that the other writes need.
    function _revocable() private returns (KeyId) {
        KeyId keyId = _keyId(NEW);
        return consortium.key(BEIJING, keyId).member == NO_MEMBER
            ? _keyId(_sk(BEIJING, Purpose.ANCHOR))
            : keyId;
    }

    function _proper(Write w) private returns (bytes memory) {
        return _signBy(w, _sk(BEIJING, _purpose(w)));
    }

    function _signBy(Write w, uint256 sk) private returns (bytes memory) {
        return _signDigest(sk, Typed.digest(_domain(w), _structHash(w)));
    }

    function _signIn(Write w, Typed.Domain memory d) private returns (bytes memory) {
        return _signDigest(_sk(BEIJING, _purpose(w)), Typed.digest(d, _structHash(w)));
    }

    // ---- what comes of them ---------------------------------------------------------------------

    function _succeeds(Write w, bytes memory signature) private {
        (bool ok,) = _account(w).call(_data(w, signature));
        yes(ok, "proper signature refused");
    }

    function _refused(Write w, bytes memory signature) private {
        (bool ok,) = _account(w).call(_data(w, signature));
        yes(!ok, "signature taken");
    }

    function _failsWith(Write w, bytes memory signature, bytes memory expected) private {
        (bool ok, bytes memory told) = _account(w).call(_data(w, signature));
        yes(!ok, "signature taken");
        equal(keccak256(told), keccak256(expected));
    }

    /// @dev Refused because whoever signed this digest has no such key.
    function _fails(Write w, bytes memory signature) private {
        (uint8 v, bytes32 r, bytes32 s) = _split(signature);
        address signer = ecrecover(Typed.digest(_domain(w), _structHash(w)), v, r, s);
        _failsWith(
            w,
            signature,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyNotValid.selector, BEIJING, _purpose(w), signer
            )
        );
    }

    function _split(bytes memory signature) private pure returns (uint8 v, bytes32 r, bytes32 s) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}
