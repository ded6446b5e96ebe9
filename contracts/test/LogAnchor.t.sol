// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {IRoleContract} from "../interfaces/IRoleContract.sol";
import {LogAnchor} from "../LogAnchor.sol";
import {Kind, LogStatus, MemberStatus, Purpose, Suite} from "../types/Codes.sol";
import {LogId, NO_LOG} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {Reference} from "./Reference.sol";
import {World} from "./World.sol";

contract LogAnchorTest is World {
    uint64 private constant GROWTH = 1 << 20;

    function test_anchor_storesAndTells() public {
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 0, 5);
        bytes memory signature = _signAnchor(_sk(BEIJING, Purpose.ANCHOR), c);
        vm.recordLogs();
        logAnchor.anchor(c, new bytes32[](0), signature);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        equal(logs.length, 1);
        equal(logs[0].topics[0], keccak256("Anchored(bytes32,uint64,uint64,bytes32,bytes32)"));
        equal(logs[0].topics[1], c.logId);
        equal(logs[0].topics[2], bytes32(uint256(5)));
        bytes memory data = abi.encode(uint64(0), c.root, _keyId(_sk(BEIJING, Purpose.ANCHOR)));
        equal(keccak256(logs[0].data), keccak256(data));
        _latestIs(c.logId, 5, c.root);
        equal(logAnchor.rootAt(c.logId, 5), c.root);
        equal(logAnchor.rootAt(c.logId, 4), 0);
        equal(logAnchor.rootAt(_logId(TIANJIN), 5), 0);
    }

    function testFuzz_anchor_extends(uint256 size1, uint256 size2) public {
        uint64 m = uint64(within(size1, 1, 30));
        uint64 n = uint64(within(size2, m + 1, 40));
        _anchor(BEIJING, 0, m);
        _anchor(BEIJING, m, n);
        _latestIs(_logId(BEIJING), n, Reference.root(_leaves(0, n)));
        equal(logAnchor.rootAt(_logId(BEIJING), m), Reference.root(_leaves(0, m)));
    }

    function test_anchor_anybodySendsForAnybody() public {
        _anchor(TIANJIN, 0, 3);
        _anchor(BANK, 0, 2);
        _latestIs(_logId(TIANJIN), 3, Reference.root(_leaves(0, 3)));
        _latestIs(_logId(BANK), 2, Reference.root(_leaves(0, 2)));
    }

    function test_anchor_growsByTheMost() public {
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 0, 1);
        c.size = GROWTH;
        logAnchor.anchor(c, new bytes32[](0), _signAnchor(_sk(BEIJING, Purpose.ANCHOR), c));
        equal(logAnchor.rootAt(c.logId, GROWTH), c.root);
    }

    function test_verifyInclusion() public {
        LogId logId = _logId(BEIJING);
        _anchor(BEIJING, 0, 5);
        _anchor(BEIJING, 5, 9);
        bytes32[] memory d = _leaves(0, 9);
        bytes32[] memory five = Reference.slice(d, 0, 5);
        yes(logAnchor.verifyInclusion(logId, 9, 4, d[4], Reference.path(4, d)), "in nine");
        yes(logAnchor.verifyInclusion(logId, 5, 4, d[4], Reference.path(4, five)), "in five");
        yes(!logAnchor.verifyInclusion(logId, 9, 4, d[4], Reference.path(4, five)), "old path");
        yes(!logAnchor.verifyInclusion(logId, 9, 4, d[3], Reference.path(4, d)), "other leaf");
        yes(!logAnchor.verifyInclusion(logId, 9, 9, d[4], Reference.path(4, d)), "index at size");
        yes(!logAnchor.verifyInclusion(logId, 8, 4, d[4], Reference.path(4, d)), "no such size");
        yes(!logAnchor.verifyInclusion(NO_LOG, 9, 4, d[4], Reference.path(4, d)), "no such log");
        LogId other = _logId(TIANJIN);
        yes(!logAnchor.verifyInclusion(other, 9, 4, d[4], Reference.path(4, d)), "other log");
    }

    /// @dev At a size that was never anchored the root is 0, and a leaf of 0 with an empty path
    /// would fit it.
    function test_verifyInclusion_nothingIsNotProven() public view {
        yes(!logAnchor.verifyInclusion(_logId(BEIJING), 1, 0, 0, new bytes32[](0)), "zero");
    }

    function test_Revert_GrowthInvalid() public {
        _anchor(BEIJING, 0, 4);
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 4, 5);
        uint64[4] memory sizes = [0, 3, 4, 4 + GROWTH + 1];
        for (uint256 i = 0; i < sizes.length; ++i) {
            c.size = sizes[i];
            _fails(
                c,
                _proof(4, 5),
                abi.encodeWithSelector(
                    ILogAnchor.LogAnchor_GrowthInvalid.selector, c.logId, 4, sizes[i]
                )
            );
        }
    }

    function test_Revert_GrowthInvalid_atTheTop() public {
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 0, 5);
        c.size = type(uint64).max;
        _fails(
            c,
            new bytes32[](0),
            abi.encodeWithSelector(ILogAnchor.LogAnchor_GrowthInvalid.selector, c.logId, 0, c.size)
        );
    }

    function test_Revert_RootZero() public {
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 0, 5);
        c.root = 0;
        _fails(
            c,
            new bytes32[](0),
            abi.encodeWithSelector(ILogAnchor.LogAnchor_RootZero.selector, c.logId, 5)
        );
    }

    /// @dev The compare-and-swap: the second of two writers, and whoever sends the first one again.
    function test_Revert_SizeMismatch() public {
        _anchor(BEIJING, 0, 4);
        uint64[4] memory prevSizes = [uint64(0), 2, 3, 5];
        for (uint256 i = 0; i < prevSizes.length; ++i) {
            _fails(
                _checkpoint(BEIJING, prevSizes[i], 7),
                _proof(prevSizes[i], 7),
                abi.encodeWithSelector(
                    ILogAnchor.LogAnchor_SizeMismatch.selector, _logId(BEIJING), 4, prevSizes[i]
                )
            );
        }
    }

    function test_Revert_SizeMismatch_replay() public {
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 0, 4);
        bytes memory signature = _signAnchor(_sk(BEIJING, Purpose.ANCHOR), c);
        logAnchor.anchor(c, new bytes32[](0), signature);
        vm.expectRevert(
            abi.encodeWithSelector(ILogAnchor.LogAnchor_SizeMismatch.selector, c.logId, 4, 0)
        );
        logAnchor.anchor(c, new bytes32[](0), signature);
    }

    function testFuzz_Revert_NotConsistent(uint256 size1, uint256 size2, uint256 bit) public {
        uint64 m = uint64(within(size1, 1, 20));
        uint64 n = uint64(within(size2, m + 1, 30));
        _anchor(BEIJING, 0, m);
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, m, n);
        bytes32[] memory proof = _proof(m, n);
        proof[bit / 256 % proof.length] ^= bytes32(uint256(1) << (bit % 256));
        _notConsistent(c, proof);
        _notConsistent(c, new bytes32[](0));
        _notConsistent(c, Reference.join(_proof(m, n), 0));
        c.root ^= bytes32(uint256(1) << (bit % 256));
        _notConsistent(c, _proof(m, n));
    }

    /// @dev The owner itself, with a proper proof over other leaves.
    function test_Revert_NotConsistent_rewrittenByItsOwner() public {
        _anchor(BEIJING, 0, 6);
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 6, 9);
        bytes32[] memory other = _leaves(1, 9);
        c.root = Reference.root(other);
        _notConsistent(c, Reference.proof(6, other));
    }

    function test_Revert_NotConsistent_proofOnFirstAnchor() public {
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 0, 4);
        _fails(
            c,
            new bytes32[](1),
            abi.encodeWithSelector(
                ILogAnchor.LogAnchor_NotConsistent.selector, c.logId, 0, 0, 4, c.root
            )
        );
    }

    function test_Revert_LogNotOwned() public {
        ILogAnchor.Checkpoint memory c = _checkpoint(TIANJIN, 0, 4);
        c.logId = _logId(BEIJING);
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_LogNotOwned.selector, c.logId, TIANJIN
        );
        _anchorFails(_sk(TIANJIN, Purpose.ANCHOR), c, new bytes32[](0), expected);
        c.logId = LogId.wrap("unknown");
        expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_LogNotOwned.selector, c.logId, TIANJIN
        );
        _anchorFails(_sk(TIANJIN, Purpose.ANCHOR), c, new bytes32[](0), expected);
    }

    function test_Revert_LogNotOpen_andSuccessorGoesOn() public {
        _anchor(BEIJING, 0, 4);
        _anchor(BEIJING, 4, 6);
        LogId logId = _logId(BEIJING);
        _decide(Kind.OPEN_SUCCESSOR, abi.encode(logId, uint64(4), Suite.SHA256));
        _fails(
            _checkpoint(BEIJING, 6, 7),
            _proof(6, 7),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_LogNotOpen.selector, logId, LogStatus.CLOSED
            )
        );
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 0, 3);
        c.logId = consortium.log(logId).successor;
        logAnchor.anchor(c, new bytes32[](0), _signAnchor(_sk(BEIJING, Purpose.ANCHOR), c));
        _latestIs(c.logId, 3, c.root);
        _latestIs(logId, 6, Reference.root(_leaves(0, 6)));
    }

    function test_Revert_SuiteUnknown() public {
        LogId logId = _logId(BEIJING);
        _decide(Kind.OPEN_SUCCESSOR, abi.encode(logId, uint64(0), uint16(2)));
        ILogAnchor.Checkpoint memory c = _checkpoint(BEIJING, 0, 3);
        c.logId = consortium.log(logId).successor;
        _fails(
            c,
            new bytes32[](0),
            abi.encodeWithSelector(ILogAnchor.LogAnchor_SuiteUnknown.selector, c.logId, 2)
        );
    }

    function test_Revert_MemberNotActive() public {
        _decide(Kind.SUSPEND, abi.encode(BEIJING));
        _fails(
            _checkpoint(BEIJING, 0, 4),
            new bytes32[](0),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberNotActive.selector,
                BEIJING,
                MemberStatus.SUSPENDED
            )
        );
        _decide(Kind.REINSTATE, abi.encode(BEIJING));
        _anchor(BEIJING, 0, 4);
    }

    /// @dev Retirement: the old one is frozen and keeps its answers, the new one goes on from there.
    function test_successorContract() public {
        LogId logId = _logId(BEIJING);
        _anchor(BEIJING, 0, 4);
        _anchor(BEIJING, 4, 6);
        LogAnchor old = logAnchor;
        logAnchor = new LogAnchor(consortium);
        _fails(_checkpoint(BEIJING, 6, 9), _proof(6, 9), _notCurrent(address(old)));
        _decide(Kind.REGISTER_CONTRACT, abi.encode(LOG_ANCHOR, logAnchor));

        _latestIs(logId, 6, Reference.root(_leaves(0, 6)));
        equal(logAnchor.rootAt(logId, 4), Reference.root(_leaves(0, 4)));
        equal(logAnchor.rootAt(logId, 5), 0);
        _fails(
            _checkpoint(BEIJING, 0, 9),
            new bytes32[](0),
            abi.encodeWithSelector(ILogAnchor.LogAnchor_SizeMismatch.selector, logId, 6, 0)
        );
        _anchor(BEIJING, 6, 9);
        _latestIs(logId, 9, Reference.root(_leaves(0, 9)));
        equal(logAnchor.rootAt(logId, 6), Reference.root(_leaves(0, 6)));
        equal(old.rootAt(logId, 6), Reference.root(_leaves(0, 6)));
        equal(old.rootAt(logId, 9), 0);

        address current = address(logAnchor);
        logAnchor = old;
        _fails(_checkpoint(BEIJING, 6, 9), _proof(6, 9), _notCurrent(current));
    }

    /// @dev Three in a row: what the first one stored is found through the second.
    function test_successorContract_twice() public {
        LogId logId = _logId(BEIJING);
        _anchor(BEIJING, 0, 4);
        for (uint256 i = 0; i < 2; ++i) {
            logAnchor = new LogAnchor(consortium);
            _decide(Kind.REGISTER_CONTRACT, abi.encode(LOG_ANCHOR, logAnchor));
        }
        _latestIs(logId, 4, Reference.root(_leaves(0, 4)));
        bytes32[] memory d = _leaves(0, 4);
        yes(logAnchor.verifyInclusion(logId, 4, 2, d[2], Reference.path(2, d)), "through two");
        _anchor(BEIJING, 4, 5);
        _anchor(TIANJIN, 0, 2);
    }

    function test_Revert_NotCurrent_beforeRegistration() public {
        address current = address(logAnchor);
        logAnchor = new LogAnchor(consortium);
        _fails(_checkpoint(BEIJING, 0, 4), new bytes32[](0), _notCurrent(current));
    }

    /// @dev A contract of nobody answers and does not revert.
    function testFuzz_rootAt_neverReverts(LogId logId, uint64 size) public {
        equal(logAnchor.rootAt(logId, size), 0);
        equal(new LogAnchor(consortium).rootAt(logId, size), 0);
    }

    function test_role() public view {
        equal(logAnchor.role(), LOG_ANCHOR);
        equal(address(logAnchor.consortium()), address(consortium));
    }

    function _latestIs(LogId logId, uint64 size, bytes32 root) private view {
        (uint64 latestSize, bytes32 latestRoot) = logAnchor.latest(logId);
        equal(latestSize, size);
        equal(latestRoot, root);
    }

    function _fails(ILogAnchor.Checkpoint memory c, bytes32[] memory proof, bytes memory expected)
        private
    {
        _anchorFails(_sk(BEIJING, Purpose.ANCHOR), c, proof, expected);
    }

    function _notConsistent(ILogAnchor.Checkpoint memory c, bytes32[] memory proof) private {
        bytes32 prevRoot = logAnchor.rootAt(c.logId, c.prevSize);
        _fails(
            c,
            proof,
            abi.encodeWithSelector(
                ILogAnchor.LogAnchor_NotConsistent.selector,
                c.logId,
                c.prevSize,
                prevRoot,
                c.size,
                c.root
            )
        );
    }

    function _notCurrent(address current) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IRoleContract.RoleContract_NotCurrent.selector, LOG_ANCHOR, current
            );
    }
}
