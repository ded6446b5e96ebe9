// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IConsortium} from "./IConsortium.sol";
import {Choice, Kind, MemberStatus} from "./lib/Codes.sol";
import {Registers} from "./lib/Registers.sol";

/// @title Members, keys, logs, votes and contracts of the consortium
/// @notice See {IConsortium}.
/// @dev Here: founding and the votes of the provinces.
contract Consortium is Registers {
    struct ProposalState {
        bytes32 actionHash;
        bytes32 proposer;
        uint64 expiresAt;
        bool executed;
    }

    /// @dev A decision that nobody carried out must not lie in wait for years.
    uint64 private constant _MAX_PROPOSAL_LIFE = 90 days;
    /// @dev Bytes of an action carried out here; the longest one is a key of some 400.
    uint256 private constant _MAX_ACTION_DATA = 4096;

    bytes32 private constant _PROPOSE = keccak256(
        "Propose(bytes32 member,bytes32 actionHash,bytes32 salt,uint64 expiresAt,uint64 deadline)"
    );
    bytes32 private constant _VOTE =
        keccak256("Vote(bytes32 member,bytes32 proposalId,uint8 choice,uint64 deadline)");

    uint64 private immutable _threshold;
    bytes32 private _chair;
    mapping(bytes32 proposalId => ProposalState) private _proposals;
    mapping(bytes32 proposalId => mapping(bytes32 member => Ballot)) private _ballots;

    /// @param founders At most 64 members.
    /// @param keys Their keys, with windows as given; they need not sign for themselves.
    /// @param logs Their logs; those of one member in the order of `seq`.
    /// @param threshold_ Yes votes that pass a proposal, at most the number of provinces.
    constructor(
        FounderInput[] memory founders,
        KeyInput[] memory keys,
        LogInput[] memory logs,
        uint64 threshold_
    ) EIP712("CreditLedger Consortium", "1") {
        for (uint256 i = 0; i < founders.length; ++i) {
            _addMember(founders[i]);
        }
        uint256 provinces = _activeProvinces();
        if (threshold_ == 0 || threshold_ > provinces) {
            revert Consortium_ThresholdInvalid(threshold_, provinces);
        }
        _threshold = threshold_;
        emit ThresholdSet(threshold_);
        for (uint256 i = 0; i < keys.length; ++i) {
            _addKey(keys[i], 0, 0);
        }
        for (uint256 i = 0; i < logs.length; ++i) {
            _openFoundingLog(logs[i]);
        }
    }

    /// @inheritdoc IConsortium
    function propose(
        bytes32 code,
        bytes32 actionHash,
        bytes32 salt,
        uint64 expiresAt,
        uint64 deadline,
        bytes calldata signature
    ) external returns (bytes32 proposalId) {
        bytes32 structHash = keccak256(
            abi.encode(_PROPOSE, code, actionHash, salt, expiresAt, deadline)
        );
        bytes32 signedBy = _authoriseGovern(code, deadline, structHash, signature);
        _requireActiveProvince(code);
        _requireExpiry(expiresAt);
        proposalId = proposalIdOf(actionHash, salt);
        if (_proposals[proposalId].expiresAt != 0) revert Consortium_ProposalExists(proposalId);
        _proposals[proposalId] = ProposalState(actionHash, code, expiresAt, false);
        emit Proposed(proposalId, code, actionHash, salt, expiresAt, signedBy);
    }

    /// @inheritdoc IConsortium
    function vote(
        bytes32 code,
        bytes32 proposalId,
        uint8 choice,
        uint64 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(abi.encode(_VOTE, code, proposalId, choice, deadline));
        bytes32 signedBy = _authoriseGovern(code, deadline, structHash, signature);
        _requireActiveProvince(code);
        if (!_isOpen(proposalId)) revert Consortium_ProposalNotOpen(proposalId);
        if (choice != Choice.YES && choice != Choice.NO) revert Consortium_ChoiceUnknown(choice);
        if (_stands(proposalId, code)) revert Consortium_AlreadyVoted(proposalId, code);
        _ballots[proposalId][code] = Ballot(choice, _time(), signedBy);
        emit Voted(proposalId, code, choice, signedBy);
    }

    /// @inheritdoc IConsortium
    function execute(uint8 kind, bytes calldata data, bytes32 salt) external {
        if (data.length > _MAX_ACTION_DATA) {
            revert Consortium_DataTooLong(data.length, _MAX_ACTION_DATA);
        }
        bytes32 proposalId = proposalIdOf(actionHashOf(kind, data), salt);
        if (!_isOpen(proposalId)) revert Consortium_ProposalNotOpen(proposalId);
        uint64 yes = _standingYes(proposalId);
        if (yes < _threshold) revert Consortium_ProposalNotPassed(proposalId, yes, _threshold);
        _proposals[proposalId].executed = true;
        _carryOut(kind, data);
        emit Executed(proposalId, kind, data);
    }

    /// @inheritdoc IConsortium
    function passed(bytes32 proposalId) external view returns (bool) {
        return _isOpen(proposalId) && _standingYes(proposalId) >= _threshold;
    }

    /// @inheritdoc IConsortium
    function threshold() external view returns (uint64) {
        return _threshold;
    }

    /// @inheritdoc IConsortium
    function chair() external view returns (bytes32) {
        return _chair;
    }

    /// @inheritdoc IConsortium
    function proposal(bytes32 proposalId) external view returns (Proposal memory) {
        ProposalState memory state = _proposals[proposalId];
        return Proposal(
            state.actionHash,
            state.proposer,
            state.expiresAt,
            state.executed,
            _standingYes(proposalId)
        );
    }

    /// @inheritdoc IConsortium
    function ballot(bytes32 proposalId, bytes32 code) external view returns (Ballot memory) {
        return _ballots[proposalId][code];
    }

    /// @inheritdoc IConsortium
    function actionHashOf(uint8 kind, bytes calldata data) public pure returns (bytes32) {
        return keccak256(abi.encode(kind, data));
    }

    /// @inheritdoc IConsortium
    function proposalIdOf(bytes32 actionHash, bytes32 salt) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), actionHash, salt));
    }

    // forgefmt: disable-next-item
    function _carryOut(uint8 kind, bytes calldata data) private {
        if (kind == Kind.SUSPEND) _suspend(abi.decode(data, (bytes32)));
        else if (kind == Kind.REINSTATE) _setStatus(abi.decode(data, (bytes32)), MemberStatus.ACTIVE);
        else if (kind == Kind.RECOVER_KEY) _addKey(abi.decode(data, (KeyInput)), _time(), 0);
        else if (kind == Kind.REGISTER_CONTRACT) _doRegister(data);
        else if (kind == Kind.OPEN_SUCCESSOR) _doOpenSuccessor(data);
        else if (kind == Kind.COMPROMISE_KEY) _doCompromise(data);
        else if (kind == Kind.SET_CHAIR) _setChair(abi.decode(data, (bytes32)));
        else revert Consortium_KindUnknown(kind);
    }

    function _doRegister(bytes calldata data) private {
        (bytes32 role, address account) = abi.decode(data, (bytes32, address));
        _registerContract(role, account);
    }

    function _doOpenSuccessor(bytes calldata data) private {
        (bytes32 logId, uint64 trustedSize, uint16 suite) =
            abi.decode(data, (bytes32, uint64, uint16));
        _openSuccessor(logId, trustedSize, suite);
    }

    function _doCompromise(bytes calldata data) private {
        (bytes32 keyId, uint64 since) = abi.decode(data, (bytes32, uint64));
        _compromiseByVote(keyId, since);
    }

    /// @dev Never below the threshold, or nothing could ever be decided again.
    function _suspend(bytes32 code) private {
        _setStatus(code, MemberStatus.SUSPENDED);
        uint256 provinces = _activeProvinces();
        if (provinces < _threshold) revert Consortium_ThresholdOutOfReach(provinces, _threshold);
    }

    function _setChair(bytes32 code) private {
        _requireActiveProvince(code);
        _chair = code;
        emit ChairSet(code);
    }

    function _isOpen(bytes32 proposalId) private view returns (bool) {
        ProposalState storage state = _proposals[proposalId];
        return state.expiresAt >= _time() && !state.executed;
    }

    /// @dev Of provinces that are ACTIVE now; a suspended one has no say in what happens meanwhile.
    function _standingYes(bytes32 proposalId) private view returns (uint64 yes) {
        bytes32[] memory codes = memberCodes();
        for (uint256 i = 0; i < codes.length; ++i) {
            bool counts = _ballots[proposalId][codes[i]].choice == Choice.YES
                && _isActiveProvince(codes[i]) && _stands(proposalId, codes[i]);
            if (counts) ++yes;
        }
    }

    /// @dev Whether a vote was cast, with a key that was not in other hands.
    function _stands(bytes32 proposalId, bytes32 code) private view returns (bool) {
        Ballot storage cast = _ballots[proposalId][code];
        return cast.choice != 0 && !_compromisedAt(cast.keyId, cast.castAt);
    }

    function _activeProvinces() private view returns (uint256 count) {
        bytes32[] memory codes = memberCodes();
        for (uint256 i = 0; i < codes.length; ++i) {
            if (_isActiveProvince(codes[i])) ++count;
        }
    }

    function _requireExpiry(uint64 expiresAt) private view {
        uint64 time = _time();
        if (expiresAt < time || expiresAt - time > _MAX_PROPOSAL_LIFE) {
            revert Consortium_ExpiryInvalid(expiresAt, time);
        }
    }
}
