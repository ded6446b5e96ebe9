// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Base} from "./Base.sol";
import {Handler} from "./Handler.sol";

/// @dev After any sequence of what the handler does.
contract InvariantsTest is Base {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler private handler;

    function setUp() public {
        handler = new Handler();
        handler.setUp();
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = handler.anchor.selector;
        selectors[1] = handler.disturb.selector;
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(handler), selectors);
    }

    /// @dev In one function, because every invariant would walk the same sequences again.
    /// - A suspended member, a key outside its window, another's key, a closed log, a rewritten one,
    ///   an old signature: none of them anchors; and nothing proper is refused.
    /// - Sizes only grow, along one history. A stored root never changes.
    /// - Members and keys stand as they should.
    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: default.invariant.runs = 40
    /// forge-config: default.invariant.depth = 50
    function invariant_ledger() public {
        equal(handler.broken(), "");
        handler.checkLatest();
        handler.checkRoots();
        handler.checkConsortium();
    }

    /// @dev The handler does reach what it is made for.
    function test_handler() public {
        for (uint256 i = 0; i < 20; ++i) {
            handler.anchor(1, i, 0, i, 0);
        }
        equal(handler.taken(), 20);
        for (uint256 i = 0; i < 10; ++i) {
            handler.anchor(1, 0, 0, i, 2 * i + 1);
        }
        equal(handler.refused(), 10);
        handler.suspendOrReinstate(0);
        handler.anchor(1, 0, 0, 0, 0);
        handler.suspendOrReinstate(0);
        handler.revoke(2, 0);
        handler.compromise(4, 1000);
        handler.addKey(2, 0, 100);
        handler.wait_(10);
        handler.anchor(1, 1, 4, 0, 0);
        handler.anchor(1, 2, 8, 0, 0);
        equal(handler.refused(), 13);
        handler.anchor(1, 2, 20, 0, 0);
        handler.succeed(3, 3);
        handler.anchor(1, 3, 0, 0, 0);
        handler.anchor(1, 5, 0, 0, 0);
        handler.replaceContract(0);
        handler.anchor(1, 4, 0, 0, 0);
        handler.anchor(1, 5, 0, 0, 0);
        equal(handler.refused(), 14);
        equal(handler.taken(), 24);
        equal(handler.broken(), "");
        handler.checkLatest();
        handler.checkRoots();
        handler.checkConsortium();
    }
}
