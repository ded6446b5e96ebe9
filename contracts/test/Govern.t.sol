// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Consortium} from "../Consortium.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {Alg, Kind, LogStatus, MemberStatus, Purpose, Role, Suite} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, NO_LOG, NO_MEMBER, ProposalId} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev What votes carry out: members, their roles and keys, the threshold, logs.
contract GovernTest is World {
    uint256 private constant NEW = 0xbeef;
    uint256 private constant NEWER = 0xcafe;
    MemberId private constant INNER_MONGOLIA = MemberId.wrap("150000");

    // ---- the threshold --------------------------------------------------------------------------

    function test_setThreshold() public {
        vm.recordLogs();
        _decide(Kind.SET_THRESHOLD, abi.encode(uint64(4)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory told = logs[logs.length - 2];
        equal(told.topics[0], keccak256("ThresholdSet(uint64)"));
        equal(keccak256(told.data), keccak256(abi.encode(uint64(4))));
        equal(consortium.threshold(), 4);
        ProposalId id = _pass(Kind.SUSPEND, abi.encode(BANK), "all four");
        equal(consortium.proposal(id).yes, 4);
        _decide(Kind.SET_THRESHOLD, abi.encode(uint64(3)));
        equal(consortium.threshold(), 3);
    }

    function test_Revert_ThresholdInvalid_set() public {
        uint64[4] memory thresholds = [0, 2, 5, type(uint64).max];
        for (uint256 i = 0; i < thresholds.length; ++i) {
            _decideFails(
                Kind.SET_THRESHOLD, abi.encode(thresholds[i]), _unbalanced(thresholds[i], 4)
            );
        }
    }

    /// @dev With one province gone the other three decide together; a second one must stay, or the
    /// threshold moves first.
    function test_Revert_ThresholdInvalid_tooFew() public {
        _decide(Kind.SUSPEND, abi.encode(SHANXI));
        _decideFails(Kind.SUSPEND, abi.encode(HEBEI), _unbalanced(3, 2));
        _decideFails(Kind.RETIRE, abi.encode(HEBEI), _unbalanced(3, 2));
        _decideFails(Kind.SET_ROLES, abi.encode(HEBEI, Role.BUREAU), _unbalanced(3, 2));
        _decide(Kind.SUSPEND, abi.encode(BANK));
        _decide(Kind.SET_THRESHOLD, abi.encode(uint64(2)));
        _decide(Kind.SUSPEND, abi.encode(HEBEI));
        equal(consortium.threshold(), 2);
    }

    function test_Revert_ThresholdInvalid_tooMany() public {
        _decide(Kind.SUSPEND, abi.encode(SHANXI));
        _decide(Kind.SET_THRESHOLD, abi.encode(uint64(2)));
        _decideFails(Kind.REINSTATE, abi.encode(SHANXI), _unbalanced(2, 4));
        _decideFails(Kind.ADMIT, _admission(INNER_MONGOLIA), _unbalanced(2, 4));
        _decideFails(Kind.SET_ROLES, abi.encode(BANK, Role.PROVINCE), _noRegion());
        _decide(Kind.SET_THRESHOLD, abi.encode(uint64(3)));
        _decide(Kind.REINSTATE, abi.encode(SHANXI));
    }

    // ---- admitting ------------------------------------------------------------------------------

    function test_admit() public {
        vm.warp(START + 5);
        vm.recordLogs();
        _decide(Kind.ADMIT, _admission(INNER_MONGOLIA));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 n = logs.length;
        equal(logs[n - 5].topics[0], keccak256("MemberAdded(bytes32,bytes32,uint8,string)"));
        equal(logs[n - 4].topics[2], _keyId(NEW));
        equal(logs[n - 4].topics[3], 0);
        equal(logs[n - 2].topics[0], keccak256("LogOpened(bytes32,bytes32,uint64,uint16,bytes32)"));
        IConsortium.Member memory m = consortium.member(INNER_MONGOLIA);
        equal(m.status, MemberStatus.ACTIVE);
        equal(m.roles, Role.PROVINCE);
        equal(m.region, INNER_MONGOLIA);
        equal(m.endpoint, "https://new.example");
        equal(m.recoveredFrom, 0);
        equal(consortium.memberCodes(5, 9)[0], INNER_MONGOLIA);
        equal(consortium.provinces().length, 5);
        IConsortium.Key memory k = consortium.key(INNER_MONGOLIA, _keyId(NEW));
        equal(k.notBefore, START + 5);
        equal(k.purpose, Purpose.GOVERN);
        equal(consortium.keyCount(INNER_MONGOLIA), 2);
        LogId logId = _logId(INNER_MONGOLIA);
        equal(consortium.logIds(INNER_MONGOLIA)[0], logId);
        equal(consortium.openLog(logId, INNER_MONGOLIA), Suite.SHA256);
        equal(consortium.rolesAt(INNER_MONGOLIA, START + 4), 0);
        equal(consortium.rolesAt(INNER_MONGOLIA, START + 5), Role.PROVINCE);
    }

    /// @dev It anchors and votes from the first block on.
    function test_admit_writes() public {
        _decide(Kind.ADMIT, _admission(INNER_MONGOLIA));
        ILogAnchor.Checkpoint memory c = _checkpoint(INNER_MONGOLIA, 0, 3);
        logAnchor.anchor(c, _proof(0, 3), _signAnchor(NEWER, c));
        ProposalId id = _propose(BEIJING, Kind.SUSPEND, abi.encode(BANK), "x", START + 10);
        bytes32 structHash = Typed.hashVote(INNER_MONGOLIA, id, 1, _deadline());
        bytes memory signature = _sign(NEW, "Consortium", address(consortium), structHash);
        consortium.vote(INNER_MONGOLIA, id, 1, _deadline(), signature);
        equal(consortium.proposal(id).yes, 1);
    }

    function test_Revert_FounderInvalid_admit() public {
        MemberId[2] memory codes = [NO_MEMBER, BANK];
        for (uint256 i = 0; i < 2; ++i) {
            _decideFails(
                Kind.ADMIT,
                abi.encode(
                    IConsortium.FounderInput(codes[i], 0, Role.BUREAU, ""), _twoKeys(codes[i])
                ),
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_FounderInvalid.selector, codes[i]
                )
            );
        }
    }

    /// @dev A retired member's code is never given again.
    function test_Revert_FounderInvalid_retired() public {
        _decide(Kind.RETIRE, abi.encode(BANK));
        _decideFails(
            Kind.ADMIT,
            abi.encode(IConsortium.FounderInput(BANK, 0, Role.BUREAU, ""), _twoKeys(BANK)),
            abi.encodeWithSelector(IConsortiumErrors.Consortium_FounderInvalid.selector, BANK)
        );
    }

    /// @dev A region belongs to one province, until that retires.
    function test_Revert_RegionInvalid_admit() public {
        bytes memory data = abi.encode(
            IConsortium.FounderInput(MemberId.wrap("twin"), _region(SHANXI), Role.PROVINCE, ""),
            _twoKeys(MemberId.wrap("twin"))
        );
        _decideFails(
            Kind.ADMIT,
            data,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_RegionInvalid.selector, bytes32("twin"), SHANXI
            )
        );
        _decide(Kind.RETIRE, abi.encode(SHANXI));
        _decide(Kind.ADMIT, data);
        equal(consortium.member(MemberId.wrap("twin")).region, _region(SHANXI));
    }

    function test_Revert_KeyCountInvalid() public {
        uint256[2] memory counts = [uint256(0), 33];
        for (uint256 i = 0; i < 2; ++i) {
            _decideFails(
                Kind.ADMIT,
                abi.encode(_newBureau(), _noteKeys(MemberId.wrap("bureau"), counts[i])),
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_KeyCountInvalid.selector, counts[i], 32
                )
            );
        }
        _decide(Kind.ADMIT, abi.encode(_newBureau(), _noteKeys(MemberId.wrap("bureau"), 32)));
        equal(consortium.keyCount(MemberId.wrap("bureau")), 32);
    }

    function test_Revert_KeyNotOwned() public {
        IConsortium.KeyInput[] memory keys = _twoKeys(MemberId.wrap("bureau"));
        keys[1].member = BEIJING;
        _decideFails(
            Kind.ADMIT,
            abi.encode(_newBureau(), keys),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_KeyNotOwned.selector, bytes32("bureau"), BEIJING
            )
        );
    }

    function test_Revert_EndpointTooLong_admit() public {
        IConsortium.FounderInput memory f = _newBureau();
        f.endpoint = string(new bytes(257));
        _decideFails(
            Kind.ADMIT,
            abi.encode(f, _twoKeys(MemberId.wrap("bureau"))),
            abi.encodeWithSelector(IConsortiumErrors.Consortium_EndpointTooLong.selector, 257, 256)
        );
    }

    // ---- retiring -------------------------------------------------------------------------------

    /// @dev Its logs are closed at the size that they have, and what is anchored stays.
    function test_retire() public {
        _anchor(SHANXI, 0, 4);
        _decide(Kind.OPEN_LOG, abi.encode(SHANXI, Suite.SHA256));
        LogId second = consortium.logIds(SHANXI)[1];
        vm.recordLogs();
        _decide(Kind.RETIRE, abi.encode(SHANXI));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 n = logs.length;
        equal(logs[n - 4].topics[0], keccak256("MemberStatusChanged(bytes32,uint8)"));
        equal(keccak256(logs[n - 4].data), keccak256(abi.encode(MemberStatus.RETIRED)));
        equal(logs[n - 3].topics[0], keccak256("LogClosed(bytes32,bytes32,uint64,bytes32)"));
        equal(logs[n - 3].topics[1], _logId(SHANXI));
        equal(logs[n - 3].topics[3], 0);
        equal(keccak256(logs[n - 3].data), keccak256(abi.encode(uint64(4))));
        equal(consortium.member(SHANXI).status, MemberStatus.RETIRED);
        equal(consortium.member(SHANXI).roles, Role.PROVINCE);
        equal(consortium.provinces().length, 3);
        IConsortium.Log memory l = consortium.log(_logId(SHANXI));
        equal(l.status, LogStatus.CLOSED);
        equal(l.trustedSize, 4);
        equal(l.successor, NO_LOG);
        equal(consortium.log(second).status, LogStatus.CLOSED);
        equal(consortium.log(second).trustedSize, 0);
        (uint64 size,) = logAnchor.latest(_logId(SHANXI));
        equal(size, 4);
    }

    /// @dev A log that was closed before keeps what was said of it then.
    function test_retire_closedLogs() public {
        _anchor(SHANXI, 0, 4);
        _anchor(SHANXI, 4, 6);
        _decide(Kind.OPEN_SUCCESSOR, abi.encode(_logId(SHANXI), uint64(4), Suite.SHA256));
        LogId successor = consortium.logIds(SHANXI)[1];
        _decide(Kind.RETIRE, abi.encode(SHANXI));
        equal(consortium.log(_logId(SHANXI)).trustedSize, 4);
        equal(consortium.log(_logId(SHANXI)).successor, successor);
        equal(consortium.log(successor).status, LogStatus.CLOSED);
    }

    function test_retire_withoutLogAnchor() public {
        consortium = new Consortium(_founders(), _keys(), _logs(), THRESHOLD);
        _decide(Kind.RETIRE, abi.encode(SHANXI));
        equal(consortium.log(_logId(SHANXI)).status, LogStatus.CLOSED);
    }

    /// @dev Final: no vote brings it back or gives it anything. What it signed can still be judged.
    function test_Revert_MemberNotActive_retired() public {
        LogId logId = _logId(BANK);
        _decide(Kind.RETIRE, abi.encode(BANK));
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_MemberNotActive.selector, BANK, MemberStatus.RETIRED
        );
        _decideFails(Kind.REINSTATE, abi.encode(BANK), expected);
        _decideFails(Kind.SUSPEND, abi.encode(BANK), expected);
        _decideFails(Kind.RETIRE, abi.encode(BANK), expected);
        _decideFails(Kind.SET_ROLES, abi.encode(BANK, Role.BUREAU), expected);
        _decideFails(Kind.OPEN_LOG, abi.encode(BANK, Suite.SHA256), expected);
        _decideFails(Kind.RECOVER_KEY, abi.encode(_keyInput(BANK, Purpose.GOVERN, NEW)), expected);
        _decideFails(
            Kind.OPEN_SUCCESSOR,
            abi.encode(logId, uint64(0), Suite.SHA256),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_LogNotOpen.selector, logId, LogStatus.CLOSED
            )
        );
        KeyId keyId = _keyId(_sk(BANK, Purpose.ANCHOR));
        _decide(Kind.COMPROMISE_KEY, abi.encode(BANK, keyId, START));
        equal(consortium.key(BANK, keyId).compromisedSince, START);
    }

    function test_retire_suspended() public {
        _decide(Kind.SUSPEND, abi.encode(SHANXI));
        _decide(Kind.RETIRE, abi.encode(SHANXI));
        equal(consortium.provinces().length, 3);
    }

    // ---- roles ----------------------------------------------------------------------------------

    function test_setRoles() public {
        vm.warp(START + 100);
        vm.recordLogs();
        _decide(Kind.SET_ROLES, abi.encode(BANK, Role.INSTITUTION | Role.AUDITOR));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory told = logs[logs.length - 2];
        equal(told.topics[0], keccak256("MemberRolesChanged(bytes32,uint8)"));
        equal(told.topics[1], BANK);
        equal(keccak256(told.data), keccak256(abi.encode(uint8(12))));
        equal(consortium.member(BANK).roles, 12);
        equal(consortium.rolesAt(BANK, START - 1), 0);
        equal(consortium.rolesAt(BANK, START), Role.INSTITUTION);
        equal(consortium.rolesAt(BANK, START + 99), Role.INSTITUTION);
        equal(consortium.rolesAt(BANK, START + 100), 12);
        equal(consortium.rolesAt(BANK, type(uint64).max), 12);
        IConsortium.RoleSpan[] memory history = consortium.roleHistory(BANK);
        equal(history.length, 2);
        equal(history[0].since, START);
        equal(history[0].roles, Role.INSTITUTION);
        equal(history[1].since, START + 100);
    }

    /// @dev A province that is none any more neither votes nor counts, and its region is free.
    function test_setRoles_province() public {
        ProposalId id = _pass(Kind.SUSPEND, abi.encode(BANK), "earlier vote");
        _decide(Kind.SET_ROLES, abi.encode(BEIJING, Role.BUREAU));
        equal(consortium.provinces().length, 3);
        yes(!consortium.passed(id), "its vote still counts");
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_RoleMissing.selector, BEIJING, Role.BUREAU, Role.PROVINCE
        );
        bytes memory signature = _signGovern(BEIJING, Typed.hashVote(BEIJING, id, 1, _deadline()));
        vm.expectRevert(expected);
        consortium.vote(BEIJING, id, 1, _deadline(), signature);
        _anchor(BEIJING, 0, 2);
        _decide(Kind.SET_ROLES, abi.encode(BEIJING, Role.BUREAU | Role.PROVINCE));
        equal(consortium.provinces().length, 4);
        yes(consortium.passed(id), "its vote stands again");
    }

    function test_Revert_RolesInvalid_set() public {
        uint8[2] memory roles = [0, Role.INSTITUTION];
        for (uint256 i = 0; i < 2; ++i) {
            _decideFails(
                Kind.SET_ROLES,
                abi.encode(BANK, roles[i]),
                abi.encodeWithSelector(
                    IConsortiumErrors.Consortium_RolesInvalid.selector, BANK, roles[i]
                )
            );
        }
    }

    function test_Revert_TooManyRoleChanges() public {
        for (uint256 i = 1; i < 256; ++i) {
            uint8 roles = i % 2 == 0 ? Role.INSTITUTION : Role.AUDITOR;
            _decide(Kind.SET_ROLES, abi.encode(BANK, roles));
        }
        _decideFails(
            Kind.SET_ROLES,
            abi.encode(BANK, Role.BUREAU),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_TooManyRoleChanges.selector, BANK, 256
            )
        );
    }

    function test_Revert_MemberUnknown() public {
        bytes memory expected = abi.encodeWithSelector(
            IConsortiumErrors.Consortium_MemberUnknown.selector, bytes32("nobody")
        );
        _decideFails(Kind.SUSPEND, abi.encode(bytes32("nobody")), expected);
        _decideFails(Kind.RETIRE, abi.encode(bytes32("nobody")), expected);
        _decideFails(Kind.SET_ROLES, abi.encode(bytes32("nobody"), Role.BUREAU), expected);
        _decideFails(Kind.OPEN_LOG, abi.encode(bytes32("nobody"), Suite.SHA256), expected);
        IConsortium.KeyInput memory k = _keyInput(MemberId.wrap("nobody"), Purpose.GOVERN, NEW);
        _decideFails(Kind.RECOVER_KEY, abi.encode(k), expected);
    }

    // ---- logs -----------------------------------------------------------------------------------

    function test_openLog() public {
        _decide(Kind.OPEN_LOG, abi.encode(BANK, uint16(2)));
        LogId logId = consortium.logIdOf(BANK, 1, 2);
        equal(consortium.logIds(BANK)[1], logId);
        equal(consortium.openLog(logId, BANK), 2);
        equal(consortium.log(logId).predecessor, NO_LOG);
        equal(consortium.log(_logId(BANK)).status, LogStatus.OPEN);
    }

    function test_Revert_LogInvalid_openLog() public {
        LogId logId = consortium.logIdOf(BANK, 1, 0);
        _decideFails(
            Kind.OPEN_LOG,
            abi.encode(BANK, uint16(0)),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_LogInvalid.selector, logId, BANK, 1, 0
            )
        );
    }

    /// @dev A ruined log still finds a successor where the list of those opened is full.
    function test_Revert_TooManyLogs() public {
        for (uint256 i = 1; i < 64; ++i) {
            _decide(Kind.OPEN_LOG, abi.encode(BANK, Suite.SHA256));
        }
        _decideFails(
            Kind.OPEN_LOG,
            abi.encode(BANK, Suite.SHA256),
            abi.encodeWithSelector(IConsortiumErrors.Consortium_TooManyLogs.selector, BANK, 64)
        );
        for (uint256 i = 64; i < 256; ++i) {
            LogId last = consortium.logIds(BANK)[i - 1];
            _decide(Kind.OPEN_SUCCESSOR, abi.encode(last, uint64(0), Suite.SHA256));
        }
        _decideFails(
            Kind.OPEN_SUCCESSOR,
            abi.encode(consortium.logIds(BANK)[255], uint64(0), Suite.SHA256),
            abi.encodeWithSelector(IConsortiumErrors.Consortium_TooManyLogs.selector, BANK, 256)
        );
        uint256 before = gasleft();
        _decide(Kind.RETIRE, abi.encode(BANK));
        yes(before - gasleft() < 10_000_000, "fits into a block");
    }

    function test_Revert_TooManyLogs_founding() public {
        IConsortium.LogInput[] memory logs = new IConsortium.LogInput[](65);
        for (uint64 i = 0; i < 65; ++i) {
            logs[i] = IConsortium.LogInput(BEIJING, i, Suite.SHA256, NO_LOG);
        }
        IConsortium.KeyInput[] memory keys = _keys();
        vm.expectRevert(
            abi.encodeWithSelector(IConsortiumErrors.Consortium_TooManyLogs.selector, BEIJING, 64)
        );
        new Consortium(_founders(), keys, logs, THRESHOLD);
    }

    // ---- helpers --------------------------------------------------------------------------------

    function _unbalanced(uint64 threshold, uint256 provinces) private pure returns (bytes memory) {
        return abi.encodeWithSelector(
            IConsortiumErrors.Consortium_ThresholdInvalid.selector, threshold, provinces
        );
    }

    function _noRegion() private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortiumErrors.Consortium_RegionInvalid.selector, BANK, 0);
    }

    /// @dev A province with a GOVERN key NEW and an ANCHOR key NEWER.
    function _admission(MemberId code) private returns (bytes memory) {
        return abi.encode(
            IConsortium.FounderInput(code, _region(code), Role.PROVINCE, "https://new.example"),
            _twoKeys(code)
        );
    }

    function _newBureau() private pure returns (IConsortium.FounderInput memory) {
        return IConsortium.FounderInput(MemberId.wrap("bureau"), 0, Role.BUREAU, "");
    }

    function _twoKeys(MemberId code) private returns (IConsortium.KeyInput[] memory keys) {
        keys = new IConsortium.KeyInput[](2);
        keys[0] = _keyInput(code, Purpose.GOVERN, NEW);
        keys[1] = _keyInput(code, Purpose.ANCHOR, NEWER);
    }

    function _noteKeys(MemberId code, uint256 count)
        private
        pure
        returns (IConsortium.KeyInput[] memory keys)
    {
        keys = new IConsortium.KeyInput[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = IConsortium.KeyInput(
                code, Purpose.NOTE, Alg.ED25519, abi.encode(i + 1), START, KEYS_END
            );
        }
    }
}
