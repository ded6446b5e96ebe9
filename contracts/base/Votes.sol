// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {Choice, MemberStatus, Role} from "../types/Codes.sol";
import {KeyId, MemberId, ProposalId} from "../types/Ids.sol";
import {Keys} from "./Keys.sol";

/// @title Votes of the provinces
/// @notice The part of the Consortium that decides; what is decided is carried out by {_carryOut}.
/// Where its variables stand is frozen (`Slots.sol`).
abstract contract Votes is Keys {
    struct ProposalState {
        MemberId proposer;
        bytes32 dataHash;
        uint8 kind;
        uint64 expiresAt;
        bool executed;
    }

    /// @dev Most time until a proposal expires: no decision that nobody carried out lies in wait
    /// for years.
    uint64 private constant _MAX_PROPOSAL_LIFE = 90 days;
    /// @dev Most bytes of an action: 64 items of a catalogue, or a member with 32 keys of any
    /// length.
    uint256 private constant _MAX_DATA = 24_576;

    bytes32 private constant _PROPOSE = keccak256(
        "Propose(bytes32 member,uint8 kind,bytes32 dataHash,bytes32 salt,uint64 expiresAt,uint64 deadline)"
    );
    bytes32 private constant _VOTE =
        keccak256("Vote(bytes32 member,bytes32 proposalId,uint8 choice,uint64 deadline)");

    uint64 private _threshold;
    MemberId private _chair;
    mapping(ProposalId proposalId => ProposalState) private _proposals;
    mapping(ProposalId proposalId => mapping(MemberId member => Ballot)) private _ballots;

    /// @inheritdoc IConsortium
    function propose(
        MemberId code,
        uint8 kind,
        bytes calldata data,
        bytes32 salt,
        uint64 expiresAt,
        uint64 deadline,
        bytes calldata signature
    ) external returns (ProposalId proposalId) {
        bytes32 dataHash = keccak256(data);
        bytes32 structHash =
            keccak256(abi.encode(_PROPOSE, code, kind, dataHash, salt, expiresAt, deadline));
        KeyId signedBy = _authoriseGovern(code, Role.PROVINCE, deadline, structHash, signature);
        if (data.length > _MAX_DATA) revert Consortium_DataTooLong(data.length, _MAX_DATA);
        _requireExpiry(expiresAt);
        proposalId = proposalIdOf(code, kind, dataHash, salt);
        if (_proposals[proposalId].expiresAt != 0) revert Consortium_ProposalExists(proposalId);
        _proposals[proposalId] = ProposalState(code, dataHash, kind, expiresAt, false);
        emit Proposed(proposalId, code, kind, data, salt, expiresAt, signedBy);
    }

    /// @inheritdoc IConsortium
    function vote(
        MemberId code,
        ProposalId proposalId,
        uint8 choice,
        uint64 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(abi.encode(_VOTE, code, proposalId, choice, deadline));
        KeyId signedBy = _authoriseGovern(code, Role.PROVINCE, deadline, structHash, signature);
        if (!_isOpen(proposalId)) revert Consortium_ProposalNotOpen(proposalId);
        if (choice != Choice.YES && choice != Choice.NO) revert Consortium_ChoiceUnknown(choice);
        if (_stands(proposalId, code)) revert Consortium_AlreadyVoted(proposalId, code);
        _ballots[proposalId][code] = Ballot(choice, _time(), signedBy);
        emit Voted(proposalId, code, choice, signedBy);
    }

    /// @inheritdoc IConsortium
    function execute(ProposalId proposalId, bytes calldata data) external {
        if (!_isOpen(proposalId)) revert Consortium_ProposalNotOpen(proposalId);
        ProposalState storage state = _proposals[proposalId];
        bytes32 dataHash = keccak256(data);
        if (dataHash != state.dataHash) revert Consortium_DataMismatch(proposalId, dataHash);
        uint64 yes = _standingYes(proposalId);
        if (yes < _threshold) revert Consortium_ProposalNotPassed(proposalId, yes, _threshold);
        state.executed = true;
        uint8 kind = state.kind;
        _carryOut(kind, data);
        _requireThreshold();
        emit Executed(proposalId, kind);
    }

    /// @inheritdoc IConsortium
    function passed(ProposalId proposalId) external view returns (bool) {
        return _isOpen(proposalId) && _standingYes(proposalId) >= _threshold;
    }

    /// @inheritdoc IConsortium
    function threshold() external view returns (uint64) {
        return _threshold;
    }

    /// @inheritdoc IConsortium
    function chair() external view returns (MemberId) {
        return _chair;
    }

    /// @inheritdoc IConsortium
    function proposal(ProposalId proposalId) external view returns (Proposal memory) {
        ProposalState memory state = _proposals[proposalId];
        return Proposal(
            state.proposer,
            state.kind,
            state.dataHash,
            state.expiresAt,
            state.executed,
            _standingYes(proposalId)
        );
    }

    /// @inheritdoc IConsortium
    function ballot(ProposalId proposalId, MemberId code) external view returns (Ballot memory) {
        return _ballots[proposalId][code];
    }

    /// @inheritdoc IConsortium
    function proposalIdOf(MemberId code, uint8 kind, bytes32 dataHash, bytes32 salt)
        public
        view
        returns (ProposalId)
    {
        return ProposalId.wrap(
            keccak256(abi.encode(block.chainid, address(this), code, kind, dataHash, salt))
        );
    }

    // ---- for the votes and the constructor ------------------------------------------------------

    /// @dev Carry out a decision, or revert where its kind is not one of this contract's.
    function _carryOut(uint8 kind, bytes calldata data) internal virtual;

    function _setThreshold(uint64 threshold_) internal {
        _threshold = threshold_;
        emit ThresholdSet(threshold_);
    }

    function _setChair(MemberId code) internal {
        _requireActive(code, Role.PROVINCE);
        _chair = code;
        emit ChairSet(code);
    }

    /// @dev Revert unless every vote stays in reach and no two halves can decide apart.
    function _requireThreshold() internal view {
        uint256 count = _activeProvinces();
        uint64 needed = _threshold;
        if (needed > count || count >= 2 * uint256(needed)) {
            revert Consortium_ThresholdInvalid(needed, count);
        }
    }

    // ---- details --------------------------------------------------------------------------------

    function _isOpen(ProposalId proposalId) private view returns (bool) {
        ProposalState storage state = _proposals[proposalId];
        return state.expiresAt >= _time() && !state.executed;
    }

    /// @dev Count the yes votes of provinces that are ACTIVE now; a suspended one has no say in
    /// what happens meanwhile.
    function _standingYes(ProposalId proposalId) private view returns (uint64 yes) {
        for (uint256 i = 0; i < _provinces.length; ++i) {
            MemberId code = _provinces[i];
            bool counts = _ballots[proposalId][code].choice == Choice.YES
                && _members[code].status == MemberStatus.ACTIVE && _stands(proposalId, code);
            if (counts) ++yes;
        }
    }

    /// @dev Say whether a vote was cast, with a key that was not in other hands.
    function _stands(ProposalId proposalId, MemberId code) private view returns (bool) {
        Ballot storage cast = _ballots[proposalId][code];
        return cast.choice != 0 && !_compromisedAt(code, cast.keyId, cast.castAt);
    }

    function _requireExpiry(uint64 expiresAt) private view {
        uint64 time = _time();
        if (expiresAt < time || expiresAt - time > _MAX_PROPOSAL_LIFE) {
            revert Consortium_ExpiryInvalid(expiresAt, time);
        }
    }
}
