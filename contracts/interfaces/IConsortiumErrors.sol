// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {KeyId, LogId, MemberId, ProposalId} from "../types/Ids.sol";

/// @title Why the Consortium refuses
/// @notice Every error of {IConsortium}, with the values that offend.
interface IConsortiumErrors {
    /// @notice Thrown unless threshold <= ACTIVE provinces < 2 * threshold.
    error Consortium_ThresholdInvalid(uint64 threshold, uint256 activeProvinces);
    /// @notice Thrown when there would be more members than 4,096.
    error Consortium_TooManyMembers(uint256 limit);
    /// @notice Thrown when there would be more provinces than 64.
    error Consortium_TooManyProvinces(uint256 limit);
    /// @notice Thrown when the roles of a member would change more than 256 times.
    error Consortium_TooManyRoleChanges(MemberId member, uint256 limit);
    /// @notice Thrown when a new member has no code or one that is known.
    error Consortium_FounderInvalid(MemberId code);
    /// @notice Thrown when a member would get no role, or the roles that it has.
    error Consortium_RolesInvalid(MemberId member, uint8 roles);
    /// @notice Thrown when a province would have no region, or that of another province.
    error Consortium_RegionInvalid(MemberId member, bytes32 region);
    /// @notice Thrown when there is no such member.
    error Consortium_MemberUnknown(MemberId member);
    /// @notice Thrown when a member that is not ACTIVE would write, or a vote is about a RETIRED one.
    error Consortium_MemberNotActive(MemberId member, uint8 status);
    /// @notice Thrown when a vote would give a member the status it has.
    error Consortium_StatusUnchanged(MemberId member, uint8 status);
    /// @notice Thrown when a member has none of the roles that may do this.
    error Consortium_RoleMissing(MemberId member, uint8 roles, uint8 wanted);
    /// @notice Thrown when the signer has no key of this member and purpose that is valid now.
    error Consortium_KeyNotValid(MemberId member, uint8 purpose, address signer);
    /// @notice Thrown when the block's time is past the signature's deadline.
    error Consortium_DeadlinePassed(uint64 deadline, uint64 time);
    /// @notice Thrown when a write carries another `seq` than the member's.
    error Consortium_SeqMismatch(MemberId member, uint64 expected, uint64 given);
    /// @notice Thrown when an endpoint is longer than 256 bytes.
    error Consortium_EndpointTooLong(uint256 length, uint256 limit);
    /// @notice Thrown when a purpose is 0, or a recovery is for another one than GOVERN.
    error Consortium_PurposeInvalid(uint8 purpose);
    /// @notice Thrown when an algorithm is 0, a public key empty or longer than 256 bytes, or one of
    /// secp256k1 not 64 bytes.
    error Consortium_PublicKeyInvalid(uint16 alg, uint256 length);
    /// @notice Thrown when a key's window ends before it begins, or is over already, or one given by
    /// RECOVER_KEY begins more than 90 days later than it could.
    error Consortium_WindowInvalid(uint64 notBefore, uint64 notAfter);
    /// @notice Thrown when the member has this key already, for whichever purpose.
    error Consortium_KeyExists(MemberId member, KeyId keyId);
    /// @notice Thrown when the key is not one of this member.
    error Consortium_KeyUnknown(MemberId member, KeyId keyId);
    /// @notice Thrown when a key to be admitted with a new member is another member's.
    error Consortium_KeyNotOwned(MemberId member, MemberId owner);
    /// @notice Thrown when a member would be admitted without keys or with more than 32.
    error Consortium_KeyCountInvalid(uint256 count, uint256 limit);
    /// @notice Thrown when a member that has 1,024 keys adds one. A vote still can.
    error Consortium_TooManyKeys(MemberId member, uint256 limit);
    /// @notice Thrown when a new secp256k1 key did not sign for itself, or a signature came with a
    /// key of another algorithm.
    error Consortium_NewKeySignatureInvalid(KeyId keyId);
    /// @notice Thrown when a key that has ended or is compromised would be revoked again.
    error Consortium_KeyEnded(KeyId keyId, uint64 notAfter, uint64 compromisedSince);
    /// @notice Thrown when `since` is in the future, too far back for this way, or changes nothing.
    /// `keyId` 0: of all keys of a purpose.
    error Consortium_CompromiseInvalid(KeyId keyId, uint64 since, uint64 time);
    /// @notice Thrown when a vote would take a single GOVERN key from a member while a key that a
    /// vote gave it has not begun and is not vetoed: with its GOVERN keys the member can still veto
    /// it.
    error Consortium_RecoveryPending(MemberId member, uint64 recoveredFrom);
    /// @notice Thrown when a log's id or (member, seq) is taken, or its suite is 0.
    error Consortium_LogInvalid(LogId logId, MemberId member, uint64 seq, uint16 suite);
    /// @notice Thrown when a member would have more logs than 64, or, with successors, than 256.
    error Consortium_TooManyLogs(MemberId member, uint256 limit);
    /// @notice Thrown when the log is unknown or belongs to another member.
    error Consortium_LogNotOwned(LogId logId, MemberId member);
    /// @notice Thrown when the log is unknown or closed.
    error Consortium_LogNotOpen(LogId logId, uint8 status);
    /// @notice Thrown when a trusted size was never anchored.
    error Consortium_SizeNotAnchored(LogId logId, uint64 size);
    /// @notice Thrown when a proposal ends too early or too late.
    error Consortium_ExpiryInvalid(uint64 expiresAt, uint64 time);
    /// @notice Thrown when the province proposed the same with the same salt before.
    error Consortium_ProposalExists(ProposalId proposalId);
    /// @notice Thrown when a proposal is unknown, expired or carried out.
    error Consortium_ProposalNotOpen(ProposalId proposalId);
    /// @notice Thrown when a proposal has too few standing yes votes.
    error Consortium_ProposalNotPassed(ProposalId proposalId, uint64 yes, uint64 threshold);
    /// @notice Thrown when a choice is neither YES nor NO.
    error Consortium_ChoiceUnknown(uint8 choice);
    /// @notice Thrown when the province has a vote that stands.
    error Consortium_AlreadyVoted(ProposalId proposalId, MemberId member);
    /// @notice Thrown when an action is not one that this contract carries out.
    error Consortium_KindUnknown(uint8 kind);
    /// @notice Thrown when an action's data is longer than 24,576 bytes.
    error Consortium_DataTooLong(uint256 length, uint256 limit);
    /// @notice Thrown when what is to be carried out is not what was voted on.
    error Consortium_DataMismatch(ProposalId proposalId, bytes32 dataHash);
    /// @notice Thrown when a contract has no code, another role or consortium, or was registered
    /// before.
    error Consortium_ContractInvalid(bytes32 role, address account);
}
