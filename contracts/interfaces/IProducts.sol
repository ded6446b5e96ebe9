// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {KeyId, MemberId, ProductId} from "../types/Ids.sol";
import {IRoleContract} from "./IRoleContract.sol";

/// @title Products made of records
/// @notice Data sets, models, portraits and reports that a bureau or a province makes of records, and
/// what each version of them was made of. A product belongs to the member that registered it: the
/// same id under another member is another product.
///
/// A product is registered once, published in versions 1, 2, 3 … without a gap, and retired for good;
/// nothing is ever overwritten. Who sends the transaction means nothing: the member signs (EIP-712,
/// domain `CreditLedger Products`, version `1`) with a PRODUCT key. No signature works twice.
///
/// Inputs. `inputsRoot` is the root of an RFC 9162 tree over HMAC-SHA-256(salt, recordId) of the
/// records that the version was made of, ascending by these values, each once; `inputs` says how many.
/// The salt is in the manifest, which users of the version are handed and nobody else: the chain tells
/// no stranger which records went in, and can not be asked whether one did. The contract checks none of
/// it; whoever has the manifest does.
///
/// A version is stale once one of its inputs is disputed, shielded, erased or has an outcome. That is
/// computed from the status of the records by whoever has the manifest, and stands nowhere here.
///
/// One contract holds the role `Products` in the Consortium at a time. A retired one takes nothing
/// more; its successor goes on: what was registered or retired before is, and versions go on counting.
///
/// The events alone rebuild the whole state.
interface IProducts is IRoleContract {
    /// @notice A product. All zero: not registered.
    struct Product {
        /// @dev `ProductKind` of `types/Codes.sol`
        uint8 kind;
        /// @dev versions published so far
        uint32 versions;
        /// @dev the block's time
        uint64 registeredAt;
        /// @dev the block's time; 0: not retired
        uint64 retiredAt;
        /// @dev SHA-256 of the text that says how it is made
        bytes32 method;
        /// @dev the key that registered it
        KeyId registeredBy;
        /// @dev the key that retired it
        KeyId retiredBy;
    }

    /// @notice A version of a product.
    struct Version {
        /// @dev records that went in
        uint64 inputs;
        /// @dev the block's time
        uint64 publishedAt;
        /// @dev SHA-256 of what users are handed
        bytes32 content;
        /// @dev SHA-256 of the text that says how this version was made
        bytes32 method;
        bytes32 inputsRoot;
        /// @dev the key that published it
        KeyId publishedBy;
    }

    /// @notice What a member signs to publish a version.
    struct Publication {
        MemberId member;
        ProductId productId;
        /// @dev one more than what was published so far
        uint32 version;
        /// @dev never 0, like all that follows
        bytes32 content;
        bytes32 method;
        bytes32 inputsRoot;
        uint64 inputs;
        /// @dev last second at which a block may take it
        uint64 deadline;
    }

    /// @notice Emitted for every product. The block's time is its `registeredAt`.
    event ProductRegistered(
        MemberId indexed member,
        ProductId indexed productId,
        uint8 kind,
        bytes32 method,
        KeyId signedBy
    );

    /// @notice Emitted for every version. The block's time is its `publishedAt`.
    event VersionPublished(
        MemberId indexed member,
        ProductId indexed productId,
        uint32 indexed version,
        bytes32 content,
        bytes32 method,
        bytes32 inputsRoot,
        uint64 inputs,
        KeyId signedBy
    );

    /// @notice Emitted when a product is retired. The block's time is its `retiredAt`.
    event ProductRetired(MemberId indexed member, ProductId indexed productId, KeyId signedBy);

    /// @notice Thrown when the kind is unknown, or the id or the method is 0.
    error Products_ProductInvalid(MemberId member, ProductId productId, uint8 kind, bytes32 method);
    /// @notice Thrown when the member registered this id before. `since`: when.
    error Products_AlreadyRegistered(MemberId member, ProductId productId, uint64 since);
    /// @notice Thrown when the member has no such product.
    error Products_Unknown(MemberId member, ProductId productId);
    /// @notice Thrown when the product is retired. `since`: when.
    error Products_IsRetired(MemberId member, ProductId productId, uint64 since);
    /// @notice Thrown when a version is not the one after `last`.
    error Products_VersionInvalid(
        MemberId member, ProductId productId, uint32 last, uint32 version
    );
    /// @notice Thrown when content, method, root or number of inputs of a version is 0.
    error Products_VersionIncomplete(MemberId member, ProductId productId, uint32 version);
    /// @notice Thrown when more versions are asked for at once than 128.
    error Products_CountInvalid(uint256 count, uint256 limit);

    // ---- writes ---------------------------------------------------------------------------------

    /// @notice Register a product; anybody may send it.
    /// @dev Signs Register(bytes32 member,bytes32 productId,uint8 kind,bytes32 method,uint64 deadline).
    /// @param member An ACTIVE member that is a PROVINCE or a BUREAU.
    /// @param productId Any but 0 that the member has not registered before.
    /// @param kind 1 dataset, 2 model, 3 portrait, 4 report.
    /// @param method SHA-256 of the text that says how it is made; not 0.
    /// @param deadline Last second at which a block may take it.
    /// @param signature r ‖ s ‖ v of a PRODUCT key, 65 bytes, low s, v 27 or 28.
    function register(
        MemberId member,
        ProductId productId,
        uint8 kind,
        bytes32 method,
        uint64 deadline,
        bytes calldata signature
    ) external;

    /// @notice Publish the next version of a product; anybody may send it.
    /// @dev Signs Publish(bytes32 member,bytes32 productId,uint32 version,bytes32 content,bytes32
    /// method,bytes32 inputsRoot,uint64 inputs,uint64 deadline); line breaks are no part of the type.
    /// @param publication What is published.
    /// @param signature r ‖ s ‖ v of a PRODUCT key, 65 bytes, low s, v 27 or 28.
    function publish(Publication calldata publication, bytes calldata signature) external;

    /// @notice Retire a product for good; anybody may send it.
    /// @dev Signs Retire(bytes32 member,bytes32 productId,uint64 deadline).
    /// @param member Whose product it is.
    /// @param productId The product.
    /// @param deadline Last second at which a block may take it.
    /// @param signature r ‖ s ‖ v of a PRODUCT key, 65 bytes, low s, v 27 or 28.
    function retire(MemberId member, ProductId productId, uint64 deadline, bytes calldata signature)
        external;

    // ---- views ----------------------------------------------------------------------------------

    /// @notice Return a product, registered here or else with the predecessors; all zero where it is
    /// not. Never reverts.
    function product(MemberId member, ProductId productId) external view returns (Product memory);

    /// @notice List versions of a product in their order, those of the predecessors too. Fewer than
    /// asked for where it has no more.
    /// @param member Whose product it is.
    /// @param productId The product.
    /// @param start How many to leave out; the first one listed is version `start` + 1.
    /// @param count At most 128.
    function versions(MemberId member, ProductId productId, uint256 start, uint256 count)
        external
        view
        returns (Version[] memory);
}
