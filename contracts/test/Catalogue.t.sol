// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Catalogue} from "../Catalogue.sol";
import {ICatalogue} from "../interfaces/ICatalogue.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {
    DataClass,
    Granularity,
    ItemKind,
    Kind,
    MemberStatus,
    Purpose,
    Role,
    Visibility
} from "../types/Codes.sol";
import {MemberId, ProposalId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

contract CatalogueTest is World {
    bytes32 private constant PENALTY = "penalty";
    bytes32 private constant LICENCE = "licence";
    bytes32 private constant SALT = "salt";

    // ---- national items -------------------------------------------------------------------------

    function test_putNational() public {
        ICatalogue.Item[] memory items = new ICatalogue.Item[](2);
        items[0] = _national(PENALTY, 1);
        items[1] = _national(LICENCE, 1);
        items[1].granularity = Granularity.YEAR;
        items[1].dataClass = DataClass.IMPORTANT;
        items[1].until = START + 100;
        ProposalId id = _passItems(items, SALT);
        vm.recordLogs();
        catalogue.putNational(items, BEIJING, SALT);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 2);
        equal(
            logs[1].topics[0],
            keccak256(
                "ItemPut(bytes32,bytes32,uint32,(bytes32,uint32,uint8,bytes32,uint64,uint64,uint8,bytes32,uint8,uint8),bytes32,bytes32)"
            )
        );
        equal(logs[1].topics[1], LICENCE);
        equal(logs[1].topics[2], 0);
        equal(logs[1].topics[3], bytes32(uint256(1)));
        equal(keccak256(logs[1].data), keccak256(abi.encode(items[1], bytes32(0), id)));
        _same(catalogue.itemAt(PENALTY, _region(BEIJING), START), items[0]);
        _same(catalogue.itemAt(LICENCE, 0, START), items[1]);
        equal(catalogue.itemCount(), 2);
        equal(catalogue.itemIds(1, 9)[0], LICENCE);
    }

    /// @dev History is kept, and each version holds from its day on.
    function test_putNational_versions() public {
        _putNational(_national(PENALTY, 1));
        ICatalogue.Item memory second = _national(PENALTY, 2);
        (second.from, second.until) = (START + 100, START + 200);
        _putNational(second);
        ICatalogue.Item memory fifth = _national(PENALTY, 5);
        fifth.from = START + 300;
        _putNational(fifth);
        equal(catalogue.itemAt(PENALTY, 0, START - 1).item.version, 0);
        equal(catalogue.itemAt(PENALTY, 0, START).item.version, 1);
        equal(catalogue.itemAt(PENALTY, 0, START + 99).item.version, 1);
        equal(catalogue.itemAt(PENALTY, 0, START + 100).item.version, 2);
        equal(catalogue.itemAt(PENALTY, 0, START + 199).item.version, 2);
        equal(catalogue.itemAt(PENALTY, 0, START + 200).item.version, 0);
        equal(catalogue.itemAt(PENALTY, 0, START + 300).item.version, 5);
        ICatalogue.Version[] memory all = catalogue.item(PENALTY, 0);
        equal(all.length, 3);
        _same(all[0], _national(PENALTY, 1));
        _same(all[1], second);
        _same(all[2], fifth);
    }

    /// @dev What is put later never changes what was in force before, whatever day it names.
    function test_putNational_countsFromWhenItWasPut() public {
        ICatalogue.Item memory it = _national(PENALTY, 1);
        it.from = 1;
        _putNational(it);
        vm.warp(START + 50);
        (it.version, it.contentHash) = (2, "second");
        _putNational(it);
        ICatalogue.Version[] memory all = catalogue.item(PENALTY, 0);
        equal(all[0].putAt, START);
        equal(all[1].putAt, START + 50);
        equal(all[1].item.from, 1);
        equal(catalogue.itemAt(PENALTY, 0, START - 1).putAt, 0);
        equal(catalogue.itemAt(PENALTY, 0, START).item.version, 1);
        equal(catalogue.itemAt(PENALTY, 0, START + 49).item.version, 1);
        equal(catalogue.itemAt(PENALTY, 0, START + 50).item.version, 2);
        equal(catalogue.itemAt(PENALTY, 0, START + 50).putAt, START + 50);
    }

    function test_putNational_rules() public {
        ICatalogue.Item memory it = _national("publicity", 1);
        it.kind = ItemKind.RULES;
        _putNational(it);
        equal(catalogue.itemAt("publicity", 0, START).item.kind, ItemKind.RULES);
    }

    function test_itemIds_pages() public {
        ICatalogue.Item[] memory items = new ICatalogue.Item[](3);
        for (uint256 i = 0; i < 3; ++i) {
            items[i] = _national(bytes32(i + 1), 1);
        }
        _passItems(items, SALT);
        catalogue.putNational(items, BEIJING, SALT);
        bytes32[] memory page = catalogue.itemIds(1, 1);
        equal(page.length, 1);
        equal(page[0], bytes32(uint256(2)));
        equal(catalogue.itemIds(1, type(uint256).max).length, 2);
        equal(catalogue.itemIds(3, 5).length, 0);
        equal(catalogue.itemIds(type(uint256).max, 5).length, 0);
        equal(catalogue.itemIds(0, 0).length, 0);
    }

    /// @dev Another province's vote on the same is another vote: nobody takes its place.
    function test_Revert_NotPassed_otherProposer() public {
        ICatalogue.Item[] memory items = _one(_national(PENALTY, 1));
        _passItems(items, SALT);
        bytes32 dataHash = keccak256(abi.encode(catalogue, items));
        ProposalId id = consortium.proposalIdOf(TIANJIN, Kind.PUT_NATIONAL, dataHash, SALT);
        vm.expectRevert(abi.encodeWithSelector(IRoleContract.RoleContract_NotPassed.selector, id));
        catalogue.putNational(items, TIANJIN, SALT);
        catalogue.putNational(items, BEIJING, SALT);
    }

    /// @dev A version that ends as it begins takes the item out of force.
    function test_putNational_withdrawal() public {
        _putNational(_national(PENALTY, 1));
        ICatalogue.Item memory end = _national(PENALTY, 2);
        (end.from, end.until) = (START + 100, START + 100);
        _putNational(end);
        equal(catalogue.itemAt(PENALTY, 0, START + 99).item.version, 1);
        equal(catalogue.itemAt(PENALTY, 0, START + 100).item.version, 0);
    }

    function test_Revert_NotPassed() public {
        ICatalogue.Item[] memory items = _one(_national(PENALTY, 1));
        ProposalId id = _proposalId(address(catalogue), items, SALT);
        bytes memory expected =
            abi.encodeWithSelector(IRoleContract.RoleContract_NotPassed.selector, id);
        _putFails(items, SALT, expected);
        _propose(BEIJING, Kind.PUT_NATIONAL, abi.encode(catalogue, items), SALT, START + 10);
        _vote(BEIJING, id, 1);
        _vote(HEBEI, id, 1);
        _vote(TIANJIN, id, 2);
        _putFails(items, SALT, expected);
        _vote(SHANXI, id, 1);
        vm.warp(START + 11);
        _putFails(items, SALT, expected);
        vm.warp(START + 10);
        catalogue.putNational(items, BEIJING, SALT);
    }

    /// @dev Exactly these items, this salt, this contract, this kind.
    function test_Revert_NotPassed_anythingElse() public {
        ICatalogue.Item[] memory items = _one(_national(PENALTY, 1));
        _passItems(items, SALT);
        _notPassed(items, "other salt");
        items[0].contentHash = "other content";
        _notPassed(items, SALT);
        items = _one(_national(PENALTY, 1));
        items[0].from -= 1;
        _notPassed(items, SALT);

        // Voted for another Catalogue, and under another kind.
        items = _one(_national(LICENCE, 1));
        _pass(Kind.PUT_NATIONAL, abi.encode(address(this), items), SALT);
        _notPassed(items, SALT);
        _pass(Kind.SET_CHAIR, abi.encode(address(catalogue), items), SALT);
        _notPassed(items, SALT);
    }

    function test_Revert_ProposalUsed() public {
        ICatalogue.Item[] memory items = _one(_national(PENALTY, 1));
        ProposalId id = _passItems(items, SALT);
        catalogue.putNational(items, BEIJING, SALT);
        _putFails(
            items,
            SALT,
            abi.encodeWithSelector(IRoleContract.RoleContract_ProposalUsed.selector, id)
        );
    }

    function test_Revert_CountInvalid() public {
        uint256[2] memory counts = [uint256(0), 65];
        for (uint256 i = 0; i < 2; ++i) {
            _putFails(
                new ICatalogue.Item[](counts[i]),
                SALT,
                abi.encodeWithSelector(ICatalogue.Catalogue_CountInvalid.selector, counts[i], 64)
            );
        }
    }

    function test_putNational_theMost() public {
        ICatalogue.Item[] memory items = new ICatalogue.Item[](64);
        for (uint256 i = 0; i < 64; ++i) {
            items[i] = _national(bytes32(i + 1), 1);
        }
        _passItems(items, SALT);
        uint256 before = gasleft();
        catalogue.putNational(items, BEIJING, SALT);
        yes(before - gasleft() < 15_000_000, "fits into a block");
        equal(catalogue.itemCount(), 64);
    }

    function test_Revert_RegionInvalid_national() public {
        ICatalogue.Item memory it = _national(PENALTY, 1);
        it.region = _region(BEIJING);
        _passedFails(
            it,
            abi.encodeWithSelector(
                ICatalogue.Catalogue_RegionInvalid.selector, PENALTY, _region(BEIJING)
            )
        );
    }

    function test_Revert_VersionInvalid_national() public {
        _putNational(_national(PENALTY, 2));
        uint32[3] memory versions = [uint32(0), 1, 2];
        for (uint256 i = 0; i < 3; ++i) {
            _passedFails(
                _national(PENALTY, versions[i]),
                abi.encodeWithSelector(
                    ICatalogue.Catalogue_VersionInvalid.selector, PENALTY, 0, 2, versions[i]
                )
            );
        }
        _passedFails(
            _national(LICENCE, 0),
            abi.encodeWithSelector(ICatalogue.Catalogue_VersionInvalid.selector, LICENCE, 0, 0, 0)
        );
    }

    function test_Revert_ItemInvalid() public {
        ICatalogue.Item[11] memory items;
        for (uint256 i = 0; i < items.length; ++i) {
            items[i] = _national(PENALTY, 1);
        }
        items[0].itemId = 0;
        items[1].contentHash = 0;
        items[2].kind = 0;
        items[3].kind = ItemKind.RULES + 1;
        items[4].visibility = 0;
        items[5].visibility = Visibility.GOVERNMENT + 1;
        items[6].dataClass = 0;
        items[7].dataClass = DataClass.IMPORTANT + 1;
        items[8].granularity = 0;
        items[9].granularity = Granularity.YEAR + 1;
        items[10].until = START - 1;
        for (uint256 i = 0; i < items.length; ++i) {
            _passedFails(
                items[i],
                abi.encodeWithSelector(
                    ICatalogue.Catalogue_ItemInvalid.selector, items[i].itemId, 1
                )
            );
        }
    }

    // ---- supplements ----------------------------------------------------------------------------

    function test_putSupplement() public {
        ICatalogue.Supplement memory s = _supplement(HEBEI, PENALTY, 1);
        vm.recordLogs();
        _putSupplement(s);
        Vm.Log memory told = vm.getRecordedLogs()[0];
        ICatalogue.Item memory it = _itemOf(s);
        equal(told.topics[1], PENALTY);
        equal(told.topics[2], HEBEI);
        equal(told.topics[3], bytes32(uint256(1)));
        bytes memory data = abi.encode(it, HEBEI, _keyId(_sk(HEBEI, Purpose.GOVERN)));
        equal(keccak256(told.data), keccak256(data));
        _same(catalogue.itemAt(PENALTY, _region(HEBEI), START), it);
        equal(catalogue.itemAt(PENALTY, _region(BEIJING), START).item.version, 0);
        equal(catalogue.itemAt(PENALTY, 0, START).item.version, 0);
        _putSupplement(_supplement(HEBEI, PENALTY, 2));
        _putSupplement(_supplement(BEIJING, PENALTY, 1));
        equal(catalogue.itemAt(PENALTY, _region(HEBEI), START).item.version, 2);
        equal(catalogue.item(PENALTY, _region(HEBEI)).length, 2);
        _same(catalogue.item(PENALTY, _region(HEBEI))[0], it);
        equal(catalogue.item(PENALTY, _region(BEIJING)).length, 1);
        equal(catalogue.item(PENALTY, _region(BEIJING))[0].item.region, BEIJING);
        equal(catalogue.item(PENALTY, 0).length, 0);
        equal(catalogue.itemCount(), 1);
    }

    /// @dev A province cannot change what the nation has put, but stands in where nothing is.
    function test_putSupplement_nationalComesFirst() public {
        _putSupplement(_supplement(HEBEI, PENALTY, 1));
        ICatalogue.Item memory it = _national(PENALTY, 1);
        (it.from, it.until) = (START + 100, START + 200);
        _putNational(it);
        _same(catalogue.itemAt(PENALTY, _region(HEBEI), START + 150), it);
        equal(catalogue.itemAt(PENALTY, _region(HEBEI), START + 99).item.region, HEBEI);
        equal(catalogue.itemAt(PENALTY, _region(HEBEI), START + 200).item.region, HEBEI);
        equal(catalogue.item(PENALTY, 0).length, 1);
        equal(catalogue.item(PENALTY, _region(HEBEI)).length, 1);
        equal(catalogue.itemCount(), 1);
    }

    function test_regions_pages() public {
        _putSupplement(_supplement(HEBEI, PENALTY, 1));
        _putSupplement(_supplement(BEIJING, PENALTY, 1));
        _putSupplement(_supplement(HEBEI, PENALTY, 2));
        _putNational(_national(PENALTY, 1));
        bytes32[] memory all = catalogue.regions(PENALTY, 0, 9);
        equal(all.length, 3);
        equal(all[0], HEBEI);
        equal(all[1], BEIJING);
        equal(all[2], 0);
        equal(catalogue.regions(PENALTY, 1, 1).length, 1);
        equal(catalogue.regions(PENALTY, 1, 1)[0], BEIJING);
        equal(catalogue.regions(PENALTY, 3, 1).length, 0);
        equal(catalogue.regions(PENALTY, type(uint256).max, 5).length, 0);
        equal(catalogue.regions(LICENCE, 0, 5).length, 0);
    }

    /// @dev What the nation has put, in force or not, is no province's to supplement, and a
    /// supplement of before stays as it was.
    function test_Revert_ItemNational() public {
        _putSupplement(_supplement(HEBEI, PENALTY, 1));
        ICatalogue.Item memory it = _national(PENALTY, 3);
        it.until = it.from;
        _putNational(it);
        bytes memory expected =
            abi.encodeWithSelector(ICatalogue.Catalogue_ItemNational.selector, PENALTY, 3);
        _supplementFails(_supplement(HEBEI, PENALTY, 2), expected);
        _supplementFails(_supplement(BEIJING, PENALTY, 1), expected);
        equal(catalogue.itemAt(PENALTY, _region(HEBEI), START).item.region, HEBEI);
        _putSupplement(_supplement(HEBEI, LICENCE, 1));
    }

    /// @dev However many provinces fill their series: what a reader asks for costs the same.
    function test_item_theMost() public {
        for (uint32 i = 1; i <= 64; ++i) {
            _putSupplement(_supplement(HEBEI, PENALTY, i));
            _putSupplement(_supplement(BEIJING, PENALTY, i));
            _putSupplement(_supplement(TIANJIN, PENALTY, i));
        }
        yes(_gasOfItem(_region(HEBEI)) < 1_300_000, "a province's");
        for (uint32 i = 1; i <= 128; i += 64) {
            ICatalogue.Item[] memory items = new ICatalogue.Item[](64);
            for (uint32 j = 0; j < 64; ++j) {
                items[j] = _national(PENALTY, i + j);
            }
            bytes32 salt = bytes32(++salts);
            _passItems(items, salt);
            catalogue.putNational(items, BEIJING, salt);
        }
        yes(_gasOfItem(0) < 2_500_000, "the nation's");
        _passedFails(
            _national(PENALTY, 129),
            abi.encodeWithSelector(ICatalogue.Catalogue_TooManyVersions.selector, PENALTY, 0, 128)
        );
    }

    function test_Revert_VersionInvalid_supplement() public {
        _putSupplement(_supplement(HEBEI, PENALTY, 1));
        uint32[3] memory versions = [uint32(0), 1, 3];
        for (uint256 i = 0; i < 3; ++i) {
            _supplementFails(
                _supplement(HEBEI, PENALTY, versions[i]),
                abi.encodeWithSelector(
                    ICatalogue.Catalogue_VersionInvalid.selector,
                    PENALTY,
                    _region(HEBEI),
                    1,
                    versions[i]
                )
            );
        }
    }

    function test_Revert_RegionInvalid_supplement() public {
        bytes32[3] memory regions = [bytes32(0), _region(BEIJING), "nowhere"];
        for (uint256 i = 0; i < 3; ++i) {
            ICatalogue.Supplement memory s = _supplement(HEBEI, PENALTY, 1);
            s.region = regions[i];
            _supplementFails(
                s,
                abi.encodeWithSelector(
                    ICatalogue.Catalogue_RegionInvalid.selector, PENALTY, regions[i]
                )
            );
        }
    }

    /// @dev A bank has no region; region 0 would be the nation's.
    function test_Revert_RoleMissing() public {
        ICatalogue.Supplement memory s = _supplement(BANK, PENALTY, 1);
        s.region = 0;
        _supplementFails(
            s,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_RoleMissing.selector,
                BANK,
                Role.INSTITUTION,
                Role.PROVINCE
            )
        );
    }

    function test_Revert_MemberNotActive() public {
        _decide(Kind.SUSPEND, abi.encode(HEBEI));
        _supplementFails(
            _supplement(HEBEI, PENALTY, 1),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberNotActive.selector, HEBEI, MemberStatus.SUSPENDED
            )
        );
    }

    function test_Revert_ItemInvalid_supplement() public {
        ICatalogue.Supplement memory s = _supplement(HEBEI, PENALTY, 1);
        s.contentHash = 0;
        _supplementFails(
            s, abi.encodeWithSelector(ICatalogue.Catalogue_ItemInvalid.selector, PENALTY, 1)
        );
    }

    /// @dev One province cannot swell the list for the others.
    function test_Revert_TooManyIds() public {
        for (uint256 i = 0; i < 1024; ++i) {
            _putSupplement(_supplement(HEBEI, bytes32(i + 1), 1));
        }
        _supplementFails(
            _supplement(HEBEI, PENALTY, 1),
            abi.encodeWithSelector(ICatalogue.Catalogue_TooManyIds.selector, _region(HEBEI), 1024)
        );
        _putSupplement(_supplement(HEBEI, bytes32(uint256(1)), 2));
        _putSupplement(_supplement(BEIJING, PENALTY, 1));
    }

    function test_Revert_TooManyVersions() public {
        for (uint32 i = 1; i <= 64; ++i) {
            _putSupplement(_supplement(HEBEI, PENALTY, i));
        }
        _supplementFails(
            _supplement(HEBEI, PENALTY, 65),
            abi.encodeWithSelector(
                ICatalogue.Catalogue_TooManyVersions.selector, PENALTY, _region(HEBEI), 64
            )
        );
    }

    // ---- retirement -----------------------------------------------------------------------------

    function test_Revert_NotCurrent() public {
        ICatalogue.Item[] memory items = _one(_national(PENALTY, 1));
        _passItems(items, SALT);
        Catalogue old = catalogue;
        Catalogue next = new Catalogue(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(CATALOGUE, next));
        bytes memory expected =
            abi.encodeWithSelector(IRoleContract.RoleContract_NotCurrent.selector, CATALOGUE, next);
        _putFails(items, SALT, expected);
        _supplementFails(_supplement(HEBEI, PENALTY, 1), expected);
        catalogue = next;
        _notPassed(items, SALT);
        _putNational(items[0]);
        _putSupplement(_supplement(HEBEI, LICENCE, 1));
        equal(old.itemCount(), 0);
    }

    function test_role() public view {
        equal(catalogue.role(), CATALOGUE);
        equal(address(catalogue.consortium()), address(consortium));
    }

    // ---- helpers --------------------------------------------------------------------------------

    /// @dev With everything cold, as nodes answer.
    function _gasOfItem(bytes32 region) private returns (uint256) {
        vm.cool(address(catalogue));
        uint256 before = gasleft();
        catalogue.item(PENALTY, region);
        return before - gasleft();
    }

    function _national(bytes32 itemId, uint32 version)
        private
        pure
        returns (ICatalogue.Item memory)
    {
        return ICatalogue.Item({
            itemId: itemId,
            version: version,
            kind: ItemKind.RECORD_TYPE,
            contentHash: keccak256(abi.encode(itemId, version)),
            from: START,
            until: 0,
            visibility: Visibility.PUBLIC,
            region: 0,
            dataClass: DataClass.GENERAL,
            granularity: Granularity.MONTH
        });
    }

    function _supplement(MemberId province, bytes32 itemId, uint32 version)
        private
        view
        returns (ICatalogue.Supplement memory)
    {
        return ICatalogue.Supplement({
            member: province,
            itemId: itemId,
            version: version,
            contentHash: keccak256(abi.encode(itemId, version)),
            from: START,
            until: 0,
            visibility: Visibility.GOVERNMENT,
            region: _region(province),
            deadline: _deadline()
        });
    }

    function _itemOf(ICatalogue.Supplement memory s)
        private
        pure
        returns (ICatalogue.Item memory it)
    {
        it = _national(s.itemId, s.version);
        (it.region, it.visibility) = (s.region, s.visibility);
    }

    function _one(ICatalogue.Item memory it) private pure returns (ICatalogue.Item[] memory items) {
        items = new ICatalogue.Item[](1);
        items[0] = it;
    }

    function _proposalId(address account, ICatalogue.Item[] memory items, bytes32 salt)
        private
        view
        returns (ProposalId)
    {
        bytes32 dataHash = keccak256(abi.encode(account, items));
        return consortium.proposalIdOf(BEIJING, Kind.PUT_NATIONAL, dataHash, salt);
    }

    function _passItems(ICatalogue.Item[] memory items, bytes32 salt) private returns (ProposalId) {
        return _pass(Kind.PUT_NATIONAL, abi.encode(catalogue, items), salt);
    }

    function _putNational(ICatalogue.Item memory it) private {
        bytes32 salt = bytes32(++salts);
        _passItems(_one(it), salt);
        catalogue.putNational(_one(it), BEIJING, salt);
    }

    function _putFails(ICatalogue.Item[] memory items, bytes32 salt, bytes memory expected)
        private
    {
        vm.expectRevert(expected);
        catalogue.putNational(items, BEIJING, salt);
    }

    function _passedFails(ICatalogue.Item memory it, bytes memory expected) private {
        bytes32 salt = bytes32(++salts);
        _passItems(_one(it), salt);
        _putFails(_one(it), salt, expected);
    }

    function _notPassed(ICatalogue.Item[] memory items, bytes32 salt) private {
        ProposalId id = _proposalId(address(catalogue), items, salt);
        _putFails(
            items, salt, abi.encodeWithSelector(IRoleContract.RoleContract_NotPassed.selector, id)
        );
    }

    function _signSupplement(ICatalogue.Supplement memory s) private view returns (bytes memory) {
        uint256 sk = _sk(s.member, Purpose.GOVERN);
        return _sign(sk, "Catalogue", address(catalogue), Typed.hash(s));
    }

    function _putSupplement(ICatalogue.Supplement memory s) private {
        catalogue.putSupplement(s, _signSupplement(s));
    }

    function _supplementFails(ICatalogue.Supplement memory s, bytes memory expected) private {
        bytes memory signature = _signSupplement(s);
        vm.expectRevert(expected);
        catalogue.putSupplement(s, signature);
    }

    function _same(ICatalogue.Version memory a, ICatalogue.Item memory b) private pure {
        equal(keccak256(abi.encode(a.item)), keccak256(abi.encode(b)));
    }
}
