// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @title Members, keys, logs, votes and contracts of the consortium
/// @notice The root of trust: everything else on the chain is found from here.
///
/// Who writes. Every write carries an EIP-712 signature (domain `CreditLedger Consortium`, version
/// `1`) by a GOVERN key of the member it acts for. The key must be valid at block time, the member
/// ACTIVE, the deadline not passed. Who sends the transaction means nothing.
///
/// Replay. Writes about a member carry its `seq`, which must be the stored one and grows by one.
/// Proposals and votes can be used once.
///
/// Instants are Unix seconds. Codes of members, regions and roles are ASCII padded with NUL on the
/// right. Numbers (roles, purposes, algorithms, kinds …) are listed in `lib/Codes.sol`.
///
/// The events alone rebuild the whole state; `since` and `addedAt` are the block's time.
interface IConsortium {
    /// @notice A founding member.
    struct FounderInput {
        bytes32 code;
        /// @dev required of a PROVINCE
        bytes32 region;
        uint8 roles;
        string endpoint;
    }

    /// @notice A key to be registered. `notBefore` and `notAfter` both belong to its window.
    struct KeyInput {
        bytes32 member;
        uint8 purpose;
        uint16 alg;
        bytes publicKey;
        uint64 notBefore;
        uint64 notAfter;
    }

    /// @notice A founding log. With `logId` 0 the id is minted; a given one survives a move.
    struct LogInput {
        bytes32 member;
        uint64 seq;
        uint16 suite;
        bytes32 logId;
    }

    /// @notice A member. All zero where there is none.
    struct Member {
        bytes32 code;
        bytes32 region;
        uint8 roles;
        uint8 status;
        /// @dev the number that the next write about this member must carry
        uint64 seq;
        string endpoint;
    }

    /// @notice A key. All zero where there is none.
    /// @dev Valid at t when notBefore <= t <= notAfter, and t < compromisedSince unless that is 0.
    struct Key {
        bytes32 keyId;
        bytes32 member;
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
        bytes32 logId;
        bytes32 member;
        uint64 seq;
        uint16 suite;
        uint8 status;
        /// @dev of a closed log: the last size to be trusted
        uint64 trustedSize;
        bytes32 predecessor;
        bytes32 successor;
    }

    /// @notice A contract registered for a role, and since when.
    struct Registration {
        address account;
        uint64 since;
    }

    /// @notice A proposal. All zero where there is none.
    struct Proposal {
        bytes32 actionHash;
        bytes32 proposer;
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
        bytes32 keyId;
    }

    /// @notice Emitted once, at founding.
    event ThresholdSet(uint64 threshold);
    /// @notice Emitted for every founder; it starts ACTIVE with `seq` 0.
    event MemberAdded(bytes32 indexed member, bytes32 region, uint8 roles, string endpoint);
    /// @notice Emitted when a vote suspends or reinstates a member.
    event MemberStatusChanged(bytes32 indexed member, uint8 status);
    /// @notice Emitted when a member changes its endpoint. `seq` is the new one.
    event EndpointSet(
        bytes32 indexed member, string endpoint, uint64 seq, bytes32 indexed signedBy
    );
    /// @notice Emitted for every key. `signedBy` is the GOVERN key; 0: a founder's or a vote's.
    /// `notBefore` is the one in force, `seq` the member's afterwards.
    event KeyAdded(
        bytes32 indexed member,
        bytes32 indexed keyId,
        uint8 purpose,
        uint16 alg,
        bytes publicKey,
        uint64 notBefore,
        uint64 notAfter,
        uint64 seq,
        bytes32 indexed signedBy
    );
    /// @notice Emitted when a key ends early without suspicion. `notAfter` is the block's time.
    event KeyRevoked(
        bytes32 indexed member,
        bytes32 indexed keyId,
        uint64 notAfter,
        uint64 seq,
        bytes32 indexed signedBy
    );
    /// @notice Emitted when a key is known to be in other hands. `signedBy` 0: by vote.
    event KeyCompromised(
        bytes32 indexed member,
        bytes32 indexed keyId,
        uint64 since,
        uint64 seq,
        bytes32 indexed signedBy
    );
    /// @notice Emitted for every log. `predecessor` 0: a founding one.
    event LogOpened(
        bytes32 indexed logId,
        bytes32 indexed member,
        uint64 seq,
        uint16 suite,
        bytes32 indexed predecessor
    );
    /// @notice Emitted when a vote closes a log. Beyond `trustedSize` nothing of it counts.
    event LogClosed(
        bytes32 indexed logId, bytes32 indexed member, uint64 trustedSize, bytes32 indexed successor
    );
    /// @notice Emitted when a contract takes over a role from `predecessor` (0: the first).
    event ContractRegistered(
        bytes32 indexed role, address indexed account, address indexed predecessor
    );
    /// @notice Emitted when a province proposes an action.
    event Proposed(
        bytes32 indexed proposalId,
        bytes32 indexed member,
        bytes32 actionHash,
        bytes32 salt,
        uint64 expiresAt,
        bytes32 indexed signedBy
    );
    /// @notice Emitted when a province votes.
    event Voted(
        bytes32 indexed proposalId, bytes32 indexed member, uint8 choice, bytes32 indexed signedBy
    );
    /// @notice Emitted when a passed proposal was carried out here. What it changed has its own event.
    event Executed(bytes32 indexed proposalId, uint8 indexed kind, bytes data);
    /// @notice Emitted when a vote hands on the rotating chair (轮值), a label without rights.
    event ChairSet(bytes32 indexed member);

    /// @notice Thrown when the threshold is 0 or above the number of founding provinces.
    error Consortium_ThresholdInvalid(uint64 threshold, uint256 provinces);
    /// @notice Thrown when there are more founders than 64.
    error Consortium_TooManyMembers(uint256 count, uint256 limit);
    /// @notice Thrown when a founder has no code, a code twice, unknown roles, or no region as province.
    error Consortium_FounderInvalid(bytes32 code);
    /// @notice Thrown when there is no such member.
    error Consortium_MemberUnknown(bytes32 member);
    /// @notice Thrown when a member that is not ACTIVE would write.
    error Consortium_MemberNotActive(bytes32 member, uint8 status);
    /// @notice Thrown when a vote would give a member the status it has.
    error Consortium_StatusUnchanged(bytes32 member, uint8 status);
    /// @notice Thrown when a suspension would leave too few active provinces to pass any vote.
    error Consortium_ThresholdOutOfReach(uint256 activeProvinces, uint64 threshold);
    /// @notice Thrown when a member that is no province proposes, votes or puts a supplement.
    error Consortium_NotAProvince(bytes32 member);
    /// @notice Thrown when the signer has no key of this member and purpose that is valid now.
    error Consortium_KeyNotValid(bytes32 member, uint8 purpose, address signer);
    /// @notice Thrown when the block's time is past the signature's deadline.
    error Consortium_DeadlinePassed(uint64 deadline, uint64 time);
    /// @notice Thrown when a write carries another `seq` than the member's.
    error Consortium_SeqMismatch(bytes32 member, uint64 expected, uint64 given);
    /// @notice Thrown when an endpoint is longer than 256 bytes.
    error Consortium_EndpointTooLong(uint256 length, uint256 limit);
    /// @notice Thrown when a purpose is not in the list.
    error Consortium_PurposeUnknown(uint8 purpose);
    /// @notice Thrown when an algorithm is not in the list, or the key has not its length.
    error Consortium_PublicKeyInvalid(uint16 alg, uint256 length);
    /// @notice Thrown when a key's window ends before it begins, or is over already.
    error Consortium_WindowInvalid(uint64 notBefore, uint64 notAfter);
    /// @notice Thrown when a key is registered already, for whichever member and purpose.
    error Consortium_KeyExists(bytes32 keyId);
    /// @notice Thrown when the key is not one of this member.
    error Consortium_KeyUnknown(bytes32 member, bytes32 keyId);
    /// @notice Thrown when a member that has 1,024 keys adds one. A vote still can.
    error Consortium_TooManyKeys(bytes32 member, uint256 limit);
    /// @notice Thrown when a new secp256k1 key did not sign for itself, or another sent a signature.
    error Consortium_NewKeySignatureInvalid(bytes32 keyId);
    /// @notice Thrown when a key that has ended or is compromised would be revoked again.
    error Consortium_KeyEnded(bytes32 keyId, uint64 notAfter, uint64 compromisedSince);
    /// @notice Thrown when `since` is in the future, too far back for this way, or changes nothing.
    error Consortium_CompromiseInvalid(bytes32 keyId, uint64 since, uint64 time);
    /// @notice Thrown when a log's id or (member, seq) is taken, or its suite is 0.
    error Consortium_LogInvalid(bytes32 logId, bytes32 member, uint64 seq, uint16 suite);
    /// @notice Thrown when the log is unknown or belongs to another member.
    error Consortium_LogNotOwned(bytes32 logId, bytes32 member);
    /// @notice Thrown when the log is unknown or closed.
    error Consortium_LogNotOpen(bytes32 logId, uint8 status);
    /// @notice Thrown when a trusted size was never anchored.
    error Consortium_SizeNotAnchored(bytes32 logId, uint64 size);
    /// @notice Thrown when a proposal ends too early or too late.
    error Consortium_ExpiryInvalid(uint64 expiresAt, uint64 time);
    /// @notice Thrown when the same action with the same salt was proposed before.
    error Consortium_ProposalExists(bytes32 proposalId);
    /// @notice Thrown when a proposal is unknown, expired or carried out.
    error Consortium_ProposalNotOpen(bytes32 proposalId);
    /// @notice Thrown when a proposal has too few standing yes votes.
    error Consortium_ProposalNotPassed(bytes32 proposalId, uint64 yes, uint64 threshold);
    /// @notice Thrown when a choice is neither YES nor NO.
    error Consortium_ChoiceUnknown(uint8 choice);
    /// @notice Thrown when the province has a vote that stands.
    error Consortium_AlreadyVoted(bytes32 proposalId, bytes32 member);
    /// @notice Thrown when an action is not one that this contract carries out.
    error Consortium_KindUnknown(uint8 kind);
    /// @notice Thrown when an action's data is longer than 4,096 bytes.
    error Consortium_DataTooLong(uint256 length, uint256 limit);
    /// @notice Thrown when a contract has no code, another role or consortium, or was registered before.
    error Consortium_ContractInvalid(bytes32 role, address account);

    // ---- writes -------------------------------------------------------------------------------

    /// @notice A province proposes an action; the proposal is no vote.
    /// @dev Signs Propose(member, actionHash, salt, expiresAt, deadline).
    /// @param member The province.
    /// @param actionHash As {actionHashOf} gives it.
    /// @param salt Makes the same action a new proposal.
    /// @param expiresAt At most 90 days from now.
    /// @param deadline Last second at which the signature may be used.
    /// @param signature r ‖ s ‖ v of a GOVERN key, 65 bytes, low s, v 27 or 28.
    /// @return proposalId As {proposalIdOf} gives it.
    function propose(
        bytes32 member,
        bytes32 actionHash,
        bytes32 salt,
        uint64 expiresAt,
        uint64 deadline,
        bytes calldata signature
    ) external returns (bytes32 proposalId);

    /// @notice A province votes, once. A vote stands while its province is ACTIVE and unless its
    /// key turns out to have been compromised when it was cast; then the province may vote again.
    /// @dev Signs Vote(member, proposalId, choice, deadline).
    function vote(
        bytes32 member,
        bytes32 proposalId,
        uint8 choice,
        uint64 deadline,
        bytes calldata signature
    ) external;

    /// @notice Carries out a passed proposal, once; anybody may send it.
    /// @dev Kinds that other contracts carry out (PUT_NATIONAL) are refused here.
    function execute(uint8 kind, bytes calldata data, bytes32 salt) external;

    /// @notice A member changes its endpoint.
    /// @dev Signs SetEndpoint(member, endpoint, seq, deadline).
    function setEndpoint(
        bytes32 member,
        string calldata endpoint,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature
    ) external;

    /// @notice A member adds a key. Its window begins at the block's time at the earliest.
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

    /// @notice A member revokes one of its keys.
    /// @dev Signs RevokeKey(member, keyId, compromisedSince, seq, deadline).
    /// @param member The member.
    /// @param keyId The key; it may be the one that signs.
    /// @param compromisedSince 0: it ends with this block, and what it signed stays valid. Else at
    /// most seven days ago: from then on it was never valid. Can only be moved earlier.
    /// @param seq The member's.
    /// @param deadline Last second at which the signature may be used.
    /// @param signature Of a GOVERN key of the member.
    function revokeKey(
        bytes32 member,
        bytes32 keyId,
        uint64 compromisedSince,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature
    ) external;

    // ---- what the other contracts ask -----------------------------------------------------------

    /// @notice The key with which `signer` may now sign for `member`; reverts where there is none
    /// or the member is not ACTIVE.
    function authorise(bytes32 member, uint8 purpose, address signer)
        external
        view
        returns (bytes32 keyId);

    /// @notice Suite of an open log of `member`; reverts where it is closed, unknown or another's.
    function openLog(bytes32 logId, bytes32 member) external view returns (uint16 suite);

    /// @notice Region of `member`; reverts where it is no ACTIVE province.
    function provinceRegion(bytes32 member) external view returns (bytes32 region);

    /// @notice The contract that holds `role` now, 0 where none does.
    function current(bytes32 role) external view returns (address account);

    /// @notice The contract that `account` took its role over from, 0 where there is none.
    function predecessorOf(address account) external view returns (address predecessor);

    /// @notice Whether a proposal has enough standing yes votes, is not expired and not executed.
    function passed(bytes32 proposalId) external view returns (bool);

    // ---- views; unknown ids give zeros, none reverts --------------------------------------------

    /// @notice A member by its code.
    function member(bytes32 code) external view returns (Member memory);

    /// @notice Codes of all members, in the order of founding.
    function memberCodes() external view returns (bytes32[] memory);

    /// @notice A key by its id.
    function key(bytes32 keyId) external view returns (Key memory);

    /// @notice Ids of all keys of a member, in the order of registration.
    function keyIds(bytes32 member) external view returns (bytes32[] memory);

    /// @notice Whether a key has this purpose and its window holds `time`.
    function keyValidAt(bytes32 keyId, uint8 purpose, uint64 time) external view returns (bool);

    /// @notice The key of `signer` if it is `member`'s, for this purpose, valid now; else 0.
    /// The member's status is not looked at.
    function keyOfSigner(bytes32 member, uint8 purpose, address signer)
        external
        view
        returns (bytes32 keyId);

    /// @notice A log by its id.
    function log(bytes32 logId) external view returns (Log memory);

    /// @notice Ids of all logs, in the order of opening.
    function logIds() external view returns (bytes32[] memory);

    /// @notice The contract that held `role` at `time`, 0 where none did.
    function contractAt(bytes32 role, uint64 time) external view returns (address account);

    /// @notice All contracts that ever held `role`, the first one first.
    function contractHistory(bytes32 role) external view returns (Registration[] memory);

    /// @notice Number of yes votes that pass a proposal.
    function threshold() external view returns (uint64);

    /// @notice The member in the rotating chair, 0 before the first vote.
    function chair() external view returns (bytes32 member);

    /// @notice A proposal by its id.
    function proposal(bytes32 proposalId) external view returns (Proposal memory);

    /// @notice The vote of a province, whether it stands or not.
    function ballot(bytes32 proposalId, bytes32 member) external view returns (Ballot memory);

    // ---- ids ------------------------------------------------------------------------------------

    /// @notice keccak256(abi.encode(kind, data))
    function actionHashOf(uint8 kind, bytes calldata data) external pure returns (bytes32);

    /// @notice keccak256(abi.encode(chainId, consortium, actionHash, salt))
    function proposalIdOf(bytes32 actionHash, bytes32 salt) external view returns (bytes32);

    /// @notice keccak256(abi.encode(alg, publicKey))
    function keyIdOf(uint16 alg, bytes calldata publicKey) external pure returns (bytes32);

    /// @notice keccak256(abi.encode("credit-ledger/log/1", chainId, consortium, member, seq, suite))
    /// @dev Mints new ids. Nobody recomputes the id of a log, because ids outlive a move.
    function logIdOf(bytes32 member, uint64 seq, uint16 suite) external view returns (bytes32);
}
