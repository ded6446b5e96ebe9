// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Consortium} from "../Consortium.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {Alg, Kind, Purpose} from "../types/Codes.sol";
import {KeyId, MemberId, NO_KEY, ProposalId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev Keys by vote: held to be stolen, given anew, vetoed.
contract RecoveryTest is World {
    uint256 private constant NEW = 0xbeef;
    uint256 private constant NEWER = 0xcafe;

    // ---- recovery -------------------------------------------------------------------------------

    /// @dev All keys of a member are lost: the others give it a new one, which begins in seven days.
    function test_recoverKey() public {
        vm.warp(START + 5);
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.GOVERN, NEW);
        k.notBefore = 1;
        vm.recordLogs();
        _decide(Kind.RECOVER_KEY, abi.encode(k));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs[logs.length - 2].topics[3], 0);
        uint64 begins = START + 5 + 7 days;
        equal(consortium.key(BANK, _keyId(NEW)).notBefore, begins);
        equal(consortium.member(BANK).recoveredFrom, begins);
        equal(consortium.member(BANK).seq, 0);
        vm.warp(begins - 1);
        _endpointFails(NEW, 0);
        vm.warp(begins);
        _setEndpoint(NEW, 0);
        equal(consortium.member(BANK).endpoint, "back");
    }

    function test_recoverKey_later() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.GOVERN, NEW);
        k.notBefore = START + 20 days;
        _decide(Kind.RECOVER_KEY, abi.encode(k));
        equal(consortium.key(BANK, _keyId(NEW)).notBefore, START + 20 days);
        equal(consortium.member(BANK).recoveredFrom, START + 20 days);
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEWER)));
        equal(consortium.member(BANK).recoveredFrom, START + 20 days);
    }

    /// @dev Others took the keys with which the owner could veto: thirty days, for thirty days.
    function test_recoverKey_afterCompromiseAll() public {
        _decide(Kind.COMPROMISE_ALL, abi.encode(BANK, Purpose.GOVERN, START));
        equal(consortium.member(BANK).governTakenAt, START);
        vm.warp(START + 30 days);
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        equal(consortium.key(BANK, _keyId(NEW)).notBefore, START + 60 days);
        vm.warp(START + 30 days + 1);
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEWER)));
        equal(consortium.key(BANK, _keyId(NEWER)).notBefore, START + 37 days + 1);
    }

    /// @dev One by one is no way round that.
    function test_recoverKey_afterCompromiseKey() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.GOVERN));
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, keyId, START));
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        equal(consortium.key(BANK, _keyId(NEW)).notBefore, START + 30 days);
    }

    /// @dev Other purposes, and corrections, take no veto from anybody.
    function test_recoverKey_notAfterOthers() public {
        _decide(Kind.COMPROMISE_ALL, abi.encode(BANK, Purpose.ANCHOR, START));
        _revoke(BANK, _keyId(_sk(BANK, Purpose.GOVERN)), START, 0);
        vm.warp(START + 5);
        KeyId keyId = _keyId(_sk(BANK, Purpose.GOVERN));
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, keyId, START + 3));
        equal(consortium.member(BANK).governTakenAt, 0);
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        equal(consortium.key(BANK, _keyId(NEW)).notBefore, START + 5 + 7 days);
    }

    /// @dev The owner has a key after all, and what it was given never begins.
    function test_recoverKey_veto() public {
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        vm.warp(START + 6 days);
        _revoke(BANK, _keyId(NEW), 0, 0);
        vm.warp(START + 7 days);
        _endpointFails(NEW, 1);
        yes(
            !consortium.keyValidAt(BANK, _keyId(NEW), Purpose.GOVERN, START + 7 days),
            "valid in spite of the veto"
        );
    }

    function test_Revert_WindowInvalid_recoverTooLate() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.GOVERN, NEW);
        k.notAfter = type(uint64).max;
        uint64 latest = START + 97 days;
        uint64[2] memory begins = [latest + 1, type(uint64).max - 1];
        for (uint256 i = 0; i < begins.length; ++i) {
            k.notBefore = begins[i];
            _decideFails(
                Kind.RECOVER_KEY,
                abi.encode(k),
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_WindowInvalid.selector, begins[i], k.notAfter
                )
            );
        }
        k.notBefore = latest;
        _decide(Kind.RECOVER_KEY, abi.encode(k));
        equal(consortium.member(BANK).recoveredFrom, latest);
    }

    /// @dev Also where the others suspended it first.
    function test_recoverKey_vetoBySuspended() public {
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        _decide(Kind.SUSPEND, abi.encode(BANK));
        _revoke(BANK, _keyId(NEW), 0, 0);
        yes(!consortium.keyValidAt(BANK, _keyId(NEW), Purpose.GOVERN, START + 7 days), "valid");
    }

    /// @dev The veto cannot be taken away while it counts, but by taking everything.
    function test_Revert_RecoveryPending() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.GOVERN));
        bytes memory compromise = abi.encode(BANK, keyId, START);
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        vm.warp(START + 7 days - 1);
        _decideFails(Kind.COMPROMISE_KEY, compromise, _pending(START + 7 days));
        KeyId anchorKey = _keyId(_sk(BANK, Purpose.ANCHOR));
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, anchorKey, START));
        vm.warp(START + 7 days);
        _decide(Kind.COMPROMISE_KEY, compromise);
    }

    /// @dev Nothing is left to be vetoed, so votes take single keys again; whichever way it ended.
    function test_recoverKey_vetoEndsTheBarAtOnce() public {
        bytes memory compromise = abi.encode(BANK, _keyId(_sk(BANK, Purpose.GOVERN)), START);
        uint64[2] memory ways = [uint64(0), START];
        for (uint256 i = 0; i < ways.length; ++i) {
            IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.GOVERN, NEW + i);
            k.notBefore = START + 97 days;
            _decide(Kind.RECOVER_KEY, abi.encode(k));
            _decideFails(Kind.COMPROMISE_KEY, compromise, _pending(START + 97 days));
            _revoke(BANK, _keyId(NEW + i), ways[i], uint64(i));
        }
        equal(consortium.member(BANK).recoveredFrom, START + 97 days);
        _decide(Kind.COMPROMISE_KEY, compromise);
        equal(consortium.member(BANK).governTakenAt, START);
    }

    /// @dev Of two, one is still to be vetoed, be it the earlier or the later one.
    function test_Revert_RecoveryPending_otherOneVetoed() public {
        bytes memory compromise = abi.encode(BANK, _keyId(_sk(BANK, Purpose.GOVERN)), START);
        IConsortium.KeyInput memory later = _keyInput(BANK, Purpose.GOVERN, NEWER);
        later.notBefore = START + 20 days;
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        _decide(Kind.RECOVER_KEY, abi.encode(later));
        uint256 before = vm.snapshotState();
        _revoke(BANK, _keyId(NEW), 0, 0);
        _decideFails(Kind.COMPROMISE_KEY, compromise, _pending(START + 20 days));
        vm.revertToState(before);
        _revoke(BANK, _keyId(NEWER), 0, 0);
        _decideFails(Kind.COMPROMISE_KEY, compromise, _pending(START + 20 days));
        vm.warp(START + 7 days);
        _decide(Kind.COMPROMISE_KEY, compromise);
    }

    /// @dev A key that the member gives itself for later bars nothing, or not beyond that.
    function test_ownKeyForLaterBarsNothing() public {
        bytes memory compromise = abi.encode(BANK, _keyId(_sk(BANK, Purpose.GOVERN)), START);
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.GOVERN, NEW);
        k.notBefore = START + 300 days;
        bytes32 structHash = Typed.hashAddKey(k, 0, _deadline());
        bytes memory own = _sign(NEW, "Consortium", address(consortium), structHash);
        consortium.addKey(k, 0, _deadline(), _signGovern(BANK, structHash), own);
        uint256 before = vm.snapshotState();
        _decide(Kind.COMPROMISE_KEY, compromise);
        vm.revertToState(before);
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEWER)));
        vm.warp(START + 7 days);
        _decide(Kind.COMPROMISE_KEY, compromise);
    }

    function test_compromiseAll_takesTheRecoveredToo() public {
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        _decide(Kind.COMPROMISE_ALL, abi.encode(BANK, Purpose.GOVERN, START));
        vm.warp(START + 7 days);
        _endpointFails(NEW, 0);
    }

    function test_Revert_PurposeInvalid_recover() public {
        uint8[3] memory purposes = [0, Purpose.ANCHOR, Purpose.DECIDE];
        for (uint256 i = 0; i < purposes.length; ++i) {
            _decideFails(
                Kind.RECOVER_KEY,
                abi.encode(_keyInput(BANK, purposes[i], NEW)),
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_PurposeInvalid.selector, purposes[i]
                )
            );
        }
    }

    function test_Revert_WindowInvalid_recover() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.GOVERN, NEW);
        k.notAfter = START + 7 days - 1;
        _decideFails(
            Kind.RECOVER_KEY,
            abi.encode(k),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_WindowInvalid.selector,
                START + 7 days,
                START + 7 days - 1
            )
        );
    }

    function test_Revert_KeyExists_recover() public {
        uint256 sk = _sk(BANK, Purpose.GOVERN);
        _decideFails(
            Kind.RECOVER_KEY,
            abi.encode(_keyInput(BANK, Purpose.GOVERN, sk)),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyExists.selector, BANK, _keyId(sk)
            )
        );
    }

    // ---- one key --------------------------------------------------------------------------------

    /// @dev By vote years back, and forward again when it turns out otherwise.
    function test_compromiseKey() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        vm.warp(START + 300 days);
        vm.recordLogs();
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, keyId, START + 1));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory told = logs[logs.length - 2];
        equal(told.topics[1], BANK);
        equal(told.topics[2], keyId);
        equal(told.topics[3], 0);
        equal(keccak256(told.data), keccak256(abi.encode(START + 1, uint64(0))));
        yes(consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START), "before");
        yes(!consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START + 1), "since");
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, keyId, START + 2));
        yes(consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START + 1), "later");
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, keyId, START));
        yes(!consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START), "earlier");
    }

    function test_Revert_CompromiseInvalid() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, keyId, START - 5));
        uint64[3] memory sinces = [0, START + 1, START - 5];
        for (uint256 i = 0; i < sinces.length; ++i) {
            _decideFails(
                Kind.COMPROMISE_KEY,
                abi.encode(BANK, keyId, sinces[i]),
                _compromiseInvalid(keyId, sinces[i])
            );
        }
    }

    function test_Revert_KeyUnknown() public {
        KeyId[2] memory ids = [KeyId.wrap("nothing"), _keyId(_sk(BEIJING, Purpose.ANCHOR))];
        for (uint256 i = 0; i < 2; ++i) {
            _decideFails(
                Kind.COMPROMISE_KEY,
                abi.encode(BANK, ids[i], START),
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_KeyUnknown.selector, BANK, ids[i]
                )
            );
        }
    }

    // ---- all keys of a purpose ------------------------------------------------------------------

    /// @dev Those that ended before, and those held to be stolen earlier, stay as they are.
    function test_compromiseAll() public {
        vm.warp(START + 10);
        for (uint64 i = 0; i < 3; ++i) {
            _addNote(i);
        }
        _revoke(BANK, _noteId(0), 0, 3);
        _revoke(BANK, _noteId(1), START + 11 - 1, 4);
        vm.warp(START + 20);
        _addNote(5);
        vm.recordLogs();
        _decide(Kind.COMPROMISE_ALL, abi.encode(BANK, Purpose.NOTE, START + 15));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1 + 3 + 2 + 1);
        equal(logs[4].topics[0], keccak256("KeyCompromised(bytes32,bytes32,uint64,uint64,bytes32)"));
        equal(logs[4].topics[2], _noteId(2));
        equal(logs[5].topics[2], _noteId(5));
        equal(logs[5].topics[3], 0);
        equal(consortium.key(BANK, _noteId(0)).compromisedSince, 0);
        equal(consortium.key(BANK, _noteId(1)).compromisedSince, START + 10);
        equal(consortium.key(BANK, _noteId(2)).compromisedSince, START + 15);
        equal(consortium.key(BANK, _noteId(5)).compromisedSince, START + 15);
        KeyId other = _keyId(_sk(BANK, Purpose.ANCHOR));
        equal(consortium.key(BANK, other).compromisedSince, 0);
        equal(consortium.member(BANK).governTakenAt, 0);
        _decide(Kind.COMPROMISE_ALL, abi.encode(BANK, Purpose.NOTE, START));
        equal(consortium.key(BANK, _noteId(1)).compromisedSince, START);
    }

    function test_Revert_CompromiseInvalid_all() public {
        uint64[2] memory sinces = [0, START + 1];
        for (uint256 i = 0; i < 2; ++i) {
            _decideFails(
                Kind.COMPROMISE_ALL,
                abi.encode(BANK, Purpose.ANCHOR, sinces[i]),
                _compromiseInvalid(NO_KEY, sinces[i])
            );
        }
        // No key of this purpose, none of this member, none that would change.
        _decideFails(
            Kind.COMPROMISE_ALL,
            abi.encode(BANK, Purpose.NOTE, START),
            _compromiseInvalid(NO_KEY, START)
        );
        _decideFails(
            Kind.COMPROMISE_ALL,
            abi.encode(bytes32("nobody"), Purpose.ANCHOR, START),
            _compromiseInvalid(NO_KEY, START)
        );
        _decide(Kind.COMPROMISE_ALL, abi.encode(BANK, Purpose.ANCHOR, START));
        _decideFails(
            Kind.COMPROMISE_ALL,
            abi.encode(BANK, Purpose.ANCHOR, START),
            _compromiseInvalid(NO_KEY, START)
        );
    }

    /// @dev A thief fills the list; the others can take all that and give the owner a key.
    function test_fullList() public {
        IConsortium.KeyInput[] memory keys = new IConsortium.KeyInput[](4 + 1024);
        for (uint256 i = 0; i < keys.length; ++i) {
            keys[i] = i < 5
                ? _keyInput(_codes()[i], Purpose.GOVERN, _sk(_codes()[i], Purpose.GOVERN))
                : IConsortium.KeyInput(
                    BANK, Purpose.GOVERN, Alg.ED25519, abi.encode(i), START, KEYS_END
                );
        }
        consortium = new Consortium(_founders(), keys, _logs(), THRESHOLD);
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.CASE, NEW);
        bytes32 structHash = Typed.hashAddKey(k, 0, _deadline());
        bytes memory own = _sign(NEW, "Consortium", address(consortium), structHash);
        bytes memory signature = _signGovern(BANK, structHash);
        vm.expectRevert(
            abi.encodeWithSelector(IConsortiumErrors.Consortium_TooManyKeys.selector, BANK, 1024)
        );
        consortium.addKey(k, 0, _deadline(), signature, own);
        bytes memory data = abi.encode(BANK, Purpose.GOVERN, START);
        ProposalId id = _pass(Kind.COMPROMISE_ALL, data, "all");
        vm.cool(address(consortium));
        uint256 before = gasleft();
        consortium.execute(id, data);
        yes(before - gasleft() < 14_000_000, "fits into a block");
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)));
        equal(consortium.keyCount(BANK), 1025);
    }

    // ---- helpers --------------------------------------------------------------------------------

    function _compromiseInvalid(KeyId keyId, uint64 since) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IConsortiumErrors.Consortium_CompromiseInvalid.selector, keyId, since, _now()
        );
    }

    function _endpointSignature(uint256 sk, uint64 seq) private view returns (bytes memory) {
        bytes32 structHash = Typed.hashSetEndpoint(BANK, "back", seq, _deadline());
        return _sign(sk, "Consortium", address(consortium), structHash);
    }

    function _setEndpoint(uint256 sk, uint64 seq) private {
        consortium.setEndpoint(BANK, "back", seq, _deadline(), _endpointSignature(sk, seq));
    }

    function _endpointFails(uint256 sk, uint64 seq) private {
        bytes memory signature = _endpointSignature(sk, seq);
        address signer = vm.createWallet(sk).addr;
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyNotValid.selector, BANK, Purpose.GOVERN, signer
            )
        );
        consortium.setEndpoint(BANK, "back", seq, _deadline(), signature);
    }

    function _revoke(MemberId code, KeyId keyId, uint64 since, uint64 seq) private {
        bytes memory signature =
            _signGovern(code, Typed.hashRevokeKey(code, keyId, since, seq, _deadline()));
        consortium.revokeKey(code, keyId, since, seq, _deadline(), signature);
    }

    function _pending(uint64 recoveredFrom) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IConsortiumErrors.Consortium_RecoveryPending.selector, BANK, recoveredFrom
        );
    }

    function _noteId(uint256 number) private pure returns (KeyId) {
        return KeyId.wrap(keccak256(abi.encode(Alg.ED25519, abi.encode(number + 1))));
    }

    /// @dev `number` is the seq of the bank at that time.
    function _addNote(uint64 number) private {
        IConsortium.KeyInput memory k = IConsortium.KeyInput(
            BANK, Purpose.NOTE, Alg.ED25519, abi.encode(uint256(number) + 1), 0, KEYS_END
        );
        bytes32 structHash = Typed.hashAddKey(k, number, _deadline());
        consortium.addKey(k, number, _deadline(), _signGovern(BANK, structHash), "");
    }
}
