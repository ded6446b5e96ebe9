// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Catalogue} from "../Catalogue.sol";
import {Consortium} from "../Consortium.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {LogAnchor} from "../LogAnchor.sol";
import {Kind, LogStatus, Suite} from "../types/Codes.sol";
import {LogId, MemberId, NO_LOG} from "../types/Ids.sol";
import {Vm} from "./Base.sol";
import {World} from "./World.sol";

/// @dev Logs and contracts, which only founding and votes change.
contract RegistersTest is World {
    // ---- logs -----------------------------------------------------------------------------------

    function test_logs_founding() public view {
        bytes memory named = abi.encode(
            "credit-ledger/log/1", block.chainid, address(consortium), HEBEI, uint64(0), uint16(1)
        );
        LogId logId = LogId.wrap(keccak256(named));
        equal(_logId(HEBEI), logId);
        equal(consortium.logIds(HEBEI).length, 1);
        equal(consortium.logIds(HEBEI)[0], logId);
        IConsortium.Log memory l = consortium.log(logId);
        equal(l.logId, logId);
        equal(l.member, HEBEI);
        equal(l.seq, 0);
        equal(l.suite, Suite.SHA256);
        equal(l.status, LogStatus.OPEN);
        equal(l.trustedSize, 0);
        equal(l.predecessor, NO_LOG);
        equal(l.successor, NO_LOG);
        equal(consortium.openLog(logId, HEBEI), Suite.SHA256);
    }

    /// @dev A log that comes from another chain keeps its id; what follows it is minted here.
    function test_logs_givenIdSurvivesAMove() public {
        IConsortium.LogInput[] memory logs = new IConsortium.LogInput[](2);
        logs[0] = IConsortium.LogInput(BEIJING, 3, Suite.SHA256, LogId.wrap("from elsewhere"));
        logs[1] = IConsortium.LogInput(BEIJING, 5, Suite.SHA256, NO_LOG);
        Consortium moved = new Consortium(_founders(), _keys(), logs, THRESHOLD);
        equal(moved.log(LogId.wrap("from elsewhere")).seq, 3);
        equal(moved.log(moved.logIdOf(BEIJING, 5, Suite.SHA256)).seq, 5);
    }

    function test_Revert_LogInvalid() public {
        IConsortium.LogInput[] memory logs = _logs();
        logs[0].logId = LogId.wrap("taken");
        logs[1] = IConsortium.LogInput(BEIJING, 1, Suite.SHA256, LogId.wrap("taken"));
        _foundingFails(logs, LogId.wrap("taken"), BEIJING, 1, Suite.SHA256);
        logs[1] = IConsortium.LogInput(TIANJIN, 0, Suite.SHA256, LogId.wrap("taken"));
        _foundingFails(logs, LogId.wrap("taken"), TIANJIN, 0, Suite.SHA256);
        logs[1] = IConsortium.LogInput(BEIJING, 0, Suite.SHA256, LogId.wrap("another id, same seq"));
        _foundingFails(logs, LogId.wrap("another id, same seq"), BEIJING, 0, Suite.SHA256);
        logs[1] = IConsortium.LogInput(TIANJIN, 0, 0, LogId.wrap("no suite"));
        _foundingFails(logs, LogId.wrap("no suite"), TIANJIN, 0, 0);
    }

    function test_Revert_MemberUnknown() public {
        IConsortium.LogInput[] memory logs = _logs();
        logs[0].member = MemberId.wrap("nobody");
        IConsortium.KeyInput[] memory keys = _keys();
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_MemberUnknown.selector, bytes32("nobody")
            )
        );
        new Consortium(_founders(), keys, logs, THRESHOLD);
    }

    function test_successor() public {
        _anchor(BEIJING, 0, 4);
        LogId logId = _logId(BEIJING);
        LogId next = consortium.logIdOf(BEIJING, 1, Suite.SHA256);
        vm.recordLogs();
        _decide(Kind.OPEN_SUCCESSOR, abi.encode(logId, uint64(4), Suite.SHA256));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory closed = logs[logs.length - 3];
        Vm.Log memory opened = logs[logs.length - 2];
        equal(closed.topics[0], keccak256("LogClosed(bytes32,bytes32,uint64,bytes32)"));
        equal(closed.topics[1], logId);
        equal(closed.topics[3], next);
        equal(keccak256(closed.data), keccak256(abi.encode(uint64(4))));
        equal(opened.topics[1], next);
        equal(opened.topics[3], logId);
        equal(keccak256(opened.data), keccak256(abi.encode(uint64(1), Suite.SHA256)));
        IConsortium.Log memory l = consortium.log(logId);
        equal(l.status, LogStatus.CLOSED);
        equal(l.trustedSize, 4);
        equal(l.successor, next);
        l = consortium.log(next);
        equal(l.member, BEIJING);
        equal(l.seq, 1);
        equal(l.status, LogStatus.OPEN);
        equal(l.predecessor, logId);
        equal(consortium.logIds(BEIJING).length, 2);
        equal(consortium.logIds(BEIJING)[1], next);
    }

    function test_Revert_LogNotOpen() public {
        LogId logId = _logId(BEIJING);
        bytes memory data = abi.encode(logId, uint64(0), Suite.SHA256);
        _decide(Kind.OPEN_SUCCESSOR, data);
        _decideFails(
            Kind.OPEN_SUCCESSOR,
            data,
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_LogNotOpen.selector, logId, LogStatus.CLOSED
            )
        );
        _decideFails(
            Kind.OPEN_SUCCESSOR,
            abi.encode(bytes32("nothing"), uint64(0), Suite.SHA256),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_LogNotOpen.selector, bytes32("nothing"), 0
            )
        );
    }

    function test_Revert_SizeNotAnchored() public {
        _anchor(BEIJING, 0, 4);
        _decideFails(
            Kind.OPEN_SUCCESSOR,
            abi.encode(_logId(BEIJING), uint64(3), Suite.SHA256),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_SizeNotAnchored.selector, _logId(BEIJING), 3
            )
        );
    }

    function test_Revert_SizeNotAnchored_withoutLogAnchor() public {
        consortium = new Consortium(_founders(), _keys(), _logs(), THRESHOLD);
        _decideFails(
            Kind.OPEN_SUCCESSOR,
            abi.encode(_logId(BEIJING), uint64(3), Suite.SHA256),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_SizeNotAnchored.selector, _logId(BEIJING), 3
            )
        );
        _decide(Kind.OPEN_SUCCESSOR, abi.encode(_logId(BEIJING), uint64(0), Suite.SHA256));
    }

    function test_Revert_LogInvalid_successorWithoutSuite() public {
        LogId next = consortium.logIdOf(BEIJING, 1, 0);
        _decideFails(
            Kind.OPEN_SUCCESSOR,
            abi.encode(_logId(BEIJING), uint64(0), uint16(0)),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_LogInvalid.selector, next, BEIJING, 1, 0
            )
        );
    }

    // ---- contracts ------------------------------------------------------------------------------

    function test_contracts() public {
        LogAnchor next = new LogAnchor(consortium);
        vm.warp(START + 100);
        vm.recordLogs();
        _decide(Kind.REGISTER_CONTRACT, abi.encode(LOG_ANCHOR, next));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory told = logs[logs.length - 2];
        equal(told.topics[0], keccak256("ContractRegistered(bytes32,address,address)"));
        equal(told.topics[1], LOG_ANCHOR);
        equal(told.topics[2], bytes32(uint256(uint160(address(next)))));
        equal(told.topics[3], bytes32(uint256(uint160(address(logAnchor)))));

        equal(consortium.current(LOG_ANCHOR), address(next));
        equal(consortium.predecessorOf(address(next)), address(logAnchor));
        equal(consortium.contractAt(LOG_ANCHOR, START - 1), address(0));
        equal(consortium.contractAt(LOG_ANCHOR, START), address(logAnchor));
        equal(consortium.contractAt(LOG_ANCHOR, START + 99), address(logAnchor));
        equal(consortium.contractAt(LOG_ANCHOR, START + 100), address(next));
        equal(consortium.contractAt(LOG_ANCHOR, type(uint64).max), address(next));
        IConsortium.Registration[] memory history = consortium.contractHistory(LOG_ANCHOR);
        equal(history.length, 2);
        equal(history[0].account, address(logAnchor));
        equal(history[0].since, START);
        equal(history[1].account, address(next));
        equal(history[1].since, START + 100);
        equal(consortium.current(CATALOGUE), address(catalogue));
    }

    function test_Revert_ContractInvalid() public {
        _registerFails(LOG_ANCHOR, address(0xdead));
        _registerFails(CATALOGUE, address(new LogAnchor(consortium)));
        Consortium other = new Consortium(_founders(), _keys(), _logs(), THRESHOLD);
        _registerFails(LOG_ANCHOR, address(new LogAnchor(other)));
        _registerFails(LOG_ANCHOR, address(logAnchor));
    }

    /// @dev One that was retired does not know what came after it.
    function test_Revert_ContractInvalid_comeback() public {
        Catalogue next = new Catalogue(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(CATALOGUE, next));
        _registerFails(CATALOGUE, address(catalogue));
        equal(consortium.current(CATALOGUE), address(next));
    }

    function _registerFails(bytes32 role, address account) private {
        _decideFails(
            Kind.REGISTER_CONTRACT,
            abi.encode(role, account),
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_ContractInvalid.selector, role, account
            )
        );
    }

    function _foundingFails(
        IConsortium.LogInput[] memory logs,
        LogId logId,
        MemberId owner,
        uint64 seq,
        uint16 suite
    ) private {
        IConsortium.KeyInput[] memory keys = _keys();
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_LogInvalid.selector, logId, owner, seq, suite
            )
        );
        new Consortium(_founders(), keys, logs, THRESHOLD);
    }
}
