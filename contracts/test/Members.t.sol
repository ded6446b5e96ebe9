// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Consortium} from "../Consortium.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {Alg, Kind, MemberStatus, Purpose, Role} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, NO_KEY, NO_LOG, NO_MEMBER, ProposalId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev Founding, endpoints and keys.
contract MembersTest is World {
    uint256 private constant NEW = 0xbeef;
    bytes private constant ED25519_KEY =
        hex"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    // ---- founding -------------------------------------------------------------------------------

    function test_founding() public {
        MemberId[] memory codes = consortium.memberCodes(0, 99);
        equal(codes.length, 5);
        equal(consortium.memberCount(), 5);
        equal(consortium.provinces().length, 4);
        for (uint256 i = 0; i < 5; ++i) {
            equal(codes[i], _codes()[i]);
        }
        IConsortium.Member memory m = consortium.member(BEIJING);
        equal(m.code, BEIJING);
        equal(m.region, BEIJING);
        equal(m.roles, Role.PROVINCE);
        equal(m.status, MemberStatus.ACTIVE);
        equal(m.seq, 0);
        equal(m.endpoint, "https://p.example");
        equal(consortium.member(BANK).region, 0);
        equal(consortium.threshold(), THRESHOLD);
        equal(consortium.chair(), NO_MEMBER);
        equal(consortium.keyCount(BANK), 2);
        _keyIs(_sk(BANK, Purpose.ANCHOR), BANK, Purpose.ANCHOR, START, KEYS_END);
    }

    function test_founding_tellsAll() public {
        vm.recordLogs();
        new Consortium(_founders(), _keys(), _logs(), THRESHOLD);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 5 + 1 + 10 + 5);
        equal(logs[0].topics[0], keccak256("MemberAdded(bytes32,bytes32,uint8,string)"));
        equal(logs[0].topics[1], BEIJING);
        bytes memory data = abi.encode(BEIJING, Role.PROVINCE, "https://p.example");
        equal(keccak256(logs[0].data), keccak256(data));
        equal(logs[5].topics[0], keccak256("ThresholdSet(uint64)"));
        equal(keccak256(logs[5].data), keccak256(abi.encode(THRESHOLD)));
        equal(
            logs[6].topics[0],
            keccak256("KeyAdded(bytes32,bytes32,uint8,uint16,bytes,uint64,uint64,uint64,bytes32)")
        );
        equal(logs[6].topics[3], 0);
        equal(logs[16].topics[0], keccak256("LogOpened(bytes32,bytes32,uint64,uint16,bytes32)"));
    }

    /// @dev Keys of a network that moved here: a past window is kept as it was.
    function test_founding_pastWindow() public {
        IConsortium.KeyInput[] memory keys = _keys();
        (keys[1].notBefore, keys[1].notAfter) = (1000, 2000);
        Consortium moved = new Consortium(_founders(), keys, _logs(), THRESHOLD);
        KeyId keyId = _keyId(_sk(BEIJING, Purpose.ANCHOR));
        yes(moved.keyValidAt(BEIJING, keyId, Purpose.ANCHOR, 1000), "then");
        yes(!moved.keyValidAt(BEIJING, keyId, Purpose.ANCHOR, START), "now");
    }

    function test_Revert_FounderInvalid() public {
        IConsortium.FounderInput[] memory f = _founders();
        f[4].code = f[0].code;
        _foundingFails(f, _invalid(f[0].code));
        f = _founders();
        f[1].code = NO_MEMBER;
        _foundingFails(f, _invalid(NO_MEMBER));
    }

    function test_Revert_RolesInvalid() public {
        IConsortium.FounderInput[] memory f = _founders();
        f[1].roles = 0;
        _foundingFails(
            f,
            abi.encodeWithSelector(IConsortiumErrors.Consortium_RolesInvalid.selector, TIANJIN, 0)
        );
    }

    function test_Revert_RegionInvalid() public {
        bytes32[2] memory regions = [bytes32(0), _region(BEIJING)];
        for (uint256 i = 0; i < 2; ++i) {
            IConsortium.FounderInput[] memory f = _founders();
            f[1].region = regions[i];
            _foundingFails(
                f,
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_RegionInvalid.selector, TIANJIN, regions[i]
                )
            );
        }
    }

    /// @dev A bank in Beijing takes no region from anybody; later roles may come.
    function test_founding_regionsOfOthers() public {
        IConsortium.FounderInput[] memory f = _founders();
        (f[4].region, f[4].roles) = (_region(BEIJING), 128);
        Consortium made = new Consortium(f, _keys(), _logs(), THRESHOLD);
        equal(made.member(BANK).region, BEIJING);
        equal(made.member(BANK).roles, 128);
    }

    function test_Revert_TooManyProvinces() public {
        IConsortium.FounderInput[] memory f = new IConsortium.FounderInput[](65);
        for (uint256 i = 0; i < f.length; ++i) {
            f[i] = IConsortium.FounderInput(
                MemberId.wrap(bytes32(i + 1)), bytes32(i + 1), Role.PROVINCE, ""
            );
        }
        _foundingFails(
            f, abi.encodeWithSelector(IConsortiumErrors.Consortium_TooManyProvinces.selector, 64)
        );
    }

    /// @dev The list of members is never walked, only bounded.
    function test_Revert_TooManyMembers() public {
        IConsortium.FounderInput[] memory f = new IConsortium.FounderInput[](4097);
        for (uint256 i = 0; i < f.length; ++i) {
            f[i] = IConsortium.FounderInput(MemberId.wrap(bytes32(i + 1)), 0, Role.INSTITUTION, "");
        }
        (f[0].roles, f[0].region) = (Role.PROVINCE, _region(BEIJING));
        _foundingFails(
            f, abi.encodeWithSelector(IConsortiumErrors.Consortium_TooManyMembers.selector, 4096)
        );
    }

    function test_memberCodes_pages() public view {
        MemberId[] memory page = consortium.memberCodes(1, 2);
        equal(page.length, 2);
        equal(page[0], TIANJIN);
        equal(page[1], HEBEI);
        equal(consortium.memberCodes(4, type(uint256).max).length, 1);
        equal(consortium.memberCodes(5, 1).length, 0);
        equal(consortium.memberCodes(type(uint256).max, 1).length, 0);
    }

    function test_keys_pages() public {
        _addKey(_keyInput(BANK, Purpose.CASE, NEW), 0, NEW);
        IConsortium.Key[] memory page = consortium.keys(BANK, 1, 9);
        equal(page.length, 2);
        equal(page[0].keyId, _keyId(_sk(BANK, Purpose.ANCHOR)));
        equal(
            keccak256(abi.encode(page[1])), keccak256(abi.encode(consortium.key(BANK, _keyId(NEW))))
        );
        equal(consortium.keys(BANK, 0, 1).length, 1);
        equal(consortium.keys(BANK, 3, 1).length, 0);
    }

    function test_Revert_ThresholdInvalid() public {
        // None, none to be reached, and two halves that could decide apart.
        uint64[4] memory thresholds = [uint64(0), 5, 2, type(uint64).max];
        for (uint256 i = 0; i < 4; ++i) {
            IConsortium.KeyInput[] memory keys = _keys();
            vm.expectRevert(
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_ThresholdInvalid.selector, thresholds[i], 4
                )
            );
            new Consortium(_founders(), keys, _logs(), thresholds[i]);
        }
    }

    function test_Revert_EndpointTooLong_founding() public {
        IConsortium.FounderInput[] memory f = _founders();
        f[0].endpoint = string(new bytes(257));
        _foundingFails(
            f,
            abi.encodeWithSelector(IConsortiumErrors.Consortium_EndpointTooLong.selector, 257, 256)
        );
    }

    function test_Revert_foundingKeys() public {
        IConsortium.KeyInput[] memory keys = _keys();
        keys[1].publicKey = keys[0].publicKey;
        KeyId keyId = _keyId(_sk(BEIJING, Purpose.GOVERN));
        _foundingFails(
            keys,
            abi.encodeWithSelector(IConsortiumErrors.Consortium_KeyExists.selector, BEIJING, keyId)
        );
        keys = _keys();
        keys[2].member = MemberId.wrap("nobody");
        _foundingFails(
            keys,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberUnknown.selector, bytes32("nobody")
            )
        );
        keys = _keys();
        keys[0].notAfter = keys[0].notBefore - 1;
        _foundingFails(
            keys,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_WindowInvalid.selector, START, START - 1
            )
        );
    }

    // ---- unknown ids ----------------------------------------------------------------------------

    function testFuzz_viewsOfNothing(bytes32 seed, uint8 purpose, uint64 time, address who)
        public
        view
    {
        bytes32 nothing = keccak256(abi.encode("nothing", seed));
        _nothingOfMember(MemberId.wrap(nothing), purpose, time, who);
        KeyId keyId = KeyId.wrap(nothing);
        equal(consortium.key(BANK, keyId).keyId, NO_KEY);
        yes(!consortium.keyValidAt(BANK, keyId, purpose, time), "valid");
        yes(!consortium.keyValidAt(BANK, keyId, 0, 0), "valid for nothing at zero");
        equal(consortium.log(LogId.wrap(nothing)).logId, NO_LOG);
        equal(consortium.current(nothing), address(0));
        equal(consortium.contractAt(nothing, time), address(0));
        equal(consortium.contractHistory(nothing).length, 0);
        equal(consortium.predecessorOf(who), address(0));
        ProposalId proposalId = ProposalId.wrap(nothing);
        equal(consortium.proposal(proposalId).proposer, NO_MEMBER);
        yes(!consortium.passed(proposalId), "passed");
        equal(consortium.ballot(proposalId, BEIJING).choice, 0);
    }

    function _nothingOfMember(MemberId code, uint8 purpose, uint64 time, address who) private view {
        equal(consortium.member(code).code, NO_MEMBER);
        equal(consortium.keyCount(code), 0);
        equal(consortium.keyOfSigner(code, purpose, who), NO_KEY);
        equal(consortium.rolesAt(code, time), 0);
        equal(consortium.roleHistory(code).length, 0);
        equal(consortium.keys(code, 0, 9).length, 0);
        equal(consortium.logIds(code).length, 0);
    }

    function test_Revert_MemberNotActive_unknown() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberNotActive.selector, bytes32("nobody"), 0
            )
        );
        consortium.authorise(MemberId.wrap("nobody"), Role.ANY, Purpose.GOVERN, address(this));
    }

    /// @dev One of the roles is enough.
    function test_authorise_roles() public {
        address signer = vm.createWallet(_sk(BANK, Purpose.ANCHOR)).addr;
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        uint8 either = Role.INSTITUTION | Role.PROVINCE;
        equal(consortium.authorise(BANK, either, Purpose.ANCHOR, signer), keyId);
        uint8 neither = Role.BUREAU | Role.PROVINCE | Role.AUDITOR;
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_RoleMissing.selector, BANK, Role.INSTITUTION, neither
            )
        );
        consortium.authorise(BANK, neither, Purpose.ANCHOR, signer);
    }

    // ---- endpoint -------------------------------------------------------------------------------

    function test_setEndpoint() public {
        vm.recordLogs();
        _setEndpoint(BANK, "https://new.example", 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs[0].topics[0], keccak256("EndpointSet(bytes32,string,uint64,bytes32)"));
        equal(logs[0].topics[1], BANK);
        equal(logs[0].topics[2], _keyId(_sk(BANK, Purpose.GOVERN)));
        bytes memory data = abi.encode("https://new.example", uint64(1));
        equal(keccak256(logs[0].data), keccak256(data));
        equal(consortium.member(BANK).endpoint, "https://new.example");
        equal(consortium.member(BANK).seq, 1);
        _setEndpoint(BANK, "", 1);
        equal(consortium.member(BANK).endpoint, "");
    }

    function test_Revert_SeqMismatch() public {
        _setEndpoint(BANK, "https://new.example", 0);
        uint64[2] memory seqs = [uint64(0), 2];
        for (uint256 i = 0; i < 2; ++i) {
            bytes memory signature = _endpointSignature(BANK, "x", seqs[i]);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_SeqMismatch.selector, BANK, 1, seqs[i]
                )
            );
            consortium.setEndpoint(BANK, "x", seqs[i], _deadline(), signature);
        }
    }

    function test_Revert_EndpointTooLong() public {
        string memory long = string(new bytes(257));
        bytes memory signature = _endpointSignature(BANK, long, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IConsortiumErrors.Consortium_EndpointTooLong.selector, 257, 256)
        );
        consortium.setEndpoint(BANK, long, 0, _deadline(), signature);
        _setEndpoint(BANK, string(new bytes(256)), 0);
    }

    // ---- adding keys ----------------------------------------------------------------------------

    function test_addKey() public {
        vm.recordLogs();
        _addKey(_keyInput(BANK, Purpose.CONSENT, NEW), 0, NEW);
        Vm.Log memory told = vm.getRecordedLogs()[0];
        equal(told.topics[1], BANK);
        equal(told.topics[2], _keyId(NEW));
        equal(told.topics[3], _keyId(_sk(BANK, Purpose.GOVERN)));
        bytes memory data =
            abi.encode(Purpose.CONSENT, Alg.SECP256K1, _publicKey(NEW), START, KEYS_END, uint64(1));
        equal(keccak256(told.data), keccak256(data));
        _keyIs(NEW, BANK, Purpose.CONSENT, START, KEYS_END);
        equal(consortium.keyCount(BANK), 3);
        equal(consortium.keys(BANK, 2, 9)[0].keyId, _keyId(NEW));
        address signer = vm.createWallet(NEW).addr;
        equal(consortium.keyOfSigner(BANK, Purpose.CONSENT, signer), _keyId(NEW));
        equal(consortium.keyOfSigner(BANK, Purpose.ANCHOR, signer), NO_KEY);
        equal(consortium.keyOfSigner(BEIJING, Purpose.CONSENT, signer), NO_KEY);
    }

    /// @dev Nobody can give a key a past.
    function test_addKey_windowBeginsNow() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.PRESENT, NEW);
        k.notBefore = 1;
        vm.warp(START + 100);
        _addKey(k, 0, NEW);
        equal(consortium.key(BANK, _keyId(NEW)).notBefore, START + 100);
        equal(consortium.key(BANK, _keyId(NEW)).addedAt, START + 100);
        yes(!consortium.keyValidAt(BANK, _keyId(NEW), Purpose.PRESENT, START + 99), "before");
    }

    /// @dev Both ends of the window belong to it.
    function test_addKey_window() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.REQUEST, NEW);
        (k.notBefore, k.notAfter) = (START + 10, START + 20);
        _addKey(k, 0, NEW);
        KeyId keyId = _keyId(NEW);
        yes(!consortium.keyValidAt(BANK, keyId, Purpose.REQUEST, START + 9), "too early");
        yes(consortium.keyValidAt(BANK, keyId, Purpose.REQUEST, START + 10), "first");
        yes(consortium.keyValidAt(BANK, keyId, Purpose.REQUEST, START + 20), "last");
        yes(!consortium.keyValidAt(BANK, keyId, Purpose.REQUEST, START + 21), "too late");
        yes(!consortium.keyValidAt(BANK, keyId, Purpose.NOTE, START + 10), "other purpose");
    }

    /// @dev Kept and told, but no signature on chain can come from it.
    function test_addKey_otherAlgorithms() public {
        IConsortium.KeyInput memory k =
            IConsortium.KeyInput(BANK, Purpose.NOTE, Alg.ED25519, ED25519_KEY, START, KEYS_END);
        _addKey(k, 0, 0);
        KeyId keyId = KeyId.wrap(keccak256(abi.encode(Alg.ED25519, ED25519_KEY)));
        equal(consortium.keyIdOf(Alg.ED25519, ED25519_KEY), keyId);
        equal(consortium.key(BANK, keyId).alg, Alg.ED25519);
        equal(keccak256(consortium.key(BANK, keyId).publicKey), keccak256(ED25519_KEY));
        yes(consortium.keyValidAt(BANK, keyId, Purpose.NOTE, START), "valid off chain");

        // The same 64 bytes as a P-256 key: the address that they would have under secp256k1 is no
        // signer.
        k = _keyInput(BANK, Purpose.GOVERN, NEW);
        k.alg = Alg.P256;
        _addKey(k, 1, 0);
        address signer = vm.createWallet(NEW).addr;
        equal(consortium.keyOfSigner(BANK, Purpose.GOVERN, signer), NO_KEY);
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyNotValid.selector, BANK, Purpose.GOVERN, signer
            )
        );
        consortium.authorise(BANK, Role.ANY, Purpose.GOVERN, signer);
    }

    /// @dev Purposes and algorithms of later times.
    function test_addKey_anyPurposeAndAlgorithm() public {
        uint16[4] memory algs = [Alg.P256, 4, 5, type(uint16).max];
        uint16[4] memory lengths = [uint16(33), 1, 256, 64];
        uint8[4] memory purposes = [Purpose.WITNESS, Purpose.DECIDE, 11, 255];
        for (uint64 i = 0; i < algs.length; ++i) {
            IConsortium.KeyInput memory k = IConsortium.KeyInput(
                BANK, purposes[i], algs[i], new bytes(lengths[i]), START, KEYS_END
            );
            _addKey(k, i, 0);
            KeyId keyId = consortium.keyIdOf(algs[i], k.publicKey);
            equal(consortium.key(BANK, keyId).publicKey.length, lengths[i]);
            yes(consortium.keyValidAt(BANK, keyId, purposes[i], START), "valid");
        }
    }

    function test_Revert_PurposeInvalid() public {
        _addKeyFails(
            _keyInput(BANK, 0, NEW),
            NEW,
            abi.encodeWithSelector(IConsortiumErrors.Consortium_PurposeInvalid.selector, 0)
        );
    }

    function test_Revert_PublicKeyInvalid() public {
        uint16[4] memory algs = [uint16(0), 4, 5, Alg.P256];
        uint16[4] memory lengths = [uint16(64), 257, 0, 0];
        for (uint256 i = 0; i < algs.length; ++i) {
            IConsortium.KeyInput memory k = IConsortium.KeyInput(
                BANK, Purpose.NOTE, algs[i], new bytes(lengths[i]), START, KEYS_END
            );
            _addKeyFails(
                k,
                0,
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_PublicKeyInvalid.selector, algs[i], lengths[i]
                )
            );
        }
    }

    /// @dev Where no signature of the new key is asked for, its length is.
    function test_Revert_PublicKeyInvalid_founding() public {
        uint16[2] memory lengths = [uint16(33), 65];
        for (uint256 i = 0; i < 2; ++i) {
            IConsortium.KeyInput[] memory keys = _keys();
            keys[0].publicKey = new bytes(lengths[i]);
            _foundingFails(
                keys,
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_PublicKeyInvalid.selector,
                    Alg.SECP256K1,
                    lengths[i]
                )
            );
        }
    }

    function test_Revert_WindowInvalid() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.NOTE, NEW);
        (k.notBefore, k.notAfter) = (START + 20, START + 19);
        _addKeyFails(
            k,
            NEW,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_WindowInvalid.selector, START + 20, START + 19
            )
        );
        (k.notBefore, k.notAfter) = (START - 20, START - 1);
        _addKeyFails(
            k,
            NEW,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_WindowInvalid.selector, START, START - 1
            )
        );
    }

    /// @dev A key of a member has one purpose, for good.
    function test_Revert_KeyExists() public {
        uint256 taken = _sk(BANK, Purpose.ANCHOR);
        _addKeyFails(
            _keyInput(BANK, Purpose.CASE, taken),
            taken,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyExists.selector, BANK, _keyId(taken)
            )
        );
        _addKey(_keyInput(BANK, Purpose.CASE, NEW), 0, NEW);
        _revoke(BANK, _keyId(NEW), 0, 1);
        vm.warp(START + 10);
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.CASE, NEW);
        bytes32 structHash = Typed.hashAddKey(k, 2, _deadline());
        bytes memory signature = _signGovern(BANK, structHash);
        bytes memory own = _sign(NEW, "Consortium", address(consortium), structHash);
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyExists.selector, BANK, _keyId(NEW)
            )
        );
        consortium.addKey(k, 2, _deadline(), signature, own);
    }

    function test_Revert_NewKeySignatureInvalid() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.CASE, NEW);
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_NewKeySignatureInvalid.selector, _keyId(NEW)
        );
        _addKeyFails(k, 0, expected);
        _addKeyFails(k, NEW + 1, expected);
        _addKeyFails(k, _sk(BANK, Purpose.GOVERN), expected);
        // Another algorithm has nothing to prove, so a signature beside it means a mistake.
        k = IConsortium.KeyInput(BANK, Purpose.NOTE, Alg.ED25519, ED25519_KEY, START, KEYS_END);
        KeyId keyId = KeyId.wrap(keccak256(abi.encode(Alg.ED25519, ED25519_KEY)));
        _addKeyFails(
            k,
            NEW,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_NewKeySignatureInvalid.selector, keyId
            )
        );
    }

    /// @dev Tianjin sees Beijing's request before it is mined and sends the new key's signature with
    /// one of its own.
    function test_Revert_NewKeySignatureInvalid_stolenByAnotherMember() public {
        IConsortium.KeyInput memory k = _keyInput(BEIJING, Purpose.CASE, NEW);
        bytes memory own =
            _sign(NEW, "Consortium", address(consortium), Typed.hashAddKey(k, 0, _deadline()));
        k.member = TIANJIN;
        bytes memory signature = _signGovern(TIANJIN, Typed.hashAddKey(k, 0, _deadline()));
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_NewKeySignatureInvalid.selector, _keyId(NEW)
            )
        );
        consortium.addKey(k, 0, _deadline(), signature, own);
    }

    // ---- revoking -------------------------------------------------------------------------------

    /// @dev What was signed in the same block stays valid.
    function test_revokeKey_plain() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        vm.warp(START + 100);
        vm.recordLogs();
        _revoke(BANK, keyId, 0, 0);
        Vm.Log memory told = vm.getRecordedLogs()[0];
        equal(told.topics[0], keccak256("KeyRevoked(bytes32,bytes32,uint64,uint64,bytes32)"));
        equal(told.topics[2], keyId);
        equal(keccak256(told.data), keccak256(abi.encode(START + 100, uint64(1))));
        yes(consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START + 100), "this block");
        yes(!consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START + 101), "the next");
        equal(consortium.key(BANK, keyId).compromisedSince, 0);
    }

    function test_revokeKey_beforeItsWindow() public {
        IConsortium.KeyInput memory k = _keyInput(BANK, Purpose.CASE, NEW);
        k.notBefore = START + 1000;
        _addKey(k, 0, NEW);
        _revoke(BANK, _keyId(NEW), 0, 1);
        yes(!consortium.keyValidAt(BANK, _keyId(NEW), Purpose.CASE, START + 1000), "never");
    }

    function test_revokeKey_compromised() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        vm.warp(START + 8 days);
        vm.recordLogs();
        _revoke(BANK, keyId, START + 1 days, 0);
        Vm.Log memory told = vm.getRecordedLogs()[0];
        equal(told.topics[0], keccak256("KeyCompromised(bytes32,bytes32,uint64,uint64,bytes32)"));
        equal(told.topics[3], _keyId(_sk(BANK, Purpose.GOVERN)));
        equal(keccak256(told.data), keccak256(abi.encode(START + 1 days, uint64(1))));
        yes(consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START + 1 days - 1), "before");
        yes(!consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START + 1 days), "since");
    }

    /// @dev It ended without suspicion; later it turns out that it had been stolen.
    function test_revokeKey_compromisedAfterPlain() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        vm.warp(START + 2 days);
        _revoke(BANK, keyId, 0, 0);
        vm.warp(START + 3 days);
        _revoke(BANK, keyId, START + 1 days, 1);
        yes(!consortium.keyValidAt(BANK, keyId, Purpose.ANCHOR, START + 1 days), "since");
        _revoke(BANK, keyId, START + 1 days - 1, 2);
        equal(consortium.key(BANK, keyId).compromisedSince, START + 1 days - 1);
    }

    function test_revokeKey_itself() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.GOVERN));
        _revoke(BANK, keyId, START, 0);
        bytes memory signature = _endpointSignature(BANK, "x", 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyNotValid.selector,
                BANK,
                Purpose.GOVERN,
                vm.createWallet(_sk(BANK, Purpose.GOVERN)).addr
            )
        );
        consortium.setEndpoint(BANK, "x", 1, _deadline(), signature);
    }

    /// @dev It may end its keys, not say since when they were stolen.
    function test_Revert_MemberNotActive_suspendedCompromise() public {
        _decide(Kind.SUSPEND, abi.encode(BANK));
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        _revokeFails(
            keyId,
            START,
            0,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberNotActive.selector, BANK, MemberStatus.SUSPENDED
            )
        );
        _revoke(BANK, keyId, 0, 0);
        equal(consortium.key(BANK, keyId).notAfter, START);
    }

    function test_Revert_KeyUnknown() public {
        KeyId[2] memory ids = [KeyId.wrap("nothing"), _keyId(_sk(BEIJING, Purpose.ANCHOR))];
        for (uint256 i = 0; i < 2; ++i) {
            _revokeFails(
                ids[i],
                0,
                0,
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_KeyUnknown.selector, BANK, ids[i]
                )
            );
        }
    }

    function test_Revert_KeyEnded() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        _revoke(BANK, keyId, 0, 0);
        _revokeFails(
            keyId,
            0,
            1,
            abi.encodeWithSelector(IConsortiumErrors.Consortium_KeyEnded.selector, keyId, START, 0)
        );
        _addKey(_keyInput(BANK, Purpose.CASE, NEW), 1, NEW);
        _revoke(BANK, _keyId(NEW), START, 2);
        _revokeFails(
            _keyId(NEW),
            0,
            3,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyEnded.selector, _keyId(NEW), KEYS_END, START
            )
        );
    }

    function test_Revert_CompromiseInvalid() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        uint64 time = START + 30 days;
        vm.warp(time);
        uint64[3] memory sinces = [time + 1, time - 7 days - 1, 1];
        for (uint256 i = 0; i < sinces.length; ++i) {
            _revokeFails(keyId, sinces[i], 0, _compromiseInvalid(keyId, sinces[i], time));
        }
        _revoke(BANK, keyId, time - 7 days, 0);
        // Only earlier, and that is too far back already.
        _revokeFails(keyId, time - 7 days, 1, _compromiseInvalid(keyId, time - 7 days, time));
        _revokeFails(keyId, time, 1, _compromiseInvalid(keyId, time, time));
    }

    // ---- helpers --------------------------------------------------------------------------------

    function _invalid(MemberId code) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortiumErrors.Consortium_FounderInvalid.selector, code);
    }

    function _compromiseInvalid(KeyId keyId, uint64 since, uint64 time)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IConsortiumErrors.Consortium_CompromiseInvalid.selector, keyId, since, time
        );
    }

    function _foundingFails(IConsortium.FounderInput[] memory founders, bytes memory expected)
        private
    {
        IConsortium.KeyInput[] memory none = new IConsortium.KeyInput[](0);
        vm.expectRevert(expected);
        new Consortium(founders, none, new IConsortium.LogInput[](0), 1);
    }

    function _foundingFails(IConsortium.KeyInput[] memory keys, bytes memory expected) private {
        vm.expectRevert(expected);
        new Consortium(_founders(), keys, _logs(), THRESHOLD);
    }

    function _keyIs(uint256 sk, MemberId code, uint8 purpose, uint64 notBefore, uint64 notAfter)
        private
    {
        IConsortium.Key memory k = consortium.key(code, _keyId(sk));
        equal(k.keyId, _keyId(sk));
        equal(k.member, code);
        equal(k.purpose, purpose);
        equal(k.alg, Alg.SECP256K1);
        equal(keccak256(k.publicKey), keccak256(_publicKey(sk)));
        equal(k.notBefore, notBefore);
        equal(k.notAfter, notAfter);
        equal(k.compromisedSince, 0);
        equal(k.addedAt, _now());
    }

    function _endpointSignature(MemberId code, string memory endpoint, uint64 seq)
        private
        view
        returns (bytes memory)
    {
        return _signGovern(code, Typed.hashSetEndpoint(code, endpoint, seq, _deadline()));
    }

    function _setEndpoint(MemberId code, string memory endpoint, uint64 seq) private {
        bytes memory signature = _endpointSignature(code, endpoint, seq);
        consortium.setEndpoint(code, endpoint, seq, _deadline(), signature);
    }

    /// @dev `newSk` 0: no signature of the new key.
    function _ownSignature(uint256 newSk, bytes32 structHash) private view returns (bytes memory) {
        return newSk == 0 ? bytes("") : _sign(newSk, "Consortium", address(consortium), structHash);
    }

    function _addKey(IConsortium.KeyInput memory k, uint64 seq, uint256 newSk) private {
        bytes32 structHash = Typed.hashAddKey(k, seq, _deadline());
        bytes memory own = _ownSignature(newSk, structHash);
        consortium.addKey(k, seq, _deadline(), _signGovern(k.member, structHash), own);
    }

    function _addKeyFails(IConsortium.KeyInput memory k, uint256 newSk, bytes memory expected)
        private
    {
        bytes32 structHash = Typed.hashAddKey(k, 0, _deadline());
        bytes memory own = _ownSignature(newSk, structHash);
        bytes memory signature = _signGovern(k.member, structHash);
        vm.expectRevert(expected);
        consortium.addKey(k, 0, _deadline(), signature, own);
    }

    function _revokeSignature(MemberId code, KeyId keyId, uint64 since, uint64 seq)
        private
        view
        returns (bytes memory)
    {
        return _signGovern(code, Typed.hashRevokeKey(code, keyId, since, seq, _deadline()));
    }

    function _revoke(MemberId code, KeyId keyId, uint64 since, uint64 seq) private {
        bytes memory signature = _revokeSignature(code, keyId, since, seq);
        consortium.revokeKey(code, keyId, since, seq, _deadline(), signature);
    }

    function _revokeFails(KeyId keyId, uint64 since, uint64 seq, bytes memory expected) private {
        bytes memory signature = _revokeSignature(BANK, keyId, since, seq);
        vm.expectRevert(expected);
        consortium.revokeKey(BANK, keyId, since, seq, _deadline(), signature);
    }
}
