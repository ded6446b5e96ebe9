// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {CatalogueSlot, ConsortiumSlot, LogAnchorSlot} from "../base/Slots.sol";
import {ICatalogue} from "../interfaces/ICatalogue.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {LogAnchor} from "../LogAnchor.sol";
import {
    Alg,
    Choice,
    DataClass,
    Granularity,
    ItemKind,
    Kind,
    LogStatus,
    MemberStatus,
    Purpose,
    Role,
    Suite,
    Visibility
} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, ProposalId} from "../types/Ids.sol";
import {Reference} from "./Reference.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev The places that `Slots.sol` promises, read as `eth_getProof` reads them.
contract SlotsTest is World {
    uint256 private constant NEW = 0xbeef;

    function test_numbers() public pure {
        equal(ConsortiumSlot.MEMBERS, 2);
        equal(ConsortiumSlot.ROLES, 3);
        equal(ConsortiumSlot.KEYS, 6);
        equal(ConsortiumSlot.PUBLIC_KEYS, 7);
        equal(ConsortiumSlot.KEY_IDS, 8);
        equal(ConsortiumSlot.CURRENT, 10);
        equal(ConsortiumSlot.TENURES, 11);
        equal(ConsortiumSlot.LOGS, 12);
        equal(ConsortiumSlot.OWNERS, 13);
        equal(ConsortiumSlot.BALLOTS, 18);
        equal(CatalogueSlot.SERIES, 4);
        equal(LogAnchorSlot.SIZES, 2);
        equal(LogAnchorSlot.ROOTS, 3);
    }

    /// @dev Names of the signing domain are short enough to stand in the code.
    function test_eip712() public view {
        equal(_load(0), 0);
        equal(_load(1), 0);
        equal(vm.load(address(logAnchor), 0), 0);
        equal(vm.load(address(logAnchor), bytes32(uint256(1))), 0);
    }

    function test_members() public {
        _decide(Kind.RECOVER_KEY, abi.encode(_keyInput(HEBEI, Purpose.GOVERN, NEW)));
        vm.warp(START + 7 days);
        KeyId keyId = _keyId(_sk(HEBEI, Purpose.GOVERN));
        bytes32 structHash = Typed.hashSetEndpoint(HEBEI, "short", 0, _deadline());
        consortium.setEndpoint(HEBEI, "short", 0, _deadline(), _signGovern(HEBEI, structHash));
        _decideWithout(HEBEI, Kind.COMPROMISE_KEY, abi.encode(HEBEI, keyId, START));
        _decideWithout(HEBEI, Kind.SUSPEND, abi.encode(HEBEI));
        uint256 at = _at(HEBEI, ConsortiumSlot.MEMBERS);
        equal(_load(at), HEBEI);
        uint256 word = uint256(_load(at + 1));
        equal(uint8(word), Role.PROVINCE);
        equal(uint8(word >> 8), MemberStatus.SUSPENDED);
        equal(uint64(word >> 16), 1);
        equal(uint64(word >> 80), START + 7 days);
        equal(uint64(word >> 144), START + 7 days);
        equal(word >> 208, 0);
        // A text of up to 31 bytes with twice its length in the lowest byte.
        equal(_load(at + 2), bytes32("short") | bytes32(uint256(10)));
    }

    function test_roles() public {
        vm.warp(START + 9);
        _decide(Kind.SET_ROLES, abi.encode(BANK, Role.AUDITOR));
        uint256 at = _at(BANK, ConsortiumSlot.ROLES);
        equal(uint256(_load(at)), 2);
        uint256 first = uint256(keccak256(abi.encode(at)));
        equal(uint256(_load(first)), uint256(Role.INSTITUTION) << 64 | START);
        equal(uint256(_load(first + 1)), uint256(Role.AUDITOR) << 64 | (START + 9));
    }

    function test_keys() public {
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        vm.warp(START + 9);
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, keyId, START + 5));
        uint256 word = uint256(_load(_at(keyId, _at(BANK, ConsortiumSlot.KEYS))));
        equal(uint8(word), Purpose.ANCHOR);
        equal(uint16(word >> 8), Alg.SECP256K1);
        equal(uint64(word >> 24), START);
        equal(uint64(word >> 88), KEYS_END);
        equal(uint64(word >> 152), START + 5);
        equal(word >> 216, START);
        bytes memory publicKey = _publicKey(_sk(BANK, Purpose.ANCHOR));
        uint256 at = _at(keyId, _at(BANK, ConsortiumSlot.PUBLIC_KEYS));
        equal(uint256(_load(at)), 2 * 64 + 1);
        uint256 first = uint256(keccak256(abi.encode(at)));
        equal(keccak256(abi.encodePacked(_load(first), _load(first + 1))), keccak256(publicKey));
    }

    function test_keyIds() public {
        uint256 at = _at(BANK, ConsortiumSlot.KEY_IDS);
        equal(uint256(_load(at)), 2);
        uint256 first = uint256(keccak256(abi.encode(at)));
        equal(_load(first), KeyId.unwrap(_keyId(_sk(BANK, Purpose.GOVERN))));
        equal(_load(first + 1), KeyId.unwrap(_keyId(_sk(BANK, Purpose.ANCHOR))));
    }

    function test_ballots() public {
        vm.warp(START + 9);
        ProposalId proposalId = _decide(Kind.SET_CHAIR, abi.encode(HEBEI));
        uint256 cast = _at(ProposalId.unwrap(proposalId), ConsortiumSlot.BALLOTS);
        uint256 word = uint256(_load(_at(TIANJIN, cast)));
        equal(uint8(word), Choice.YES);
        equal(word >> 8, START + 9);
        equal(_load(_at(TIANJIN, cast) + 1), KeyId.unwrap(_keyId(_sk(TIANJIN, Purpose.GOVERN))));
        equal(_load(_at(SHANXI, cast)), 0);
    }

    function test_series() public {
        ICatalogue.Item[] memory items = new ICatalogue.Item[](1);
        items[0] = ICatalogue.Item({
            itemId: "penalty",
            version: 3,
            kind: ItemKind.RECORD_TYPE,
            contentHash: keccak256("file"),
            from: START,
            until: KEYS_END,
            visibility: Visibility.GOVERNMENT,
            region: 0,
            dataClass: DataClass.IMPORTANT,
            granularity: Granularity.YEAR
        });
        vm.warp(START + 9);
        bytes32 salt = bytes32(++salts);
        _pass(Kind.PUT_NATIONAL, abi.encode(catalogue, items), salt);
        catalogue.putNational(items, BEIJING, salt);
        uint256 at = _at(bytes32(0), _at("penalty", CatalogueSlot.SERIES));
        equal(uint256(vm.load(address(catalogue), bytes32(at))), 1);
        uint256 first = uint256(keccak256(abi.encode(at)));
        equal(_loadItem(first), "penalty");
        equal(uint256(_loadItem(first + 1)), uint256(ItemKind.RECORD_TYPE) << 32 | 3);
        equal(_loadItem(first + 2), keccak256("file"));
        uint256 window = uint256(KEYS_END) << 64 | START;
        equal(uint256(_loadItem(first + 3)), uint256(Visibility.GOVERNMENT) << 128 | window);
        equal(_loadItem(first + 4), 0);
        uint256 last = uint256(Granularity.YEAR) << 8 | DataClass.IMPORTANT;
        equal(uint256(_loadItem(first + 5)), last);
        equal(uint256(_loadItem(first + 6)), START + 9);
    }

    function test_contracts() public {
        LogAnchor next = new LogAnchor(consortium);
        vm.warp(START + 9);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(LOG_ANCHOR, next));
        equal(uint256(_load(_at(LOG_ANCHOR, ConsortiumSlot.CURRENT))), uint160(address(next)));
        uint256 at = _at(bytes32(uint256(uint160(address(next)))), ConsortiumSlot.TENURES);
        equal(_load(at), LOG_ANCHOR);
        uint256 word = uint256(_load(at + 1));
        equal(address(uint160(word)), address(logAnchor));
        equal(word >> 160, START + 9);
    }

    function test_logs() public {
        LogId logId = _logId(BEIJING);
        _anchor(BEIJING, 0, 4);
        _decide(Kind.OPEN_SUCCESSOR, abi.encode(logId, uint64(4), Suite.SHA256));
        LogId successor = consortium.logIds(BEIJING)[1];
        equal(_load(_at(logId, ConsortiumSlot.OWNERS)), BEIJING);
        uint256 at = _at(logId, _at(BEIJING, ConsortiumSlot.LOGS));
        uint256 word = uint256(_load(at));
        equal(uint64(word), 0);
        equal(uint16(word >> 64), Suite.SHA256);
        equal(uint8(word >> 80), LogStatus.CLOSED);
        equal(word >> 88, 4);
        equal(_load(at + 1), 0);
        equal(_load(at + 2), successor);
        at = _at(successor, _at(BEIJING, ConsortiumSlot.LOGS));
        equal(uint64(uint256(_load(at))), 1);
        equal(_load(at + 1), logId);
    }

    function test_roots() public {
        LogId logId = _logId(BEIJING);
        _anchor(BEIJING, 0, 4);
        _anchor(BEIJING, 4, 7);
        uint256 at = _at(logId, LogAnchorSlot.SIZES);
        equal(uint256(vm.load(address(logAnchor), bytes32(at))), 7);
        uint256 roots = _at(logId, LogAnchorSlot.ROOTS);
        for (uint256 size = 4; size <= 7; size += 3) {
            bytes32 root = vm.load(address(logAnchor), bytes32(_at(bytes32(size), roots)));
            equal(root, Reference.root(_leaves(0, size)));
        }
    }

    function _at(bytes32 key, uint256 slot) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(key, slot)));
    }

    function _at(MemberId key, uint256 slot) private pure returns (uint256) {
        return _at(MemberId.unwrap(key), slot);
    }

    function _at(KeyId key, uint256 slot) private pure returns (uint256) {
        return _at(KeyId.unwrap(key), slot);
    }

    function _at(LogId key, uint256 slot) private pure returns (uint256) {
        return _at(LogId.unwrap(key), slot);
    }

    function _load(uint256 slot) private view returns (bytes32) {
        return vm.load(address(consortium), bytes32(slot));
    }

    function _loadItem(uint256 slot) private view returns (bytes32) {
        return vm.load(address(catalogue), bytes32(slot));
    }
}
