// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IProducts} from "../interfaces/IProducts.sol";
import {Products} from "../Products.sol";
import {Kind, ProductKind, Purpose, Role} from "../types/Codes.sol";
import {MemberId, ProductId} from "../types/Ids.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev The world with PRODUCT keys, in which the bank is a bureau too.
abstract contract ProductWorld is World {
    bytes32 internal constant PRODUCTS = "Products";
    bytes32 internal constant METHOD = keccak256("how it is made");
    ProductId internal constant SCORES = ProductId.wrap(keccak256("scores of farms"));
    ProductId internal constant MAP = ProductId.wrap(keccak256("a map of firms"));

    Products internal products;

    function setUp() public virtual override {
        super.setUp();
        _decide(Kind.SET_ROLES, abi.encode(BANK, Role.INSTITUTION | Role.BUREAU));
        _succeed();
    }

    function _keys() internal override returns (IConsortium.KeyInput[] memory list) {
        IConsortium.KeyInput[] memory before = super._keys();
        MemberId[5] memory codes = _codes();
        list = new IConsortium.KeyInput[](before.length + codes.length);
        for (uint256 i = 0; i < before.length; ++i) {
            list[i] = before[i];
        }
        for (uint256 i = 0; i < codes.length; ++i) {
            list[before.length + i] = _keyInput(codes[i], Purpose.PRODUCT, _maker(codes[i]));
        }
    }

    /// @dev A new contract takes the role.
    function _succeed() internal {
        products = new Products(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(PRODUCTS, products));
    }

    /// @dev The PRODUCT key of a member.
    function _maker(MemberId member) internal pure returns (uint256) {
        return _sk(member, Purpose.PRODUCT);
    }

    function _publication(MemberId member, ProductId productId, uint32 version)
        internal
        view
        returns (IProducts.Publication memory)
    {
        return IProducts.Publication({
            member: member,
            productId: productId,
            version: version,
            content: keccak256(abi.encode("content", version)),
            method: METHOD,
            inputsRoot: keccak256(abi.encode("root", version)),
            inputs: uint64(100) + version,
            deadline: _deadline()
        });
    }

    function _signHere(uint256 sk, bytes32 structHash) internal view returns (bytes memory) {
        return _sign(sk, "Products", address(products), structHash);
    }

    // Calls, signed by `sk`: what a test expects of them, it says before.

    function _registerCall(
        uint256 sk,
        MemberId member,
        ProductId productId,
        uint8 kind,
        bytes32 method
    ) internal view returns (bytes memory) {
        bytes32 structHash = Typed.hashRegister(member, productId, kind, method, _deadline());
        bytes memory signature = _signHere(sk, structHash);
        return abi.encodeCall(
            products.register, (member, productId, kind, method, _deadline(), signature)
        );
    }

    function _publishCall(uint256 sk, IProducts.Publication memory p)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeCall(products.publish, (p, _signHere(sk, Typed.hash(p))));
    }

    function _retireCall(uint256 sk, MemberId member, ProductId productId)
        internal
        view
        returns (bytes memory)
    {
        bytes memory signature = _signHere(sk, Typed.hashRetire(member, productId, _deadline()));
        return abi.encodeCall(products.retire, (member, productId, _deadline(), signature));
    }

    function _register(MemberId member, ProductId productId) internal {
        _send(_registerCall(_maker(member), member, productId, ProductKind.DATASET, METHOD));
    }

    function _publish(MemberId member, ProductId productId, uint32 version) internal {
        _send(_publishCall(_maker(member), _publication(member, productId, version)));
    }

    function _retire(MemberId member, ProductId productId) internal {
        _send(_retireCall(_maker(member), member, productId));
    }

    /// @dev What is refused fails the test with the contract's own error.
    function _send(bytes memory call) internal {
        (bool ok, bytes memory why) = address(products).call(call);
        if (ok) return;
        assembly ("memory-safe") {
            revert(add(why, 32), mload(why))
        }
    }

    function _fails(bytes memory call, bytes memory expected) internal {
        (bool ok, bytes memory why) = address(products).call(call);
        yes(!ok, "taken");
        equal(keccak256(why), keccak256(expected));
    }
}
