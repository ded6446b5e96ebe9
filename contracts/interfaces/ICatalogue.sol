// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {MemberId} from "../types/Ids.sol";
import {IRoleContract} from "./IRoleContract.sol";

/// @title What may be recorded
/// @notice Record types, definitions of the severe lists, the vocabulary of measures, agreements,
/// rules of publicity and stages.
///
/// National items (region 0) are put by a vote of the provinces. Supplements are put by the province
/// concerned, signed (EIP-712, domain `CreditLedger Catalogue`, version `1`) by one of its GOVERN
/// keys. Items form a series per (itemId, region); versions grow and nothing is overwritten.
///
/// A version begins at the later of `from` and the time when it was put, `putAt`: what is put later
/// never changes what was in force before. In force at t is the highest version of the series that
/// has begun, provided that `until` is 0 or t < `until`. A version with `until` = `from` therefore
/// ends the versions before it and is never in force itself. Where a national item is in force,
/// supplements of the same id do not count; once an id has a national series it takes no more
/// supplements, whether the nation's item is in force or not.
///
/// Read series by series: what one province puts then costs nobody else anything.
///
/// A retired Catalogue takes no more writes. Its successor starts empty and is filled by vote.
interface ICatalogue is IRoleContract {
    /// @notice One version of an item. All zero where there is none.
    struct Item {
        /// @dev of a record type: the name of its schema in ASCII, padded on the right ("penalty")
        bytes32 itemId;
        /// @dev of a record type: the version of its schema
        uint32 version;
        uint8 kind;
        /// @dev of a record type: SHA-256 of its schema file
        bytes32 contentHash;
        uint64 from;
        /// @dev the first second at which it is not in force any more; 0: open
        uint64 until;
        uint8 visibility;
        /// @dev 0: national
        bytes32 region;
        uint8 dataClass;
        uint8 granularity;
    }

    /// @notice A version and the block's time at which it was put. All zero where there is none.
    struct Version {
        Item item;
        uint64 putAt;
    }

    /// @notice A supplement, as its province signs it. It is a record type of data class GENERAL
    /// with granularity MONTH; anything else needs a national item.
    struct Supplement {
        MemberId member;
        bytes32 itemId;
        uint32 version;
        bytes32 contentHash;
        uint64 from;
        uint64 until;
        uint8 visibility;
        bytes32 region;
        uint64 deadline;
    }

    /// @notice Emitted for every version put. The block's time is its `putAt`.
    /// @param itemId The item.
    /// @param region 0: national.
    /// @param version Its number in the series.
    /// @param item All of it.
    /// @param member The province of a supplement, 0 for a national item.
    /// @param authority Id of the key that signed a supplement, or of the proposal that passed.
    event ItemPut(
        bytes32 indexed itemId,
        bytes32 indexed region,
        uint32 indexed version,
        Item item,
        MemberId member,
        bytes32 authority
    );

    /// @notice Thrown when a list of items is empty or longer than 64.
    error Catalogue_CountInvalid(uint256 count, uint256 limit);
    /// @notice Thrown when an item voted on has a region, or a supplement has another region than
    /// its province.
    error Catalogue_RegionInvalid(bytes32 itemId, bytes32 region);
    /// @notice Thrown when a version is not above the last one, or not the next of a supplement.
    error Catalogue_VersionInvalid(bytes32 itemId, bytes32 region, uint32 last, uint32 version);
    /// @notice Thrown when an item has no id, no content hash, a number that is not in its list, or
    /// ends before it begins.
    error Catalogue_ItemInvalid(bytes32 itemId, uint32 version);
    /// @notice Thrown when a region would have more than 1,024 items.
    error Catalogue_TooManyIds(bytes32 region, uint256 limit);
    /// @notice Thrown when a supplement is of an item that the nation has put. `last`: the nation's
    /// last version.
    error Catalogue_ItemNational(bytes32 itemId, uint32 last);
    /// @notice Thrown when a national series would have more than 128 versions, or another more
    /// than 64.
    error Catalogue_TooManyVersions(bytes32 itemId, bytes32 region, uint256 limit);

    /// @notice Put the items that the provinces voted on; anybody may send it, it works once.
    /// @dev Kind PUT_NATIONAL, data abi.encode(address of this contract, items).
    /// @param items At least one; each version above the last of its series.
    /// @param proposer The province that proposed it.
    /// @param salt The one of the proposal.
    function putNational(Item[] calldata items, MemberId proposer, bytes32 salt) external;

    /// @notice Put a supplement of a province for its own region.
    /// @dev Signs PutSupplement with the fields of {Supplement} in their order.
    /// @param supplement Of an item that has no national series; `version` must be the last one of
    /// the series plus 1.
    /// @param signature r ‖ s ‖ v of a GOVERN key, 65 bytes, low s, v 27 or 28.
    function putSupplement(Supplement calldata supplement, bytes calldata signature) external;

    /// @notice List all versions of one series, the first one first: at most 128.
    /// @param itemId The item.
    /// @param region 0: the national series.
    function item(bytes32 itemId, bytes32 region) external view returns (Version[] memory);

    /// @notice List the regions in which an item has a series, 0 for the national one, in the order
    /// in which they first appeared.
    /// @param itemId The item.
    /// @param start Place of the first, from 0.
    /// @param count At most so many; fewer where the list ends.
    function regions(bytes32 itemId, uint256 start, uint256 count)
        external
        view
        returns (bytes32[] memory);

    /// @notice Count all items.
    function itemCount() external view returns (uint256);

    /// @notice List ids of items, in the order in which they first appeared.
    /// @param start Place of the first, from 0.
    /// @param count At most so many; fewer where the list ends.
    function itemIds(uint256 start, uint256 count) external view returns (bytes32[] memory);

    /// @notice Return the version in force in a region at a time; all zero where there is none.
    /// @param itemId The item.
    /// @param region The region asked for; 0 looks at national items only.
    /// @param time The instant.
    function itemAt(bytes32 itemId, bytes32 region, uint64 time)
        external
        view
        returns (Version memory);
}
