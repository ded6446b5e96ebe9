// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {KeyId, LogId, MemberId, ProductId, ProposalId, RecordId} from "../types/Ids.sol";

/// @dev The cheat codes in use.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    struct Wallet {
        address addr;
        uint256 publicKeyX;
        uint256 publicKeyY;
        uint256 privateKey;
    }

    function assume(bool condition) external pure;
    function chainId(uint256 id) external;
    function cool(address account) external;
    function createWallet(uint256 privateKey) external returns (Wallet memory);
    function etch(address account, bytes calldata code) external;
    function expectRevert(bytes calldata data) external;
    function getRecordedLogs() external returns (Vm.Log[] memory);
    function keyExistsJson(string calldata json, string calldata path) external pure returns (bool);
    function lastCallGas() external view returns (Gas memory);
    function load(address account, bytes32 slot) external view returns (bytes32);
    function parseBytes(string calldata text) external pure returns (bytes memory);
    function parseBytes32(string calldata text) external pure returns (bytes32);
    function parseJson(string calldata json, string calldata path)
        external
        pure
        returns (bytes memory);
    function parseJsonAddress(string calldata json, string calldata path)
        external
        pure
        returns (address);
    function parseJsonString(string calldata json, string calldata path)
        external
        pure
        returns (string memory);
    function parseJsonStringArray(string calldata json, string calldata path)
        external
        pure
        returns (string[] memory);
    function parseJsonUint(string calldata json, string calldata path)
        external
        pure
        returns (uint256);
    function readFile(string calldata path) external view returns (string memory);
    function recordLogs() external;
    function revertToState(uint256 snapshotId) external returns (bool success);
    function roll(uint256 number) external;
    function sign(uint256 privateKey, bytes32 digest)
        external
        pure
        returns (uint8 v, bytes32 r, bytes32 s);
    function snapshotState() external returns (uint256 snapshotId);
    function store(address account, bytes32 slot, bytes32 value) external;
    function toString(uint256 value) external pure returns (string memory);
    function warp(uint256 time) external;
}

/// @dev What the tests need of a test library.
abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error NotEqual(bytes32 left, bytes32 right);
    error NotTrue(string what);

    function equal(bytes32 left, bytes32 right) internal pure {
        if (left != right) revert NotEqual(left, right);
    }

    function equal(MemberId left, MemberId right) internal pure {
        equal(MemberId.unwrap(left), MemberId.unwrap(right));
    }

    function equal(KeyId left, KeyId right) internal pure {
        equal(KeyId.unwrap(left), KeyId.unwrap(right));
    }

    function equal(LogId left, LogId right) internal pure {
        equal(LogId.unwrap(left), LogId.unwrap(right));
    }

    function equal(ProposalId left, ProposalId right) internal pure {
        equal(ProposalId.unwrap(left), ProposalId.unwrap(right));
    }

    function equal(RecordId left, RecordId right) internal pure {
        equal(RecordId.unwrap(left), RecordId.unwrap(right));
    }

    // What a topic or a slot holds has lost its type.

    function equal(bytes32 left, RecordId right) internal pure {
        equal(left, RecordId.unwrap(right));
    }

    function equal(bytes32 left, MemberId right) internal pure {
        equal(left, MemberId.unwrap(right));
    }

    function equal(bytes32 left, KeyId right) internal pure {
        equal(left, KeyId.unwrap(right));
    }

    function equal(bytes32 left, LogId right) internal pure {
        equal(left, LogId.unwrap(right));
    }

    function equal(bytes32 left, ProposalId right) internal pure {
        equal(left, ProposalId.unwrap(right));
    }

    function equal(bytes32 left, ProductId right) internal pure {
        equal(left, ProductId.unwrap(right));
    }

    function equal(uint256 left, uint256 right) internal pure {
        equal(bytes32(left), bytes32(right));
    }

    function equal(address left, address right) internal pure {
        equal(uint160(left), uint160(right));
    }

    function equal(string memory left, string memory right) internal pure {
        equal(keccak256(bytes(left)), keccak256(bytes(right)));
    }

    function yes(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    /// @dev `value` folded into low … high.
    function within(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + value % (high - low + 1);
    }
}
