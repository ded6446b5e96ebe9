// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {KeyId, LogId, MemberId, ProposalId} from "../types/Ids.sol";
import {IConsortiumErrors} from "./IConsortiumErrors.sol";

/// @title Members, keys, logs, votes and contracts of the consortium
/// @notice The root of trust: everything else on the chain is found from here.
///
/// Who writes. Every write carries an EIP-712 signature (domain `CreditLedger Consortium`, version
/// `1`) by a GOVERN key of the member it acts for. The key must be valid at block time, the member
/// ACTIVE, the deadline not passed. Who sends the transaction means nothing. A SUSPENDED member may
/// still end its keys; a RETIRED one never writes again.
///
/// Replay. Writes about a member carry its `seq`, which must be the stored one and grows by one.
/// Proposals and votes can be used once.
///
/// Votes. The ACTIVE provinces decide, `threshold` of them. After every decision that is carried
/// out here, threshold <= ACTIVE provinces < 2 * threshold: no vote is out of reach, and no two
/// halves can decide apart. Kinds that this contract does not know are voted on all the same; a
/// contract that holds a role asks {passed} and carries them out.
///
/// Nobody takes a place that is another's. The id of a proposal holds its proposer, so nobody else
/// can use it up. A key is registered under its member: whoever registers another member's public
/// key takes nothing from it, and cannot sign with it. Members, regions and logs come by vote
/// alone, a region belongs to one province, ids of logs are made from owner and number.
///
/// Instants are Unix seconds. Codes of members, regions and roles are ASCII padded with NUL on the
/// right. Numbers (roles, purposes, algorithms, kinds …) are listed in `types/Codes.sol`.
///
/// The events alone rebuild the whole state; `since` and `addedAt` are the block's time. Storage
/// slots that proofs of state may rely on for ever are in `base/Slots.sol`.
interface IConsortium is IConsortiumErrors {
    /// @notice A new member, at founding or by vote.
    struct FounderInput {
        MemberId code;
        /// @dev required of a PROVINCE, and no other province has it
        bytes32 region;
        uint8 roles;
        string endpoint;
    }

    /// @notice A key to be registered. `notBefore` and `notAfter` both belong to its window.
    struct KeyInput {
        MemberId member;
        uint8 purpose;
        uint16 alg;
        bytes publicKey;
        uint64 notBefore;
        uint64 notAfter;
    }

    /// @notice A founding log. With `logId` 0 the id is minted; a given one survives a move.
    struct LogInput {
        MemberId member;
        uint64 seq;
        uint16 suite;
        LogId logId;
    }

    /// @notice A member. All zero where there is none.
    struct Member {
        MemberId code;
        bytes32 region;
        uint8 roles;
        uint8 status;
        /// @dev the number that the next write about this member must carry
        uint64 seq;
        /// @dev when the latest key given by RECOVER_KEY begins (or began), vetoed or not; 0: there
        /// was none
        uint64 recoveredFrom;
        /// @dev when a vote last held one of its GOVERN keys to be stolen; 0: never
        uint64 governTakenAt;
        string endpoint;
    }

    /// @notice The roles of a member from `since` until the next change.
    struct RoleSpan {
        uint64 since;
        uint8 roles;
    }

    /// @notice A key. All zero where there is none.
    /// @dev Valid at t when notBefore <= t <= notAfter, and t < compromisedSince unless that is 0.
    struct Key {
        KeyId keyId;
        MemberId member;
        uint8 purpose;
        uint16 alg;
        uint64 notBefore;
        uint64 notAfter;
        uint64 compromisedSince;
        uint64 addedAt;
        bytes publicKey;
    }

    /// @notice A log. All zero where there is none.
    struct Log {
        LogId logId;
        MemberId member;
        uint64 seq;
        uint16 suite;
        uint8 status;
        /// @dev of a closed log: the last size to be trusted
        uint64 trustedSize;
        LogId predecessor;
        LogId successor;
    }

    /// @notice A contract registered for a role, and since when.
    struct Registration {
        address account;
        uint64 since;
    }

    /// @notice A proposal. All zero where there is none.
    struct Proposal {
        MemberId proposer;
        uint8 kind;
        /// @dev keccak256(data)
        bytes32 dataHash;
        /// @dev the last second at which it can be voted on and carried out
        uint64 expiresAt;
        /// @dev never true of an action that another contract carries out
        bool executed;
        /// @dev yes votes that stand at this block
        uint64 yes;
    }

    /// @notice A province's vote. All zero where there is none.
    struct Ballot {
        uint8 choice;
        uint64 castAt;
        KeyId keyId;
    }

    /// @notice Emitted at founding, and when a vote moves it.
    event ThresholdSet(uint64 threshold);
    /// @notice Emitted for every new member; it starts ACTIVE with `seq` 0.
    event MemberAdded(MemberId indexed member, bytes32 region, uint8 roles, string endpoint);
    /// @notice Emitted when a vote suspends, reinstates or retires a member.
    event MemberStatusChanged(MemberId indexed member, uint8 status);
    /// @notice Emitted when a vote changes what a member is.
    event MemberRolesChanged(MemberId indexed member, uint8 roles);
    /// @notice Emitted when a member changes its endpoint. `seq` is the new one.
    event EndpointSet(MemberId indexed member, string endpoint, uint64 seq, KeyId indexed signedBy);
    /// @notice Emitted for every key. `signedBy` is the GOVERN key; 0: a founder's or a vote's.
    /// A vote's GOVERN key of a member that was there before is a recovery.
    /// `notBefore` is the one in force, `seq` the member's afterwards.
    event KeyAdded(
        MemberId indexed member,
        KeyId indexed keyId,
        uint8 purpose,
        uint16 alg,
        bytes publicKey,
        uint64 notBefore,
        uint64 notAfter,
        uint64 seq,
        KeyId indexed signedBy
    );
    /// @notice Emitted when a key ends early without suspicion. `notAfter` is the block's time.
    event KeyRevoked(
        MemberId indexed member,
        KeyId indexed keyId,
        uint64 notAfter,
        uint64 seq,
        KeyId indexed signedBy
    );
    /// @notice Emitted when a key is known to be in other hands. `signedBy` 0: by vote.
    event KeyCompromised(
        MemberId indexed member,
        KeyId indexed keyId,
        uint64 since,
        uint64 seq,
        KeyId indexed signedBy
    );
    /// @notice Emitted for every log. `predecessor` 0: it follows none.
    event LogOpened(
        LogId indexed logId,
        MemberId indexed member,
        uint64 seq,
        uint16 suite,
        LogId indexed predecessor
    );
    /// @notice Emitted when a vote closes a log. Beyond `trustedSize` nothing of it counts.
    /// `successor` 0: its owner was retired.
    event LogClosed(
        LogId indexed logId, MemberId indexed member, uint64 trustedSize, LogId indexed successor
    );
    /// @notice Emitted when a contract takes over a role from `predecessor` (0: the first).
    event ContractRegistered(
        bytes32 indexed role, address indexed account, address indexed predecessor
    );
    /// @notice Emitted when a province proposes an action. `data` is what is voted on.
    event Proposed(
        ProposalId indexed proposalId,
        MemberId indexed member,
        uint8 kind,
        bytes data,
        bytes32 salt,
        uint64 expiresAt,
        KeyId indexed signedBy
    );
    /// @notice Emitted when a province votes.
    event Voted(
        ProposalId indexed proposalId, MemberId indexed member, uint8 choice, KeyId indexed signedBy
    );
    /// @notice Emitted when a passed proposal was carried out here. What it changed has its own
    /// event.
    event Executed(ProposalId indexed proposalId, uint8 indexed kind);
    /// @notice Emitted when a vote hands on the rotating chair (轮值), a label without rights.
    event ChairSet(MemberId indexed member);

    // ---- writes -------------------------------------------------------------------------------

    /// @notice Propose an action as a province; the proposal is no vote.
    /// @dev Signs Propose(member, kind, dataHash, salt, expiresAt, deadline), dataHash being
    /// keccak256(data).
    /// @param member The province.
    /// @param kind What is to be done: a number of `types/Codes.sol`, or of a later contract's.
    /// @param data Its ABI encoding, at most 24,576 bytes. It is checked when it is carried out.
    /// @param salt Makes the same action a new proposal.
    /// @param expiresAt At most 90 days from now.
    /// @param deadline Last second at which the signature may be used.
    /// @param signature r ‖ s ‖ v of a GOVERN key, 65 bytes, low s, v 27 or 28.
    /// @return proposalId As {proposalIdOf} gives it.
    function propose(
        MemberId member,
        uint8 kind,
        bytes calldata data,
        bytes32 salt,
        uint64 expiresAt,
        uint64 deadline,
        bytes calldata signature
    ) external returns (ProposalId proposalId);

    /// @notice Vote as a province, once. A vote stands while its province is ACTIVE and unless its
    /// key turns out to have been compromised when it was cast; then the province may vote again.
    /// @dev Signs Vote(member, proposalId, choice, deadline).
    function vote(
        MemberId member,
        ProposalId proposalId,
        uint8 choice,
        uint64 deadline,
        bytes calldata signature
    ) external;

    /// @notice Carry out a passed proposal, once; anybody may send it.
    /// @dev Kinds that other contracts carry out (PUT_NATIONAL, ACT) are refused here.
    /// @param proposalId The proposal.
    /// @param data What was proposed, as in {Proposed}.
    function execute(ProposalId proposalId, bytes calldata data) external;

    /// @notice Change a member's endpoint.
    /// @dev Signs SetEndpoint(member, endpoint, seq, deadline).
    function setEndpoint(
        MemberId member,
        string calldata endpoint,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature
    ) external;

    /// @notice Add a key to a member. Its window begins at the block's time at the earliest.
    /// @dev Signs AddKey(member, purpose, alg, publicKey, notBefore, notAfter, seq, deadline).
    /// @param input The key; `input.member` is the member that signs.
    /// @param seq The member's.
    /// @param deadline Last second at which the signatures may be used.
    /// @param signature Of a GOVERN key of the member.
    /// @param newKeySignature Of the new key over the same digest if it is secp256k1, else empty.
    function addKey(
        KeyInput calldata input,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature,
        bytes calldata newKeySignature
    ) external;

    /// @notice Revoke a key of a member. With any of its GOVERN keys that is still valid a member
    /// so vetoes one that a vote gave it and that has not begun.
    /// @dev Signs RevokeKey(member, keyId, compromisedSince, seq, deadline).
    /// @param member The member.
    /// @param keyId The key; it may be the one that signs.
    /// @param compromisedSince 0: it ends with this block, and what it signed stays valid; a
    /// SUSPENDED member may do that too. Else at most seven days ago: from then on it was never
    /// valid. Can only be moved earlier.
    /// @param seq The member's.
    /// @param deadline Last second at which the signature may be used.
    /// @param signature Of a GOVERN key of the member.
    function revokeKey(
        MemberId member,
        KeyId keyId,
        uint64 compromisedSince,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature
    ) external;

    // ---- for the other contracts ----------------------------------------------------------------

    /// @notice Return the key with which `signer` may now sign for `member`; revert where there is
    /// none, the member is not ACTIVE or has none of `roles`.
    /// @param member The member.
    /// @param roles Bits of which it must have one; 255: any member.
    /// @param purpose Of the key.
    /// @param signer Address of the key.
    function authorise(MemberId member, uint8 roles, uint8 purpose, address signer)
        external
        view
        returns (KeyId keyId);

    /// @notice Return the suite of an open log of `member`; revert where the log is closed, unknown
    /// or another member's.
    function openLog(LogId logId, MemberId member) external view returns (uint16 suite);

    /// @notice Return the contract that holds `role` now, 0 where none does.
    function current(bytes32 role) external view returns (address account);

    /// @notice Return the contract that `account` took its role over from, 0 where there is none.
    function predecessorOf(address account) external view returns (address predecessor);

    /// @notice Say whether a proposal has enough standing yes votes, is not expired and not
    /// executed.
    function passed(ProposalId proposalId) external view returns (bool);

    // ---- views; unknown ids give zeros, none reverts --------------------------------------------

    /// @notice Return a member by its code.
    function member(MemberId code) external view returns (Member memory);

    /// @notice Count all members that there ever were.
    function memberCount() external view returns (uint256);

    /// @notice List codes of members, in the order in which they came.
    /// @param start Place of the first, from 0.
    /// @param count At most so many; fewer where the list ends.
    function memberCodes(uint256 start, uint256 count) external view returns (MemberId[] memory);

    /// @notice List the codes of all provinces that are not RETIRED, in no order.
    function provinces() external view returns (MemberId[] memory);

    /// @notice Return the roles of `member` at `time`, 0 where there were none, whatever its
    /// status.
    function rolesAt(MemberId member, uint64 time) external view returns (uint8 roles);

    /// @notice List all roles that a member ever had, the first ones first.
    function roleHistory(MemberId member) external view returns (RoleSpan[] memory);

    /// @notice Return a key of a member.
    function key(MemberId member, KeyId keyId) external view returns (Key memory);

    /// @notice Count the keys of a member, ended ones included.
    function keyCount(MemberId member) external view returns (uint256);

    /// @notice List keys of a member, in the order of registration.
    /// @param member The member.
    /// @param start Place of the first, from 0.
    /// @param count At most so many; fewer where the list ends.
    function keys(MemberId member, uint256 start, uint256 count)
        external
        view
        returns (Key[] memory);

    /// @notice Say whether a key of a member has this purpose and was valid at `time`.
    function keyValidAt(MemberId member, KeyId keyId, uint8 purpose, uint64 time)
        external
        view
        returns (bool);

    /// @notice Return the key of `signer` if it is `member`'s, for this purpose and valid now, else
    /// 0, whatever the member's status.
    function keyOfSigner(MemberId member, uint8 purpose, address signer)
        external
        view
        returns (KeyId keyId);

    /// @notice Return a log by its id.
    function log(LogId logId) external view returns (Log memory);

    /// @notice List the ids of all logs of a member, in the order of opening.
    function logIds(MemberId member) external view returns (LogId[] memory);

    /// @notice Return the contract that held `role` at `time`, 0 where none did.
    function contractAt(bytes32 role, uint64 time) external view returns (address account);

    /// @notice List all contracts that ever held `role`, the first one first.
    function contractHistory(bytes32 role) external view returns (Registration[] memory);

    /// @notice Return the number of yes votes that pass a proposal.
    function threshold() external view returns (uint64);

    /// @notice Return the member in the rotating chair, 0 before the first vote.
    function chair() external view returns (MemberId member);

    /// @notice Return a proposal by its id.
    function proposal(ProposalId proposalId) external view returns (Proposal memory);

    /// @notice Return the vote of a province, whether it stands or not.
    function ballot(ProposalId proposalId, MemberId member) external view returns (Ballot memory);

    // ---- ids ------------------------------------------------------------------------------------

    /// @notice Return keccak256(abi.encode(chainId, consortium, member, kind, dataHash, salt)).
    function proposalIdOf(MemberId member, uint8 kind, bytes32 dataHash, bytes32 salt)
        external
        view
        returns (ProposalId);

    /// @notice Return keccak256(abi.encode(alg, publicKey)).
    function keyIdOf(uint16 alg, bytes calldata publicKey) external pure returns (KeyId);

    /// @notice Return keccak256(abi.encode("credit-ledger/log/1", chainId, consortium, member, seq,
    /// suite)).
    /// @dev For new ids only. Nobody recomputes the id of a log, because ids outlive a move.
    function logIdOf(MemberId member, uint64 seq, uint16 suite) external view returns (LogId);
}
