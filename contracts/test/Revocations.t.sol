// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {IRevocations} from "../interfaces/IRevocations.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {Revocations} from "../Revocations.sol";
import {Kind, MemberStatus, Purpose, Role} from "../types/Codes.sol";
import {KeyId, MemberId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

contract RevocationsTest is World {
    bytes32 private constant REVOCATIONS = "Revocations";
    bytes32 private constant GIVEN = keccak256("an authorisation");
    uint8 private constant CUSTODIANS = Role.PROVINCE | Role.BUREAU;

    Revocations private _revocations;

    function setUp() public override {
        super.setUp();
        _revocations = new Revocations(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(REVOCATIONS, _revocations));
    }

    function _keys() internal override returns (IConsortium.KeyInput[] memory list) {
        IConsortium.KeyInput[] memory before = super._keys();
        MemberId[5] memory codes = _codes();
        list = new IConsortium.KeyInput[](before.length + codes.length);
        for (uint256 i = 0; i < before.length; ++i) {
            list[i] = before[i];
        }
        for (uint256 i = 0; i < codes.length; ++i) {
            uint256 sk = _sk(codes[i], Purpose.CONSENT);
            list[before.length + i] = _keyInput(codes[i], Purpose.CONSENT, sk);
        }
    }

    // ---- what is stored -------------------------------------------------------------------------

    function test_revoke() public {
        vm.recordLogs();
        _revoke(HEBEI, GIVEN);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1);
        equal(logs[0].topics[0], keccak256("Revoked(bytes32,bytes32,bytes32)"));
        equal(logs[0].topics[1], HEBEI);
        equal(logs[0].topics[2], GIVEN);
        equal(keccak256(logs[0].data), keccak256(abi.encode(_keyId(_consent(HEBEI)))));
        equal(_since(HEBEI, GIVEN), START);
    }

    /// @dev What one custodian takes back is nobody else's, and nothing else of its own.
    function testFuzz_revoke_nothingElse(bytes32 commitment, bytes32 other) public {
        vm.assume(commitment != other);
        _revoke(HEBEI, commitment);
        equal(_since(HEBEI, commitment), START);
        equal(_since(HEBEI, other), 0);
        equal(_since(BEIJING, commitment), 0);
    }

    /// @dev For good: neither a second time nor a successor changes when.
    function test_revoke_once() public {
        _revoke(HEBEI, GIVEN);
        vm.warp(START + 100);
        _revokeFails(
            HEBEI,
            _consent(HEBEI),
            abi.encodeWithSelector(
                IRevocations.Revocations_AlreadyRevoked.selector, HEBEI, GIVEN, START
            )
        );
        equal(_since(HEBEI, GIVEN), START);
    }

    function test_revoke_byABureau() public {
        _decide(Kind.SET_ROLES, abi.encode(BANK, Role.INSTITUTION | Role.BUREAU));
        _revoke(BANK, GIVEN);
        equal(_since(BANK, GIVEN), START);
    }

    function test_revokedAt_many() public {
        _revoke(HEBEI, GIVEN);
        bytes32[] memory asked = new bytes32[](256);
        asked[255] = GIVEN;
        uint64[] memory found = _revocations.revokedAt(HEBEI, asked);
        equal(found.length, 256);
        equal(found[0], 0);
        equal(found[255], START);
        equal(_revocations.revokedAt(HEBEI, new bytes32[](0)).length, 0);
    }

    function test_Revert_revokedAt_tooMany() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRevocations.Revocations_CountInvalid.selector, 257, 256)
        );
        _revocations.revokedAt(HEBEI, new bytes32[](257));
    }

    // ---- who may --------------------------------------------------------------------------------

    function test_Revert_otherPurpose() public {
        uint256 govern = _sk(HEBEI, Purpose.GOVERN);
        _revokeFails(HEBEI, govern, _notValid(HEBEI, govern));
    }

    function test_Revert_otherMember() public {
        _revokeFails(HEBEI, _consent(BEIJING), _notValid(HEBEI, _consent(BEIJING)));
    }

    function test_Revert_noCustodian() public {
        _revokeFails(
            BANK,
            _consent(BANK),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_RoleMissing.selector,
                BANK,
                Role.INSTITUTION,
                CUSTODIANS
            )
        );
    }

    function test_Revert_suspended() public {
        _decide(Kind.SUSPEND, abi.encode(HEBEI));
        _revokeFails(
            HEBEI,
            _consent(HEBEI),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberNotActive.selector, HEBEI, MemberStatus.SUSPENDED
            )
        );
    }

    function test_Revert_deadlinePassed() public {
        uint64 deadline = _deadline();
        bytes memory signature = _signRevoke(HEBEI, _consent(HEBEI), deadline);
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRoleContract.RoleContract_DeadlinePassed.selector, deadline, deadline + 1
            )
        );
        _revocations.revoke(HEBEI, GIVEN, deadline, signature);
        vm.warp(deadline);
        _revocations.revoke(HEBEI, GIVEN, deadline, signature);
    }

    /// @dev What a retired one stored stays readable; it takes no more, and a signature for it is
    /// none for its successor.
    function test_Revert_NotCurrent() public {
        _revoke(HEBEI, GIVEN);
        Revocations old = _revocations;
        bytes memory signature = _signRevoke(BEIJING, _consent(BEIJING), _deadline());
        Revocations next = new Revocations(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(REVOCATIONS, next));
        vm.expectRevert(
            abi.encodeWithSelector(
                IRoleContract.RoleContract_NotCurrent.selector, REVOCATIONS, next
            )
        );
        old.revoke(BEIJING, GIVEN, _deadline(), signature);
        equal(_since(HEBEI, GIVEN), START);
        _revocations = next;
        (bool taken,) = address(next)
            .call(abi.encodeCall(next.revoke, (BEIJING, GIVEN, _deadline(), signature)));
        yes(!taken, "a signature for the one before");
        equal(_since(HEBEI, GIVEN), 0);
        _revoke(HEBEI, GIVEN);
    }

    // ---- the worked examples --------------------------------------------------------------------

    function test_vectors() public {
        string[3] memory names = ["case", "outcome", "query"];
        for (uint256 i = 0; i < 3; ++i) {
            string memory dir = string.concat("tests/vectors/part-2/", names[i]);
            string memory given = vm.readFile(string.concat(dir, "/input.json"));
            string memory expected = vm.readFile(string.concat(dir, "/expected.json"));
            vm.chainId(vm.parseJsonUint(given, ".chainId"));
            // Codes are at most 32 bytes long.
            // forge-lint: disable-next-line(unsafe-typecast)
            MemberId custodian =
                MemberId.wrap(bytes32(bytes(vm.parseJsonString(given, ".revoke.custodian"))));
            bytes32 structHash = Typed.hashRevoke(
                custodian,
                vm.parseBytes32(
                    string.concat("0x", vm.parseJsonString(given, ".revoke.commitment"))
                ),
                uint64(vm.parseJsonUint(given, ".revoke.deadline"))
            );
            address there = vm.parseJsonAddress(given, ".revocations");
            equal(
                Typed.digest(Typed.domain("Revocations", there), structHash),
                vm.parseBytes32(string.concat("0x", vm.parseJsonString(expected, ".revokeDigest")))
            );
        }
    }

    // ---- details --------------------------------------------------------------------------------

    function _consent(MemberId member) private pure returns (uint256) {
        return _sk(member, Purpose.CONSENT);
    }

    function _since(MemberId custodian, bytes32 commitment) private view returns (uint64) {
        bytes32[] memory asked = new bytes32[](1);
        asked[0] = commitment;
        return _revocations.revokedAt(custodian, asked)[0];
    }

    function _signRevoke(MemberId custodian, uint256 sk, uint64 deadline)
        private
        view
        returns (bytes memory)
    {
        bytes32 structHash = Typed.hashRevoke(custodian, GIVEN, deadline);
        return _sign(sk, "Revocations", address(_revocations), structHash);
    }

    function _revoke(MemberId custodian, bytes32 commitment) private {
        bytes32 structHash = Typed.hashRevoke(custodian, commitment, _deadline());
        bytes memory signature =
            _sign(_consent(custodian), "Revocations", address(_revocations), structHash);
        _revocations.revoke(custodian, commitment, _deadline(), signature);
    }

    function _revokeFails(MemberId custodian, uint256 sk, bytes memory expected) private {
        bytes memory signature = _signRevoke(custodian, sk, _deadline());
        vm.expectRevert(expected);
        _revocations.revoke(custodian, GIVEN, _deadline(), signature);
    }

    function _notValid(MemberId member, uint256 sk) private returns (bytes memory) {
        return abi.encodeWithSelector(
            IConsortiumErrors.Consortium_KeyNotValid.selector,
            member,
            Purpose.CONSENT,
            vm.createWallet(sk).addr
        );
    }
}
