// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {KeyId, LogId, MemberId, ProposalId, RecordId} from "../types/Ids.sol";
import {IRoleContract} from "./IRoleContract.sol";

/// @title The status of records
/// @notice What was done to a record: disputed, shielded, repaired, corrected, withdrawn, ended,
/// erased. A record is named by its id alone; nothing here says what it holds or about whom it is.
///
/// Who acts. The owner of the record's log, an ACTIVE PROVINCE, signed (EIP-712, domain
/// `CreditLedger CaseRegistry`, version `1`): DISPUTE with a CASE key, all else with a DECIDE key,
/// which those who release decisions keep. Or the provinces by vote, on a record of any log that the
/// Consortium knows, open or closed. Who sends the transaction means nothing. The contract does not
/// look into the log: an act on what no log holds is a finding of the audit and harms nobody.
///
/// Status. Flags DISPUTED, SHIELDED, ERASED and one outcome: NONE, REPAIRED, CORRECTED, WITHDRAWN or
/// ENDED (`types/Codes.sol`). Every act adds 1 to `version`, which is the compare-and-swap of the
/// next: a signature works once, in this registry and in every later one.
///
/// | action | from | to |
/// |---|---|---|
/// | 1 DISPUTE / 2 SETTLE | not disputed / disputed | flag set / cleared |
/// | 3 SHIELD / 4 LIFT | not shielded / shielded | flag set / cleared |
/// | 5 REPAIR | NONE | REPAIRED |
/// | 6 RESCIND | REPAIRED, WITHDRAWN, ENDED | NONE |
/// | 7 CORRECT | NONE, REPAIRED, ENDED | CORRECTED by another record |
/// | 8 WITHDRAW | NONE, REPAIRED, ENDED | WITHDRAWN |
/// | 9 ERASE | not erased | flag set; the rest may still change |
/// | 10 END | NONE | ENDED |
/// | 11 ANNUL, by vote only | any | NONE, SHIELDED and all marks cleared, DISPUTED set |
/// | 12 | of a stolen key | {annulStolen} |
///
/// Marks. What a vote set (DISPUTED, SHIELDED, the present outcome) carries a mark; while it is set
/// only a vote changes that, and the mark goes with what it marks. By vote 1, 3, 5, 8 and 10 apply
/// also where it is already so and then only set the mark. ANNUL leaves DISPUTED without a mark, so
/// that the owner settles it; ERASED never carries one.
///
/// Basis. 1 to 12. By the owner SHIELD and LIFT need 5 (court). By vote every act needs 4, 5 or 6
/// (result of the national platform, court, supervision order), a DISPUTE may have 7: of an objection
/// that the owner left unanswered for 72 hours, which is a matter of the audit, since no objection is
/// on the chain. Where the owner can not act itself, because it is no ACTIVE PROVINCE, any will do:
/// nobody is left without a way to repair or correction.
///
/// One contract holds the role `CaseRegistry` in the Consortium at a time. A retired one takes no
/// more acts, its answers stay; its successor goes on with status, history, count and head.
///
/// The events alone rebuild the whole state. A record's acts are found backwards, with one query of
/// one block each: the block of the last one stands in its word, that of the one before in
/// {Acted}'s `prevBlock`, also across registries.
///
/// Frozen for proofs of state (`base/Slots.sol`): the word of a record stands at
/// keccak256(abi.encode(recordId, uint256(2))), its `history` at +1, its `otherRecordId` at +2. All
/// zero in every registry of the role's tenure: no act on this record.
interface ICaseRegistry is IRoleContract {
    /// @notice An act on a record, as its owner signs it or the provinces vote on it.
    struct Act {
        /// @dev the log of the record
        LogId logId;
        /// @dev of the record
        bytes32 commitment;
        uint8 action;
        /// @dev the version that the record has now, 0 before its first act. 2^32 - 1, by vote only:
        /// whichever it has
        uint32 expectedVersion;
        uint16 basis;
        /// @dev salted hash of the document that decides; never 0
        bytes32 doc;
        /// @dev CORRECT: the log of the record that takes its place; else 0
        LogId otherLogId;
        /// @dev CORRECT: its commitment; else 0
        bytes32 otherCommitment;
        /// @dev 00:00 Asia/Shanghai of the day on which it took effect; not after the block
        uint64 effectiveAt;
        /// @dev `recordedAt` of the same act on a chain that was lost, else 0: shown, never believed
        uint64 refiledFrom;
    }

    /// @notice What is stored of a record. All zero: no act here.
    struct Stored {
        /// @dev from the lowest byte up: flags uint8, outcome uint8, version uint32, recordedAt,
        /// effectiveAt, block uint64
        uint256 word;
        /// @dev keccak256(abi.encode(history before, member, act, recordedAt, signedBy)); it starts
        /// at 0
        bytes32 history;
        /// @dev of a CORRECTED record: the one that takes its place
        RecordId otherRecordId;
    }

    /// @notice What is stored of a record, unpacked. All zero: no act here.
    struct Status {
        uint8 flags;
        uint8 outcome;
        /// @dev acts so far
        uint32 version;
        /// @dev the block's time of the last act
        uint64 recordedAt;
        /// @dev when the last act took effect in law
        uint64 effectiveAt;
        /// @dev number of the block of the last act
        uint64 blockNumber;
        bytes32 history;
        RecordId otherRecordId;
    }

    /// @notice The preimage of a record's present `history`: what it was before, and the last act.
    struct Step {
        bytes32 history;
        MemberId member;
        Act act;
        uint64 recordedAt;
        KeyId signedBy;
    }

    /// @notice Emitted for every act. The block's time is its `recordedAt`.
    /// @param recordId The record.
    /// @param count Acts so far on all records, this one included.
    /// @param member The owner that signed; 0: by vote, or by {annulStolen}.
    /// @param act As it was sent, which is what `history` folds.
    /// @param signedBy Id of the key, by vote of the proposal; 0: by {annulStolen}.
    /// @param version The record's version now.
    /// @param prevBlock Block of the record's act before, 0 for the first.
    /// @param head Now: keccak256(abi.encode(head before, recordId, history)); it starts at 0.
    event Acted(
        RecordId indexed recordId,
        uint64 indexed count,
        MemberId indexed member,
        Act act,
        bytes32 signedBy,
        uint32 version,
        uint64 prevBlock,
        bytes32 head
    );

    /// @notice Emitted when a member says that it has carried out all acts up to `count`.
    /// @param member The member.
    /// @param count Above its last one.
    /// @param head As the member has it, unchecked; replay compares it with that of the act `count`.
    /// @param signedBy The CASE key.
    event Acknowledged(MemberId indexed member, uint64 indexed count, bytes32 head, KeyId signedBy);

    /// @notice Thrown when a list is empty or longer than `limit`.
    error CaseRegistry_CountInvalid(uint256 count, uint256 limit);
    /// @notice Thrown when acts could be sent for more than seven days.
    error CaseRegistry_DeadlineTooFar(uint64 deadline, uint64 time);
    /// @notice Thrown when DISPUTE stands in one list with another action: no key signs both.
    error CaseRegistry_PurposesMixed(uint8 action, uint8 other);
    /// @notice Thrown when the log is unknown, or another member's. `owner` 0: unknown.
    error CaseRegistry_LogNotOwned(LogId logId, MemberId owner, MemberId member);
    /// @notice Thrown when the record has another version than `expectedVersion`.
    error CaseRegistry_VersionMismatch(RecordId recordId, uint32 version, uint32 expectedVersion);
    /// @notice Thrown when the action is unknown, or not one that can be done this way.
    error CaseRegistry_ActionInvalid(RecordId recordId, uint8 action);
    /// @notice Thrown when the basis is unknown, or not one for this action by this way.
    error CaseRegistry_BasisInvalid(RecordId recordId, uint8 action, uint16 basis);
    /// @notice Thrown when no document is named.
    error CaseRegistry_DocZero(RecordId recordId, uint8 action);
    /// @notice Thrown when `effectiveAt` is after the block, or not 00:00 Asia/Shanghai of a day.
    error CaseRegistry_EffectiveAtInvalid(RecordId recordId, uint64 effectiveAt, uint64 time);
    /// @notice Thrown when CORRECT names no other record, the record itself, one of another owner or
    /// one that is CORRECTED, WITHDRAWN or ERASED; or when another action names one.
    error CaseRegistry_OtherInvalid(RecordId recordId, uint8 action, RecordId otherRecordId);
    /// @notice Thrown when the action does not start from the status that the record has.
    error CaseRegistry_StatusUnfit(RecordId recordId, uint8 action, uint8 flags, uint8 outcome);
    /// @notice Thrown when the owner would change what a vote set.
    error CaseRegistry_SetByVote(RecordId recordId, uint8 action, uint8 flags);
    /// @notice Thrown when a step is not the preimage of the record's present history.
    error CaseRegistry_HistoryMismatch(RecordId recordId, bytes32 history, bytes32 given);
    /// @notice Thrown when the key of a step was not in other hands when the act was recorded, as
    /// the Consortium knows it now. `compromisedSince` 0: never, or no such key.
    error CaseRegistry_KeyNotStolen(KeyId keyId, uint64 compromisedSince, uint64 recordedAt);
    /// @notice Thrown when an acknowledgement is not above the member's last, or above the count.
    error CaseRegistry_AcknowledgementInvalid(
        MemberId member, uint64 last, uint64 given, uint64 count
    );

    // ---- writes ---------------------------------------------------------------------------------

    /// @notice Do acts on own records, all or none, in the order given.
    /// @dev Signs Acts(bytes32 member,Act[] acts,uint64 deadline) with the fields of {Act} in their
    /// order. A second act on a record expects the version that the first one gives it.
    /// @param member The owner of all the logs.
    /// @param acts 1 to 64; either all DISPUTE or none.
    /// @param deadline Last second at which the signature may be used, at most 7 days from now.
    /// @param signature r ‖ s ‖ v of a CASE key for DISPUTE, else of a DECIDE key, 65 bytes, low s,
    /// v 27 or 28.
    function act(MemberId member, Act[] calldata acts, uint64 deadline, bytes calldata signature)
        external;

    /// @notice Do the acts that the provinces voted on, all or none, in the order given; anybody may
    /// send it, it works once.
    /// @dev Kind ACT, data abi.encode(address of this contract, acts).
    /// @param acts 1 to 64.
    /// @param proposer The province that proposed it.
    /// @param salt The one of the proposal.
    function actByVote(Act[] calldata acts, MemberId proposer, bytes32 salt) external;

    /// @notice Take back last acts that a stolen key signed; anybody may send it.
    /// @dev A step must be the preimage of its record's present history, so an act that others stand
    /// on is out of reach here and needs a vote. Recorded as action 12 with `expectedVersion` the
    /// version before, basis 0, `doc` the history undone, `effectiveAt` the block's time, all else 0.
    /// DISPUTED is set, ERASED cleared; SHIELDED is cleared and the outcome NONE unless marked; marks
    /// stay with what they mark. The owner then settles and acts anew.
    /// @param steps 1 to 64, all or none, in the order given; `compromisedSince` of each one's key is
    /// now at or before the act was recorded.
    function annulStolen(Step[] calldata steps) external;

    /// @notice Say as a member that it has carried out all acts up to `count`; so nobody learns which
    /// records it holds.
    /// @dev Signs Ack(bytes32 member,uint64 count,bytes32 head,uint64 deadline). The count guards
    /// against replay.
    /// @param member Any ACTIVE one.
    /// @param count At most that of {latest}, above the member's last one, also in predecessors.
    /// @param head That of the act `count`, as the member has it.
    /// @param deadline Last second at which the signature may be used.
    /// @param signature r ‖ s ‖ v of a CASE key, 65 bytes, low s, v 27 or 28.
    function acknowledge(
        MemberId member,
        uint64 count,
        bytes32 head,
        uint64 deadline,
        bytes calldata signature
    ) external;

    // ---- views ----------------------------------------------------------------------------------

    /// @notice Return what is stored of records, here or else in the predecessors, in the order asked
    /// for; zeros where no act is. Never reverts for up to 256; more are refused, since a shorter
    /// answer could be taken for *no act*.
    function stored(RecordId[] calldata recordIds) external view returns (Stored[] memory);

    /// @notice Return the status of a record; all zero where no act is. Reverts where this contract
    /// is not current: a retired one knows the past only.
    function status(RecordId recordId) external view returns (Status memory);

    /// @notice Return count and head over all acts, of predecessors too; zeros before the first.
    /// Never reverts.
    function latest() external view returns (uint64 count, bytes32 head);

    /// @notice Return the last acknowledgement of a member, here or else in the predecessors; zeros
    /// where there is none. Never reverts.
    /// @return count The acts that it says to have carried out.
    /// @return headStart The first 24 bytes of the head it gave, so that it fits into one word; all
    /// of it stands in {Acknowledged}.
    function acknowledged(MemberId member) external view returns (uint64 count, bytes24 headStart);

    /// @notice Return keccak256(abi.encode(logId, commitment)).
    function recordIdOf(LogId logId, bytes32 commitment) external pure returns (RecordId);
}
