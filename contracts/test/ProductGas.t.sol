// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ProductKind} from "../types/Codes.sol";
import {ProductWorld} from "./ProductWorld.sol";

/// @dev What products cost, each call as a transaction of its own with everything cold.
/// `.gas-snapshot` holds the figures of these tests, the bounds here are those of the transaction.
contract ProductGasTest is ProductWorld {
    bytes[] private _calls;

    /// @dev SCORES has four versions, each call is signed for the contract that stands.
    function setUp() public override {
        super.setUp();
        _register(HEBEI, SCORES);
        for (uint32 version = 1; version < 5; ++version) {
            _publish(HEBEI, SCORES, version);
        }
        _sign();
    }

    /// forge-config: default.isolate = true
    function testGas_register() public {
        _costs(0, 120_000);
    }

    /// forge-config: default.isolate = true
    function testGas_publish() public {
        _costs(1, 170_000);
    }

    /// @dev Takes the product over.
    /// forge-config: default.isolate = true
    function testGas_publish_firstInASuccessor() public {
        _succeed();
        _sign();
        _costs(1, 253_000);
    }

    /// forge-config: default.isolate = true
    function testGas_retire() public {
        _costs(2, 75_000);
    }

    /// @dev A call, far below what nodes grant one.
    /// forge-config: default.isolate = true
    function testGas_versions_most() public {
        for (uint32 version = 5; version <= 128; ++version) {
            if (version == 65) _succeed();
            _publish(HEBEI, SCORES, version);
        }
        equal(products.versions(HEBEI, SCORES, 0, 128).length, 128);
        _within(2_400_000);
    }

    /// @dev Runtime bytecode against the limit of EIP-170, with room for more rules.
    function test_bytecodeSize() public view {
        yes(address(products).code.length < 8_000, "Products");
    }

    function _sign() private {
        uint256 sk = _maker(HEBEI);
        delete _calls;
        _calls.push(_registerCall(sk, HEBEI, MAP, ProductKind.MODEL, METHOD));
        _calls.push(_publishCall(sk, _publication(HEBEI, SCORES, 5)));
        _calls.push(_retireCall(sk, HEBEI, SCORES));
    }

    function _costs(uint256 which, uint256 limit) private {
        _send(_calls[which]);
        _within(limit);
    }

    function _within(uint256 limit) private view {
        uint256 used = vm.lastCallGas().gasTotalUsed;
        yes(used <= limit, string.concat("costs more: ", vm.toString(used)));
        yes(used > limit - limit / 20, string.concat("costs less: ", vm.toString(used)));
    }
}
