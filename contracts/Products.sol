// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {RoleContract} from "./base/RoleContract.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";
import {IProducts} from "./interfaces/IProducts.sol";
import {ProductKind, Purpose, Role} from "./types/Codes.sol";
import {KeyId, MemberId, NO_PRODUCT, ProductId} from "./types/Ids.sol";

/// @title Products made of records
/// @notice See {IProducts}.
contract Products is IProducts, RoleContract {
    /// @dev Most versions listed at once: at some 20,000 gas each far below what nodes grant a call,
    /// through several predecessors.
    uint256 private constant _MAX_LISTED = 128;

    bytes32 private constant _REGISTER = keccak256(
        "Register(bytes32 member,bytes32 productId,uint8 kind,bytes32 method,uint64 deadline)"
    );
    bytes32 private constant _PUBLISH = keccak256(
        "Publish(bytes32 member,bytes32 productId,uint32 version,bytes32 content,bytes32 method,bytes32 inputsRoot,uint64 inputs,uint64 deadline)"
    );
    bytes32 private constant _RETIRE =
        keccak256("Retire(bytes32 member,bytes32 productId,uint64 deadline)");

    mapping(MemberId member => mapping(ProductId productId => Product)) private _products;
    /// @dev Those published here; lower ones are the predecessor's.
    mapping(
        MemberId member => mapping(ProductId productId => mapping(uint256 version => Version))
    ) private _versions;

    constructor(IConsortium consortium_) RoleContract(consortium_, "Products") {}

    /// @inheritdoc IProducts
    function register(
        MemberId member,
        ProductId productId,
        uint8 kind,
        bytes32 method,
        uint64 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(
            abi.encode(_REGISTER, member, productId, kind, method, deadline)
        );
        KeyId keyId = _signedBy(member, structHash, deadline, signature);
        bool known = kind >= ProductKind.DATASET && kind <= ProductKind.REPORT;
        if (!known || productId == NO_PRODUCT || method == 0) {
            revert Products_ProductInvalid(member, productId, kind, method);
        }
        uint64 since = product(member, productId).registeredAt;
        if (since != 0) revert Products_AlreadyRegistered(member, productId, since);
        Product storage p = _products[member][productId];
        (p.kind, p.registeredAt, p.method, p.registeredBy) = (kind, _time(), method, keyId);
        emit ProductRegistered(member, productId, kind, method, keyId);
    }

    /// @inheritdoc IProducts
    function publish(Publication calldata publication, bytes calldata signature) external {
        (MemberId member, ProductId productId) = (publication.member, publication.productId);
        bytes32 structHash = keccak256(abi.encode(_PUBLISH, publication));
        KeyId keyId = _signedBy(member, structHash, publication.deadline, signature);
        Product storage p = _open(member, productId);
        _requireNext(publication, p.versions);
        p.versions = publication.version;
        _versions[member][productId][publication.version] = Version({
            inputs: publication.inputs,
            publishedAt: _time(),
            content: publication.content,
            method: publication.method,
            inputsRoot: publication.inputsRoot,
            publishedBy: keyId
        });
        _emitPublished(publication, keyId);
    }

    /// @inheritdoc IProducts
    function retire(MemberId member, ProductId productId, uint64 deadline, bytes calldata signature)
        external
    {
        bytes32 structHash = keccak256(abi.encode(_RETIRE, member, productId, deadline));
        KeyId keyId = _signedBy(member, structHash, deadline, signature);
        Product storage p = _open(member, productId);
        (p.retiredAt, p.retiredBy) = (_time(), keyId);
        emit ProductRetired(member, productId, keyId);
    }

    /// @inheritdoc IProducts
    function product(MemberId member, ProductId productId)
        public
        view
        returns (Product memory found)
    {
        found = _products[member][productId];
        if (found.kind != 0) return found;
        IProducts predecessor = _predecessor();
        if (address(predecessor) != address(0)) return predecessor.product(member, productId);
    }

    /// @inheritdoc IProducts
    function versions(MemberId member, ProductId productId, uint256 start, uint256 count)
        external
        view
        returns (Version[] memory found)
    {
        if (count > _MAX_LISTED) revert Products_CountInvalid(count, _MAX_LISTED);
        uint256 total = product(member, productId).versions;
        uint256 left = start < total ? total - start : 0;
        found = new Version[](count < left ? count : left);
        uint256 missing;
        for (uint256 i = 0; i < found.length; ++i) {
            found[i] = _versions[member][productId][start + i + 1];
            if (found[i].publishedAt == 0) ++missing;
        }
        // What was published before stands before what was published here.
        if (missing == 0) return found;
        Version[] memory before = _predecessor().versions(member, productId, start, missing);
        for (uint256 i = 0; i < missing; ++i) {
            found[i] = before[i];
        }
    }

    /// @dev Return the key of an active maker of products that signed, or revert.
    function _signedBy(
        MemberId member,
        bytes32 structHash,
        uint64 deadline,
        bytes calldata signature
    ) private view returns (KeyId) {
        _requireCurrent();
        uint8 makers = Role.PROVINCE | Role.BUREAU;
        return _authorise(member, makers, Purpose.PRODUCT, structHash, deadline, signature);
    }

    /// @dev Return a product that is not retired, taken over from the predecessor where it is only
    /// known there, or revert.
    function _open(MemberId member, ProductId productId) private returns (Product storage p) {
        p = _products[member][productId];
        if (p.kind == 0) {
            Product memory found = product(member, productId);
            if (found.kind == 0) revert Products_Unknown(member, productId);
            _products[member][productId] = found;
        }
        if (p.retiredAt != 0) revert Products_IsRetired(member, productId, p.retiredAt);
    }

    function _requireNext(Publication calldata publication, uint32 last) private pure {
        (MemberId member, ProductId productId) = (publication.member, publication.productId);
        uint32 version = publication.version;
        if (version == 0 || version - 1 != last) {
            revert Products_VersionInvalid(member, productId, last, version);
        }
        bool complete = publication.content != 0 && publication.method != 0
            && publication.inputsRoot != 0 && publication.inputs != 0;
        if (!complete) revert Products_VersionIncomplete(member, productId, version);
    }

    function _emitPublished(Publication calldata publication, KeyId keyId) private {
        emit VersionPublished(
            publication.member,
            publication.productId,
            publication.version,
            publication.content,
            publication.method,
            publication.inputsRoot,
            publication.inputs,
            keyId
        );
    }

    /// @dev Return the contract that held the role before, which keeps what was written there.
    function _predecessor() private view returns (IProducts) {
        return IProducts(consortium().predecessorOf(address(this)));
    }
}
