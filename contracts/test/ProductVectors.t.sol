// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IProducts} from "../interfaces/IProducts.sol";
import {Products} from "../Products.sol";
import {Purpose, Role} from "../types/Codes.sol";
import {MemberId, ProductId} from "../types/Ids.sol";
import {Base} from "./Base.sol";
import {Presupposed} from "./CaseVectors.t.sol";
import {Typed} from "./Typed.sol";

/// @dev The worked examples of part 2 that concern products. What the contract makes of a signature
/// over the digest of the example is whom it then asks the Consortium about.
contract ProductVectorsTest is Base {
    uint256 private constant KEY = 0xc0ffee;
    uint8 private constant MAKERS = Role.PROVINCE | Role.BUREAU;

    Products private _products;
    string private _input;
    string private _expected;

    function test_vectors() public {
        string[3] memory names = ["case", "outcome", "query"];
        for (uint256 i = 0; i < 3; ++i) {
            _open(string.concat("tests/vectors/part-2/", names[i]));
            _register();
            _publish();
            _retire();
        }
    }

    function _open(string memory dir) private {
        _input = vm.readFile(string.concat(dir, "/input.json"));
        _expected = vm.readFile(string.concat(dir, "/expected.json"));
        vm.chainId(vm.parseJsonUint(_input, ".chainId"));
        Presupposed consortium = new Presupposed(MemberId.wrap(0));
        // The same code at the address of the example has the signing domain of the example.
        address there = vm.parseJsonAddress(_input, ".products");
        vm.etch(there, address(new Products(IConsortium(address(consortium)))).code);
        _products = Products(there);
        consortium.set(there, 0, true);
    }

    function _register() private {
        MemberId member = _member(".register");
        ProductId productId = ProductId.wrap(_word(".register.productId"));
        uint8 kind = uint8(_number(".register.kind"));
        bytes32 method = _word(".register.method");
        uint64 deadline = _number(".register.deadline");
        bytes32 digest = _digest(
            ".registerDigest", Typed.hashRegister(member, productId, kind, method, deadline)
        );
        vm.expectRevert(_asked(member));
        _products.register(member, productId, kind, method, deadline, _signed(digest));
    }

    function _publish() private {
        IProducts.Publication memory p = IProducts.Publication({
            member: _member(".publish"),
            productId: ProductId.wrap(_word(".publish.productId")),
            version: uint32(_number(".publish.version")),
            content: _word(".publish.content"),
            method: _word(".publish.method"),
            inputsRoot: _word(".publish.inputsRoot"),
            inputs: _number(".publish.inputs"),
            deadline: _number(".publish.deadline")
        });
        bytes32 digest = _digest(".publishDigest", Typed.hash(p));
        vm.expectRevert(_asked(p.member));
        _products.publish(p, _signed(digest));
    }

    function _retire() private {
        MemberId member = _member(".retire");
        ProductId productId = ProductId.wrap(_word(".retire.productId"));
        uint64 deadline = _number(".retire.deadline");
        bytes32 digest = _digest(".retireDigest", Typed.hashRetire(member, productId, deadline));
        vm.expectRevert(_asked(member));
        _products.retire(member, productId, deadline, _signed(digest));
    }

    /// @dev That of the example, which must be the one that the type's text gives.
    function _digest(string memory path, bytes32 structHash) private view returns (bytes32 found) {
        found = vm.parseBytes32(string.concat("0x", vm.parseJsonString(_expected, path)));
        equal(found, Typed.digest(Typed.domain("Products", address(_products)), structHash));
    }

    function _signed(bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, digest);
        return abi.encodePacked(r, s, v);
    }

    function _asked(MemberId member) private returns (bytes memory) {
        address signer = vm.createWallet(KEY).addr;
        return
            abi.encodeWithSelector(
                Presupposed.Asked.selector, member, MAKERS, Purpose.PRODUCT, signer
            );
    }

    function _member(string memory path) private view returns (MemberId) {
        // Codes are at most 32 bytes long.
        // forge-lint: disable-next-line(unsafe-typecast)
        return
            MemberId.wrap(
                bytes32(bytes(vm.parseJsonString(_input, string.concat(path, ".member"))))
            );
    }

    function _word(string memory path) private view returns (bytes32) {
        return vm.parseBytes32(string.concat("0x", vm.parseJsonString(_input, path)));
    }

    function _number(string memory path) private view returns (uint64) {
        return uint64(vm.parseJsonUint(_input, path));
    }
}
