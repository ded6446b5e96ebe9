// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Base} from "./Base.sol";
import {CaseHandler} from "./CaseHandler.sol";

/// @dev After any sequence of what the handler does.
contract CaseInvariantsTest is Base {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    CaseHandler private handler;

    function setUp() public {
        handler = new CaseHandler();
        handler.setUp();
    }

    function targetContracts() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        bytes4[] memory selectors = new bytes4[](5);
        selectors[0] = handler.act.selector;
        selectors[1] = handler.actByVote.selector;
        selectors[2] = handler.annulStolen.selector;
        selectors[3] = handler.acknowledge.selector;
        selectors[4] = handler.disturb.selector;
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(handler), selectors);
    }

    /// @dev In one function, because every invariant would walk the same sequences again.
    /// - Only the owner and votes write; a key to dispute disputes and does nothing else; what a vote
    ///   set only a vote changes; and nothing proper is refused.
    /// - Versions and histories never go back; count, head and blocks fold as in the model, through
    ///   every registry.
    /// - Acknowledgements never fall.
    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: default.invariant.runs = 40
    /// forge-config: default.invariant.depth = 50
    function invariant_cases() public view {
        equal(handler.broken(), "");
        handler.checkRecords();
        handler.checkAcknowledgements();
    }

    /// @dev The handler does reach what it is made for.
    function test_handler() public {
        for (uint256 i = 0; i < 120; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            handler.act(seed, i + 64, seed / 8);
            if (i % 3 == 0) handler.actByVote(seed / 3, seed / 24);
            if (i % 5 == 0) handler.acknowledge(i / 5, 1, seed, bytes32(seed));
            if (i % 10 == 9) handler.compromise(i / 10 % 4, 9 days - 1);
            for (uint256 j = 0; i % 10 == 9 && j < 6; ++j) {
                handler.annulStolen(j);
            }
            if (i % 40 == 9) handler.replaceContract(0);
            if (i % 30 > 27) handler.suspendOrReinstate(i / 30);
            if (i % 2 == 0) handler.wait_(seed, seed / 9);
        }
        equal(handler.broken(), "");
        handler.checkRecords();
        handler.checkAcknowledgements();
        yes(handler.taken() > 40, "taken");
        yes(handler.refused() > 40, "refused");
        yes(handler.undone() > 2, "undone");
        yes(handler.acknowledgements() > 10, "acknowledgements");
    }
}
