// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {IProducts} from "../interfaces/IProducts.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {Products} from "../Products.sol";
import {Kind, MemberStatus, ProductKind, Purpose, Role} from "../types/Codes.sol";
import {MemberId, NO_PRODUCT, ProductId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {ProductWorld} from "./ProductWorld.sol";
import {Typed} from "./Typed.sol";

contract ProductsTest is ProductWorld {
    uint8 private constant MAKERS = Role.PROVINCE | Role.BUREAU;

    // ---- what is stored -------------------------------------------------------------------------

    function test_register() public {
        vm.recordLogs();
        _register(HEBEI, SCORES);
        Vm.Log memory found = _onlyLog("ProductRegistered(bytes32,bytes32,uint8,bytes32,bytes32)");
        equal(found.topics.length, 3);
        equal(
            keccak256(found.data),
            keccak256(abi.encode(ProductKind.DATASET, METHOD, _keyId(_maker(HEBEI))))
        );
        IProducts.Product memory p = products.product(HEBEI, SCORES);
        equal(p.kind, ProductKind.DATASET);
        equal(p.versions, 0);
        equal(p.registeredAt, START);
        equal(p.retiredAt, 0);
        equal(p.method, METHOD);
        equal(p.registeredBy, _keyId(_maker(HEBEI)));
        equal(products.versions(HEBEI, SCORES, 0, 10).length, 0);
    }

    /// @dev A product is its member's, and the same id under another one is another product.
    function test_register_sameIdOfAnother() public {
        _register(HEBEI, SCORES);
        equal(products.product(BANK, SCORES).kind, 0);
        equal(products.product(HEBEI, MAP).kind, 0);
        _send(_registerCall(_maker(BANK), BANK, SCORES, ProductKind.MODEL, METHOD));
        _retire(BANK, SCORES);
        equal(products.product(BANK, SCORES).kind, ProductKind.MODEL);
        equal(products.product(HEBEI, SCORES).kind, ProductKind.DATASET);
        _publish(HEBEI, SCORES, 1);
        equal(products.versions(BANK, SCORES, 0, 10).length, 0);
    }

    function test_publish() public {
        _register(HEBEI, SCORES);
        vm.warp(START + 100);
        vm.recordLogs();
        _publish(HEBEI, SCORES, 1);
        Vm.Log memory found = _onlyLog(
            "VersionPublished(bytes32,bytes32,uint32,bytes32,bytes32,bytes32,uint64,bytes32)"
        );
        equal(found.topics[3], bytes32(uint256(1)));
        IProducts.Publication memory p = _publication(HEBEI, SCORES, 1);
        equal(
            keccak256(found.data),
            keccak256(
                abi.encode(p.content, p.method, p.inputsRoot, p.inputs, _keyId(_maker(HEBEI)))
            )
        );
        IProducts.Version[] memory all = products.versions(HEBEI, SCORES, 0, 128);
        equal(all.length, 1);
        _isVersion(all[0], 1, START + 100);
        equal(products.product(HEBEI, SCORES).versions, 1);
        equal(products.product(HEBEI, SCORES).registeredAt, START);
    }

    function test_retire() public {
        _register(HEBEI, SCORES);
        _publish(HEBEI, SCORES, 1);
        vm.warp(START + 100);
        vm.recordLogs();
        _retire(HEBEI, SCORES);
        Vm.Log memory found = _onlyLog("ProductRetired(bytes32,bytes32,bytes32)");
        equal(keccak256(found.data), keccak256(abi.encode(_keyId(_maker(HEBEI)))));
        IProducts.Product memory p = products.product(HEBEI, SCORES);
        equal(p.retiredAt, START + 100);
        equal(p.retiredBy, _keyId(_maker(HEBEI)));
        // What it was stays to be read.
        equal(p.kind, ProductKind.DATASET);
        equal(products.versions(HEBEI, SCORES, 0, 128).length, 1);
    }

    /// @dev Who sends it means nothing.
    function test_senderMeansNothing() public {
        Products there = products;
        bytes memory call = _registerCall(_maker(BANK), BANK, SCORES, ProductKind.PORTRAIT, METHOD);
        (bool ok,) = address(new Relay()).call(abi.encodeCall(Relay.send, (address(there), call)));
        yes(ok, "relayed");
        equal(there.product(BANK, SCORES).kind, ProductKind.PORTRAIT);
    }

    function testFuzz_register(ProductId productId, uint8 kind, bytes32 method) public {
        bytes memory call = _registerCall(_maker(HEBEI), HEBEI, productId, kind, method);
        bool fit = kind >= 1 && kind <= 4 && !(productId == NO_PRODUCT) && method != 0;
        if (fit) {
            _send(call);
            equal(products.product(HEBEI, productId).kind, kind);
            equal(products.product(HEBEI, productId).method, method);
        } else {
            _fails(call, _invalid(productId, kind, method));
        }
    }

    function test_Revert_ProductInvalid() public {
        uint256 sk = _maker(HEBEI);
        for (uint8 kind = 0; kind < 7; kind += kind == 0 ? 5 : 1) {
            _fails(_registerCall(sk, HEBEI, SCORES, kind, METHOD), _invalid(SCORES, kind, METHOD));
        }
        _fails(_registerCall(sk, HEBEI, NO_PRODUCT, 1, METHOD), _invalid(NO_PRODUCT, 1, METHOD));
        _fails(_registerCall(sk, HEBEI, SCORES, 1, 0), _invalid(SCORES, 1, 0));
        for (uint8 kind = 1; kind < 5; ++kind) {
            _send(_registerCall(sk, HEBEI, ProductId.wrap(bytes32(uint256(kind))), kind, METHOD));
        }
    }

    function test_Revert_AlreadyRegistered() public {
        _register(HEBEI, SCORES);
        bytes memory again = _registerCall(_maker(HEBEI), HEBEI, SCORES, 2, METHOD);
        bytes memory expected = abi.encodeWithSelector(
            IProducts.Products_AlreadyRegistered.selector, HEBEI, SCORES, START
        );
        _fails(again, expected);
        // Nor once it is retired.
        _retire(HEBEI, SCORES);
        _fails(again, expected);
        equal(products.product(HEBEI, SCORES).kind, ProductKind.DATASET);
    }

    // ---- versions -------------------------------------------------------------------------------

    /// @dev 1, 2, 3 …: none left out, none again.
    function test_Revert_VersionInvalid() public {
        _register(HEBEI, SCORES);
        _publishFails(_publication(HEBEI, SCORES, 0), _versionInvalid(0, 0));
        _publishFails(_publication(HEBEI, SCORES, 2), _versionInvalid(0, 2));
        _publish(HEBEI, SCORES, 1);
        _publishFails(_publication(HEBEI, SCORES, 1), _versionInvalid(1, 1));
        _publishFails(_publication(HEBEI, SCORES, 3), _versionInvalid(1, 3));
        uint32 last = type(uint32).max;
        _publishFails(_publication(HEBEI, SCORES, last), _versionInvalid(1, last));
        _publish(HEBEI, SCORES, 2);
        equal(products.product(HEBEI, SCORES).versions, 2);
    }

    function test_Revert_VersionIncomplete() public {
        _register(HEBEI, SCORES);
        bytes memory expected =
            abi.encodeWithSelector(IProducts.Products_VersionIncomplete.selector, HEBEI, SCORES, 1);
        IProducts.Publication memory p = _publication(HEBEI, SCORES, 1);
        p.content = 0;
        _publishFails(p, expected);
        p = _publication(HEBEI, SCORES, 1);
        p.method = 0;
        _publishFails(p, expected);
        p = _publication(HEBEI, SCORES, 1);
        p.inputsRoot = 0;
        _publishFails(p, expected);
        p = _publication(HEBEI, SCORES, 1);
        p.inputs = 0;
        _publishFails(p, expected);
        p.inputs = type(uint64).max;
        _send(_publishCall(_maker(HEBEI), p));
        equal(products.versions(HEBEI, SCORES, 0, 1)[0].inputs, type(uint64).max);
    }

    function test_Revert_Unknown() public {
        bytes memory expected =
            abi.encodeWithSelector(IProducts.Products_Unknown.selector, HEBEI, SCORES);
        _publishFails(_publication(HEBEI, SCORES, 1), expected);
        _fails(_retireCall(_maker(HEBEI), HEBEI, SCORES), expected);
        // That another member has one of this id changes nothing.
        _register(BANK, SCORES);
        _publishFails(_publication(HEBEI, SCORES, 1), expected);
    }

    function test_Revert_IsRetired() public {
        _register(HEBEI, SCORES);
        _publish(HEBEI, SCORES, 1);
        _retire(HEBEI, SCORES);
        bytes memory expected =
            abi.encodeWithSelector(IProducts.Products_IsRetired.selector, HEBEI, SCORES, START);
        vm.warp(START + 100);
        _publishFails(_publication(HEBEI, SCORES, 2), expected);
        _fails(_retireCall(_maker(HEBEI), HEBEI, SCORES), expected);
        equal(products.product(HEBEI, SCORES).retiredAt, START);
        equal(products.product(HEBEI, SCORES).versions, 1);
    }

    /// @dev Any page is the part of the whole list that it names.
    function testFuzz_versions_pages(uint256 start, uint256 count) public {
        _register(HEBEI, SCORES);
        for (uint32 version = 1; version <= 7; ++version) {
            vm.warp(START + version);
            if (version == 3 || version == 6) _succeed();
            _publish(HEBEI, SCORES, version);
        }
        if (start % 3 != 0) start = start % 9;
        count = count % 129;
        IProducts.Version[] memory page = products.versions(HEBEI, SCORES, start, count);
        uint256 left = start < 7 ? 7 - start : 0;
        equal(page.length, left < count ? left : count);
        for (uint256 i = 0; i < page.length; ++i) {
            _isVersion(page[i], uint32(start + i + 1), uint64(START + start + i + 1));
        }
    }

    function test_Revert_CountInvalid() public {
        equal(products.versions(HEBEI, SCORES, 0, 128).length, 0);
        vm.expectRevert(abi.encodeWithSelector(IProducts.Products_CountInvalid.selector, 129, 128));
        products.versions(HEBEI, SCORES, 0, 129);
    }

    // ---- who may --------------------------------------------------------------------------------

    function test_Revert_otherPurpose() public {
        uint256 govern = _sk(HEBEI, Purpose.GOVERN);
        _allFail(HEBEI, govern, _notValid(HEBEI, govern));
    }

    function test_Revert_otherMember() public {
        _allFail(HEBEI, _maker(BANK), _notValid(HEBEI, _maker(BANK)));
    }

    /// @dev An institution uses products, it makes none.
    function test_Revert_noMaker() public {
        _decide(Kind.SET_ROLES, abi.encode(BANK, Role.INSTITUTION));
        _allFail(
            BANK,
            _maker(BANK),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_RoleMissing.selector, BANK, Role.INSTITUTION, MAKERS
            )
        );
        _decide(Kind.SET_ROLES, abi.encode(BANK, Role.BUREAU));
        _register(BANK, SCORES);
    }

    function test_Revert_suspended() public {
        _decide(Kind.SUSPEND, abi.encode(HEBEI));
        _allFail(
            HEBEI,
            _maker(HEBEI),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberNotActive.selector, HEBEI, MemberStatus.SUSPENDED
            )
        );
        _decide(Kind.REINSTATE, abi.encode(HEBEI));
        _register(HEBEI, SCORES);
    }

    function test_Revert_keyExpired() public {
        vm.warp(KEYS_END + 1);
        _allFail(HEBEI, _maker(HEBEI), _notValid(HEBEI, _maker(HEBEI)));
        vm.warp(KEYS_END);
        _register(HEBEI, SCORES);
    }

    function test_Revert_keyStolen() public {
        _register(HEBEI, SCORES);
        bytes memory data = abi.encode(HEBEI, _keyId(_maker(HEBEI)), START);
        _decide(Kind.COMPROMISE_KEY, data);
        _fails(_retireCall(_maker(HEBEI), HEBEI, SCORES), _notValid(HEBEI, _maker(HEBEI)));
    }

    function test_Revert_deadlinePassed() public {
        _register(HEBEI, MAP);
        uint64 deadline = _deadline();
        bytes[3] memory calls = _allCalls(HEBEI, _maker(HEBEI));
        calls[2] = _retireCall(_maker(HEBEI), HEBEI, MAP);
        bytes memory expected = abi.encodeWithSelector(
            IRoleContract.RoleContract_DeadlinePassed.selector, deadline, deadline + 1
        );
        vm.warp(deadline + 1);
        for (uint256 i = 0; i < 3; ++i) {
            _fails(calls[i], expected);
        }
        vm.warp(deadline);
        for (uint256 i = 0; i < 3; ++i) {
            _send(calls[i]);
        }
    }

    /// @dev Every signature works once, in whatever state the product is then.
    function test_Revert_replayed() public {
        bytes[3] memory calls = _allCalls(HEBEI, _maker(HEBEI));
        for (uint256 i = 0; i < 3; ++i) {
            _send(calls[i]);
            for (uint256 j = 0; j <= i; ++j) {
                (bool ok,) = address(products).call(calls[j]);
                yes(!ok, "replayed");
            }
        }
    }

    /// @dev Every word of what is signed counts.
    function testFuzz_Revert_otherThanSigned(uint256 which, uint256 bits) public {
        _register(HEBEI, SCORES);
        IProducts.Publication memory p = _publication(HEBEI, SCORES, 1);
        bytes memory signature = _signHere(_maker(HEBEI), Typed.hash(p));
        bytes32 flip = bytes32(within(bits, 1, type(uint8).max));
        which = which % 7;
        if (which == 0) p.content ^= flip;
        else if (which == 1) p.method ^= flip;
        else if (which == 2) p.inputsRoot ^= flip;
        else if (which == 3) p.inputs ^= uint64(uint256(flip));
        else if (which == 4) p.deadline ^= uint64(uint256(flip));
        else if (which == 5) p.version ^= uint32(uint256(flip));
        else p.productId = ProductId.wrap(ProductId.unwrap(p.productId) ^ flip);
        (bool ok, bytes memory why) =
            address(products).call(abi.encodeCall(products.publish, (p, signature)));
        yes(!ok, "taken");
        // Another digest gives another signer, which nobody registered.
        equal(bytes32(bytes4(why)), bytes32(IConsortiumErrors.Consortium_KeyNotValid.selector));
    }

    // ---- successors -----------------------------------------------------------------------------

    /// @dev Contract after contract: as if it were one.
    function test_goesOn() public {
        _register(HEBEI, SCORES);
        _publish(HEBEI, SCORES, 1);
        _register(HEBEI, MAP);
        _retire(HEBEI, MAP);
        vm.warp(START + 100);
        _succeed();
        _succeed();
        IProducts.Product memory p = products.product(HEBEI, SCORES);
        equal(p.versions, 1);
        equal(p.registeredAt, START);
        _fails(
            _registerCall(_maker(HEBEI), HEBEI, SCORES, 1, METHOD),
            abi.encodeWithSelector(
                IProducts.Products_AlreadyRegistered.selector, HEBEI, SCORES, START
            )
        );
        _publishFails(
            _publication(HEBEI, MAP, 1),
            abi.encodeWithSelector(IProducts.Products_IsRetired.selector, HEBEI, MAP, START)
        );
        _publishFails(_publication(HEBEI, SCORES, 1), _versionInvalid(1, 1));
        _publish(HEBEI, SCORES, 2);
        p = products.product(HEBEI, SCORES);
        equal(p.versions, 2);
        equal(p.kind, ProductKind.DATASET);
        equal(p.registeredAt, START);
        equal(p.registeredBy, _keyId(_maker(HEBEI)));
        IProducts.Version[] memory all = products.versions(HEBEI, SCORES, 0, 128);
        equal(all.length, 2);
        _isVersion(all[0], 1, START);
        _isVersion(all[1], 2, START + 100);
        // Retired where it was never written to.
        _succeed();
        _retire(HEBEI, SCORES);
        equal(products.product(HEBEI, SCORES).versions, 2);
        equal(products.product(HEBEI, SCORES).retiredAt, START + 100);
        equal(products.versions(HEBEI, SCORES, 0, 128).length, 2);
    }

    /// @dev What a retired one stored stays readable; it takes no more, and a signature for it is
    /// none for its successor.
    function test_Revert_NotCurrent() public {
        _register(HEBEI, SCORES);
        Products old = products;
        bytes[3] memory calls = _allCalls(BANK, _maker(BANK));
        _succeed();
        for (uint256 i = 0; i < 3; ++i) {
            (bool ok, bytes memory why) = address(old).call(calls[i]);
            yes(!ok, "taken by the old one");
            equal(
                keccak256(why),
                keccak256(
                    abi.encodeWithSelector(
                        IRoleContract.RoleContract_NotCurrent.selector, PRODUCTS, products
                    )
                )
            );
            (ok,) = address(products).call(calls[i]);
            yes(!ok, "signed for the one before");
        }
        equal(old.product(HEBEI, SCORES).registeredAt, START);
        // One that never held the role knows nothing, and is asked in vain.
        products = new Products(consortium);
        equal(products.product(HEBEI, SCORES).kind, 0);
        equal(products.versions(HEBEI, SCORES, 0, 128).length, 0);
        (bool taken,) = address(products).call(_allCalls(BANK, _maker(BANK))[0]);
        yes(!taken, "never current");
    }

    // ---- details --------------------------------------------------------------------------------

    function _onlyLog(string memory signature) private returns (Vm.Log memory) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1);
        equal(logs[0].topics[0], keccak256(bytes(signature)));
        equal(logs[0].topics[1], HEBEI);
        equal(logs[0].topics[2], SCORES);
        equal(logs[0].emitter, address(products));
        return logs[0];
    }

    /// @dev Of HEBEI's scores, as {_publication} makes them.
    function _isVersion(IProducts.Version memory found, uint32 version, uint64 time) private {
        IProducts.Publication memory p = _publication(HEBEI, SCORES, version);
        equal(found.content, p.content);
        equal(found.method, p.method);
        equal(found.inputsRoot, p.inputsRoot);
        equal(found.inputs, p.inputs);
        equal(found.publishedAt, time);
        equal(found.publishedBy, _keyId(_maker(HEBEI)));
    }

    /// @dev Register, publish and retire SCORES, each signed by `sk`.
    function _allCalls(MemberId member, uint256 sk) private view returns (bytes[3] memory) {
        return [
            _registerCall(sk, member, SCORES, ProductKind.DATASET, METHOD),
            _publishCall(sk, _publication(member, SCORES, 1)),
            _retireCall(sk, member, SCORES)
        ];
    }

    function _allFail(MemberId member, uint256 sk, bytes memory expected) private {
        bytes[3] memory calls = _allCalls(member, sk);
        for (uint256 i = 0; i < 3; ++i) {
            _fails(calls[i], expected);
        }
    }

    function _publishFails(IProducts.Publication memory p, bytes memory expected) private {
        _fails(_publishCall(_maker(p.member), p), expected);
    }

    function _invalid(ProductId productId, uint8 kind, bytes32 method)
        private
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IProducts.Products_ProductInvalid.selector, HEBEI, productId, kind, method
        );
    }

    function _versionInvalid(uint32 last, uint32 version) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IProducts.Products_VersionInvalid.selector, HEBEI, SCORES, last, version
        );
    }

    function _notValid(MemberId member, uint256 sk) private returns (bytes memory) {
        return abi.encodeWithSelector(
            IConsortiumErrors.Consortium_KeyNotValid.selector,
            member,
            Purpose.PRODUCT,
            vm.createWallet(sk).addr
        );
    }
}

/// @dev Another sender.
contract Relay {
    function send(address to, bytes calldata data) external {
        (bool ok,) = to.call(data);
        require(ok);
    }
}
