// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {RoleContract} from "./base/RoleContract.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";
import {DataClass, Granularity, ItemKind, Kind, Purpose, Role, Visibility} from "./types/Codes.sol";
import {KeyId, MemberId, NO_MEMBER, ProposalId} from "./types/Ids.sol";

/// @title What may be recorded
/// @notice See {ICatalogue}.
contract Catalogue is ICatalogue, RoleContract {
    /// @dev Most items of one vote: they fit into a block with room to spare, at about 150,000 gas
    /// each.
    uint256 private constant _MAX_ITEMS = 64;
    /// @dev Most items of one region: a province cannot swell the list for the others.
    uint256 private constant _MAX_IDS = 1024;
    /// @dev Most versions of a national series. {item} gives them all, for some 20,000 gas each,
    /// and has to stay far below what nodes grant a call, 10 million at the least; {itemAt} walks
    /// them backwards.
    uint256 private constant _MAX_VERSIONS = 128;
    /// @dev Most versions of a series that a province alone can fill.
    uint256 private constant _MAX_SUPPLEMENTS = 64;

    /// @dev Region of national items.
    bytes32 private constant _NATIONAL = 0;

    bytes32 private constant _PUT_SUPPLEMENT = keccak256(
        "PutSupplement(bytes32 member,bytes32 itemId,uint32 version,bytes32 contentHash,uint64 from,uint64 until,uint8 visibility,bytes32 region,uint64 deadline)"
    );

    bytes32[] private _itemIds;
    mapping(bytes32 itemId => bytes32[] regions) private _regions;
    // Where this stands is frozen (`base/Slots.sol`).
    mapping(bytes32 itemId => mapping(bytes32 region => Version[])) private _series;
    mapping(bytes32 region => uint256 count) private _idCounts;
    mapping(ProposalId proposalId => bool used) private _used;

    constructor(IConsortium consortium_) RoleContract(consortium_, "Catalogue") {}

    /// @inheritdoc ICatalogue
    function putNational(Item[] calldata items, MemberId proposer, bytes32 salt) external {
        _requireCurrent();
        if (items.length == 0 || items.length > _MAX_ITEMS) {
            revert Catalogue_CountInvalid(items.length, _MAX_ITEMS);
        }
        bytes memory data = abi.encode(address(this), items);
        ProposalId proposalId = _usePassed(_used, proposer, Kind.PUT_NATIONAL, data, salt);
        for (uint256 i = 0; i < items.length; ++i) {
            Item calldata it = items[i];
            if (it.region != _NATIONAL) revert Catalogue_RegionInvalid(it.itemId, it.region);
            _put(it, NO_MEMBER, ProposalId.unwrap(proposalId));
        }
    }

    /// @inheritdoc ICatalogue
    function putSupplement(Supplement calldata supplement, bytes calldata signature) external {
        _requireCurrent();
        KeyId keyId = _authorise(
            supplement.member,
            Role.PROVINCE,
            Purpose.GOVERN,
            keccak256(abi.encode(_PUT_SUPPLEMENT, supplement)),
            supplement.deadline,
            signature
        );
        _requireNextOfOwnRegion(supplement);
        _put(_itemOf(supplement), supplement.member, KeyId.unwrap(keyId));
    }

    /// @inheritdoc ICatalogue
    function item(bytes32 itemId, bytes32 region) external view returns (Version[] memory) {
        return _series[itemId][region];
    }

    /// @inheritdoc ICatalogue
    function regions(bytes32 itemId, uint256 start, uint256 count)
        external
        view
        returns (bytes32[] memory)
    {
        return _page(_regions[itemId], start, count);
    }

    /// @inheritdoc ICatalogue
    function itemCount() external view returns (uint256) {
        return _itemIds.length;
    }

    /// @inheritdoc ICatalogue
    function itemIds(uint256 start, uint256 count) external view returns (bytes32[] memory) {
        return _page(_itemIds, start, count);
    }

    /// @inheritdoc ICatalogue
    function itemAt(bytes32 itemId, bytes32 region, uint64 time)
        external
        view
        returns (Version memory found)
    {
        found = _inForce(_series[itemId][_NATIONAL], time);
        if (found.putAt == 0) found = _inForce(_series[itemId][region], time);
    }

    function _page(bytes32[] storage list, uint256 start, uint256 count)
        private
        view
        returns (bytes32[] memory page)
    {
        uint256 left = start < list.length ? list.length - start : 0;
        page = new bytes32[](count < left ? count : left);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = list[start + i];
        }
    }

    /// @dev Return the highest version that has begun, unless it has ended.
    function _inForce(Version[] storage series, uint64 time)
        private
        view
        returns (Version memory found)
    {
        for (uint256 i = series.length; i > 0; --i) {
            Version storage v = series[i - 1];
            if (v.item.from > time || v.putAt > time) continue;
            if (v.item.until == 0 || time < v.item.until) return v;
            return found;
        }
    }

    function _requireNextOfOwnRegion(Supplement calldata supplement) private view {
        (bytes32 itemId, bytes32 region) = (supplement.itemId, supplement.region);
        if (region != consortium().member(supplement.member).region) {
            revert Catalogue_RegionInvalid(itemId, region);
        }
        uint32 national = _lastVersion(_series[itemId][_NATIONAL]);
        if (national != 0) revert Catalogue_ItemNational(itemId, national);
        uint32 last = _lastVersion(_series[itemId][region]);
        if (supplement.version == 0 || supplement.version - 1 != last) {
            revert Catalogue_VersionInvalid(itemId, region, last, supplement.version);
        }
    }

    function _itemOf(Supplement calldata supplement) private pure returns (Item memory) {
        return Item({
            itemId: supplement.itemId,
            version: supplement.version,
            kind: ItemKind.RECORD_TYPE,
            contentHash: supplement.contentHash,
            from: supplement.from,
            until: supplement.until,
            visibility: supplement.visibility,
            region: supplement.region,
            dataClass: DataClass.GENERAL,
            granularity: Granularity.MONTH
        });
    }

    function _put(Item memory it, MemberId member, bytes32 authority) private {
        Version[] storage series = _series[it.itemId][it.region];
        _requireValid(it, _lastVersion(series));
        if (series.length == 0) _list(it.itemId, it.region);
        uint256 limit = it.region == _NATIONAL ? _MAX_VERSIONS : _MAX_SUPPLEMENTS;
        if (series.length == limit) {
            revert Catalogue_TooManyVersions(it.itemId, it.region, limit);
        }
        series.push(Version(it, _time()));
        emit ItemPut(it.itemId, it.region, it.version, it, member, authority);
    }

    function _list(bytes32 itemId, bytes32 region) private {
        if (++_idCounts[region] > _MAX_IDS) revert Catalogue_TooManyIds(region, _MAX_IDS);
        if (_regions[itemId].length == 0) _itemIds.push(itemId);
        _regions[itemId].push(region);
    }

    function _requireValid(Item memory it, uint32 last) private pure {
        if (it.version <= last) {
            revert Catalogue_VersionInvalid(it.itemId, it.region, last, it.version);
        }
        bool valid = it.itemId != 0 && it.contentHash != 0 && _within(it.kind, ItemKind.RULES)
            && _within(it.visibility, Visibility.GOVERNMENT)
            && _within(it.dataClass, DataClass.IMPORTANT)
            && _within(it.granularity, Granularity.YEAR) && (it.until == 0 || it.until >= it.from);
        if (!valid) revert Catalogue_ItemInvalid(it.itemId, it.version);
    }

    /// @dev Say whether a number is in a list that counts from 1.
    function _within(uint8 number, uint8 last) private pure returns (bool) {
        return number != 0 && number <= last;
    }

    function _lastVersion(Version[] storage series) private view returns (uint32) {
        return series.length == 0 ? 0 : series[series.length - 1].item.version;
    }
}
