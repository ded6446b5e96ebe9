// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Kind} from "../types/Codes.sol";
import {Base} from "./Base.sol";
import {GovernHandler} from "./GovernHandler.sol";

/// @dev After any sequence of votes and writes.
contract GovernInvariantsTest is Base {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    GovernHandler private handler;

    function setUp() public {
        handler = new GovernHandler();
        handler.setUp();
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        bytes4[] memory selectors = new bytes4[](3);
        selectors[0] = handler.decide.selector;
        selectors[1] = handler.write.selector;
        selectors[2] = handler.wait_.selector;
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(handler), selectors);
    }

    /// @dev In one function, because every invariant would walk the same sequences again.
    /// - threshold <= ACTIVE provinces < 2 * threshold, each of its own region.
    /// - A retired member never writes again and stays retired; a suspended one only ends its keys.
    /// - Sizes of logs only grow, closed ones not at all, also from one LogAnchor to the next.
    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: default.invariant.runs = 40
    /// forge-config: default.invariant.depth = 60
    function invariant_governance() public view {
        equal(handler.broken(), "");
        handler.checkThreshold();
        handler.checkMembers();
        handler.checkSizes();
    }

    /// @dev The handler does reach what it is made for: each kind is carried out.
    function test_handler() public {
        uint8[13] memory kinds = [1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15];
        uint256 seed;
        for (uint256 round = 0; round < 40; ++round) {
            for (uint256 i = 0; i < kinds.length; ++i) {
                seed = uint256(keccak256(abi.encode(seed)));
                // The members that vote in the end stay as they are.
                uint256 who = kinds[i] == Kind.SUSPEND || kinds[i] == Kind.RETIRE ? 4 : seed;
                if (kinds[i] == Kind.RETIRE && round < 35) continue;
                handler.decide(i, who, seed >> 64 | 1);
                handler.write(seed, seed >> 128);
            }
        }
        for (uint256 i = 0; i < kinds.length; ++i) {
            if (kinds[i] == Kind.REGISTER_CONTRACT) continue;
            yes(handler.carriedOut(kinds[i]) != 0, "a kind was never carried out");
        }
        yes(handler.refused() != 0 && handler.written() != 0 && handler.unwritten() != 0, "all");
        invariant_governance();
    }
}
