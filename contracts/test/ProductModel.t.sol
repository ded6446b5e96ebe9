// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IProducts} from "../interfaces/IProducts.sol";
import {MemberId, ProductId} from "../types/Ids.sol";
import {ProductWorld} from "./ProductWorld.sol";

/// @dev Any sequence of calls by two makers on two ids, through contract after contract, beside a
/// model that knows nothing of contracts: a call goes through exactly when the model says so, and
/// what is read is what the model holds.
contract ProductModelTest is ProductWorld {
    struct Model {
        uint8 kind;
        uint64 registeredAt;
        uint64 retiredAt;
        uint64[] publishedAt;
    }

    mapping(MemberId member => mapping(ProductId productId => Model)) private _models;
    uint256 private _taken;
    uint256 private _refused;

    function testFuzz_model(uint256[20] calldata steps) public {
        for (uint256 i = 0; i < steps.length; ++i) {
            _step(steps[i]);
        }
        _check(HEBEI, SCORES);
        _check(HEBEI, MAP);
        _check(BANK, SCORES);
        _check(BANK, MAP);
    }

    /// @dev The steps do reach what they are made for.
    function test_model() public {
        uint256[12] memory steps = [uint256(0), 1, 33, 5, 1, 4, 33, 5, 3, 1, 0, 2];
        for (uint256 i = 0; i < steps.length; ++i) {
            _step(steps[i]);
        }
        equal(_taken, 5);
        equal(_refused, 5);
        equal(_models[HEBEI][SCORES].publishedAt.length, 3);
        _check(HEBEI, SCORES);
    }

    /// @dev step: what (6), whose (2), which (2), and the rest as the call needs it.
    function _step(uint256 step) private {
        uint256 rest = step / 24;
        MemberId member = step / 6 % 2 == 0 ? HEBEI : BANK;
        ProductId productId = step / 12 % 2 == 0 ? SCORES : MAP;
        vm.warp(_now() + rest % 1 days + 1);
        uint256 what = step % 6;
        if (what == 0) _tryRegister(member, productId, uint8(rest % 4) + 1);
        else if (what == 3) _tryRetire(member, productId);
        else if (what == 5) _succeed();
        else _tryPublish(member, productId, rest % 4 == 3);
    }

    function _tryRegister(MemberId member, ProductId productId, uint8 kind) private {
        Model storage m = _models[member][productId];
        bool ok = _try(_registerCall(_maker(member), member, productId, kind, METHOD), m.kind == 0);
        if (ok) (m.kind, m.registeredAt) = (kind, _now());
    }

    function _tryPublish(MemberId member, ProductId productId, bool gap) private {
        Model storage m = _models[member][productId];
        uint32 version = uint32(m.publishedAt.length + (gap ? 2 : 1));
        IProducts.Publication memory p = _publication(member, productId, version);
        bool allowed = m.kind != 0 && m.retiredAt == 0 && !gap;
        if (_try(_publishCall(_maker(member), p), allowed)) m.publishedAt.push(_now());
    }

    function _tryRetire(MemberId member, ProductId productId) private {
        Model storage m = _models[member][productId];
        bool allowed = m.kind != 0 && m.retiredAt == 0;
        if (_try(_retireCall(_maker(member), member, productId), allowed)) m.retiredAt = _now();
    }

    function _try(bytes memory call, bool allowed) private returns (bool ok) {
        (ok,) = address(products).call(call);
        yes(ok == allowed, ok ? "taken, not allowed" : "allowed, not taken");
        if (ok) ++_taken;
        else ++_refused;
    }

    function _check(MemberId member, ProductId productId) private {
        Model storage m = _models[member][productId];
        IProducts.Product memory p = products.product(member, productId);
        equal(p.kind, m.kind);
        equal(p.registeredAt, m.registeredAt);
        equal(p.retiredAt, m.retiredAt);
        equal(p.method, m.kind == 0 ? bytes32(0) : METHOD);
        equal(p.versions, m.publishedAt.length);
        IProducts.Version[] memory all = products.versions(member, productId, 0, 128);
        equal(all.length, m.publishedAt.length);
        for (uint256 i = 0; i < all.length; ++i) {
            equal(all[i].publishedAt, m.publishedAt[i]);
            equal(all[i].inputs, 100 + i + 1);
            equal(all[i].publishedBy, _keyId(_maker(member)));
        }
    }
}
