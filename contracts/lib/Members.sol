// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IConsortium} from "../IConsortium.sol";
import {Alg, MemberStatus, Purpose, Role} from "./Codes.sol";

/// @title Members and their keys
/// @notice The part of the Consortium that a member writes for itself.
abstract contract Members is IConsortium, EIP712 {
    struct MemberState {
        bytes32 region;
        uint8 roles;
        uint8 status;
        uint64 seq;
        string endpoint;
    }

    /// @dev All that {authorise} reads of it stands in one slot.
    struct KeyState {
        bytes32 member;
        uint8 purpose;
        uint16 alg;
        uint64 notBefore;
        uint64 notAfter;
        uint64 compromisedSince;
        uint40 addedAt;
        bytes publicKey;
    }

    /// @dev Votes are counted over all provinces, so their number is bounded, far above the 31 there are.
    uint256 private constant _MAX_MEMBERS = 64;
    /// @dev Ten years of a new key for each of eight purposes every month. No write walks the list. A
    /// vote is not bound by it, so a thief cannot fill the list to shut the owner out.
    uint256 private constant _MAX_KEYS = 1024;
    /// @dev Bytes of an endpoint: a URL, not a place to leave data.
    uint256 private constant _MAX_ENDPOINT = 256;
    /// @dev An owner must not be able to void years of what it signed itself.
    uint64 private constant _MAX_COMPROMISE_BACK = 7 days;

    bytes32 private constant _SET_ENDPOINT =
        keccak256("SetEndpoint(bytes32 member,string endpoint,uint64 seq,uint64 deadline)");
    bytes32 private constant _ADD_KEY = keccak256(
        "AddKey(bytes32 member,uint8 purpose,uint16 alg,bytes publicKey,uint64 notBefore,uint64 notAfter,uint64 seq,uint64 deadline)"
    );
    bytes32 private constant _REVOKE_KEY = keccak256(
        "RevokeKey(bytes32 member,bytes32 keyId,uint64 compromisedSince,uint64 seq,uint64 deadline)"
    );

    bytes32[] private _codes;
    mapping(bytes32 code => MemberState) private _members;
    mapping(bytes32 keyId => KeyState) private _keys;
    mapping(bytes32 code => bytes32[] keyIds) private _keyIds;
    /// @dev Under the owner, so that what is found belongs to it.
    mapping(bytes32 code => mapping(address signer => bytes32 keyId)) private _keyOfSigner;

    /// @inheritdoc IConsortium
    function setEndpoint(
        bytes32 code,
        string calldata endpoint,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature
    ) external {
        bytes32 signedBy = _authoriseGovern(
            code,
            deadline,
            keccak256(abi.encode(_SET_ENDPOINT, code, keccak256(bytes(endpoint)), seq, deadline)),
            signature
        );
        _useSeq(code, seq);
        _requireEndpoint(endpoint);
        _members[code].endpoint = endpoint;
        emit EndpointSet(code, endpoint, seq + 1, signedBy);
    }

    /// @inheritdoc IConsortium
    function addKey(
        KeyInput calldata input,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature,
        bytes calldata newKeySignature
    ) external {
        bytes32 structHash = _hashAddKey(input, seq, deadline);
        bytes32 signedBy = _authoriseGovern(input.member, deadline, structHash, signature);
        _useSeq(input.member, seq);
        if (_keyIds[input.member].length >= _MAX_KEYS) {
            revert Consortium_TooManyKeys(input.member, _MAX_KEYS);
        }
        _requireOwnSignature(input, structHash, newKeySignature);
        _addKey(input, _time(), signedBy);
    }

    /// @inheritdoc IConsortium
    function revokeKey(
        bytes32 code,
        bytes32 keyId,
        uint64 compromisedSince,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature
    ) external {
        bytes32 signedBy = _authoriseGovern(
            code,
            deadline,
            keccak256(abi.encode(_REVOKE_KEY, code, keyId, compromisedSince, seq, deadline)),
            signature
        );
        _useSeq(code, seq);
        if (_keys[keyId].member != code) revert Consortium_KeyUnknown(code, keyId);
        if (compromisedSince == 0) _endKey(keyId, signedBy);
        else _compromiseByOwner(keyId, compromisedSince, signedBy);
    }

    /// @inheritdoc IConsortium
    function authorise(bytes32 code, uint8 purpose, address signer)
        public
        view
        returns (bytes32 keyId)
    {
        uint8 status = _members[code].status;
        if (status != MemberStatus.ACTIVE) revert Consortium_MemberNotActive(code, status);
        keyId = keyOfSigner(code, purpose, signer);
        if (keyId == 0) revert Consortium_KeyNotValid(code, purpose, signer);
    }

    /// @inheritdoc IConsortium
    function provinceRegion(bytes32 code) external view returns (bytes32) {
        _requireActiveProvince(code);
        return _members[code].region;
    }

    /// @inheritdoc IConsortium
    function member(bytes32 code) external view returns (Member memory found) {
        MemberState storage state = _members[code];
        if (state.status == 0) return found;
        return Member({
            code: code,
            region: state.region,
            roles: state.roles,
            status: state.status,
            seq: state.seq,
            endpoint: state.endpoint
        });
    }

    /// @inheritdoc IConsortium
    function memberCodes() public view returns (bytes32[] memory) {
        return _codes;
    }

    /// @inheritdoc IConsortium
    function key(bytes32 keyId) external view returns (Key memory found) {
        KeyState storage state = _keys[keyId];
        if (state.member == 0) return found;
        return Key({
            keyId: keyId,
            member: state.member,
            purpose: state.purpose,
            alg: state.alg,
            notBefore: state.notBefore,
            notAfter: state.notAfter,
            compromisedSince: state.compromisedSince,
            addedAt: state.addedAt,
            publicKey: state.publicKey
        });
    }

    /// @inheritdoc IConsortium
    function keyIds(bytes32 code) external view returns (bytes32[] memory) {
        return _keyIds[code];
    }

    /// @inheritdoc IConsortium
    function keyValidAt(bytes32 keyId, uint8 purpose, uint64 time) public view returns (bool) {
        KeyState storage state = _keys[keyId];
        return purpose != 0 && state.purpose == purpose && state.notBefore <= time
            && time <= state.notAfter && !_compromisedAt(keyId, time);
    }

    /// @inheritdoc IConsortium
    function keyOfSigner(bytes32 code, uint8 purpose, address signer)
        public
        view
        returns (bytes32 keyId)
    {
        keyId = _keyOfSigner[code][signer];
        if (!keyValidAt(keyId, purpose, _time())) return 0;
    }

    /// @inheritdoc IConsortium
    function keyIdOf(uint16 alg, bytes memory publicKey) public pure returns (bytes32) {
        return keccak256(abi.encode(alg, publicKey));
    }

    // ---- for the votes and the constructor ------------------------------------------------------

    function _addMember(FounderInput memory input) internal {
        bool valid = input.code != 0 && _members[input.code].status == 0 && input.roles != 0
            && input.roles <= Role.ALL && (input.region != 0 || input.roles & Role.PROVINCE == 0);
        if (!valid) revert Consortium_FounderInvalid(input.code);
        if (_codes.length == _MAX_MEMBERS) {
            revert Consortium_TooManyMembers(_codes.length + 1, _MAX_MEMBERS);
        }
        _requireEndpoint(input.endpoint);
        _codes.push(input.code);
        _members[input.code] =
            MemberState(input.region, input.roles, MemberStatus.ACTIVE, 0, input.endpoint);
        emit MemberAdded(input.code, input.region, input.roles, input.endpoint);
    }

    function _setStatus(bytes32 code, uint8 status) internal {
        _requireMember(code);
        if (_members[code].status == status) revert Consortium_StatusUnchanged(code, status);
        _members[code].status = status;
        emit MemberStatusChanged(code, status);
    }

    /// @dev `earliest`: the window begins no sooner. Nobody can give a key a past, with which he
    /// could date signatures back that are made off the chain.
    function _addKey(KeyInput memory input, uint64 earliest, bytes32 signedBy) internal {
        _requireMember(input.member);
        bytes32 keyId = _requireNewKey(input);
        uint64 notBefore = input.notBefore > earliest ? input.notBefore : earliest;
        if (input.notAfter < notBefore) revert Consortium_WindowInvalid(notBefore, input.notAfter);
        _keyIds[input.member].push(keyId);
        if (input.alg == Alg.SECP256K1) {
            _keyOfSigner[input.member][_addressOf(input.publicKey)] = keyId;
        }
        _keys[keyId] = KeyState({
            member: input.member,
            purpose: input.purpose,
            alg: input.alg,
            notBefore: notBefore,
            notAfter: input.notAfter,
            compromisedSince: 0,
            addedAt: uint40(_time()),
            publicKey: input.publicKey
        });
        _emitKeyAdded(keyId, signedBy);
    }

    /// @dev By vote: at any time back, earlier or later than what stands.
    function _compromiseByVote(bytes32 keyId, uint64 since) internal {
        KeyState storage state = _keys[keyId];
        uint64 time = _time();
        if (state.member == 0) revert Consortium_KeyUnknown(0, keyId);
        if (since == 0 || since > time || since == state.compromisedSince) {
            revert Consortium_CompromiseInvalid(keyId, since, time);
        }
        _compromise(keyId, since, 0);
    }

    /// @dev The key that signed, a GOVERN key of an ACTIVE member.
    function _authoriseGovern(
        bytes32 code,
        uint64 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) internal view returns (bytes32 keyId) {
        uint64 time = _time();
        if (time > deadline) revert Consortium_DeadlinePassed(deadline, time);
        address signer = ECDSA.recover(_hashTypedDataV4(structHash), signature);
        return authorise(code, Purpose.GOVERN, signer);
    }

    function _requireMember(bytes32 code) internal view {
        if (_members[code].status == 0) revert Consortium_MemberUnknown(code);
    }

    function _requireActiveProvince(bytes32 code) internal view {
        MemberState storage state = _members[code];
        if (state.roles & Role.PROVINCE == 0) revert Consortium_NotAProvince(code);
        if (state.status != MemberStatus.ACTIVE) {
            revert Consortium_MemberNotActive(code, state.status);
        }
    }

    function _isActiveProvince(bytes32 code) internal view returns (bool) {
        MemberState storage state = _members[code];
        return state.roles & Role.PROVINCE != 0 && state.status == MemberStatus.ACTIVE;
    }

    function _compromisedAt(bytes32 keyId, uint64 time) internal view returns (bool) {
        uint64 since = _keys[keyId].compromisedSince;
        return since != 0 && since <= time;
    }

    /// @dev The only clock.
    function _time() internal view virtual returns (uint64) {
        return uint64(block.timestamp);
    }

    // ---- details --------------------------------------------------------------------------------

    function _useSeq(bytes32 code, uint64 seq) private {
        MemberState storage state = _members[code];
        if (seq != state.seq) revert Consortium_SeqMismatch(code, state.seq, seq);
        state.seq = seq + 1;
    }

    function _endKey(bytes32 keyId, bytes32 signedBy) private {
        KeyState storage state = _keys[keyId];
        uint64 time = _time();
        if (state.notAfter <= time || state.compromisedSince != 0) {
            revert Consortium_KeyEnded(keyId, state.notAfter, state.compromisedSince);
        }
        // What was signed in this very block stays valid, so its second still belongs to the window.
        state.notAfter = time;
        emit KeyRevoked(state.member, keyId, time, _members[state.member].seq, signedBy);
    }

    function _compromiseByOwner(bytes32 keyId, uint64 since, bytes32 signedBy) private {
        uint64 stands = _keys[keyId].compromisedSince;
        uint64 time = _time();
        bool near = since <= time && time - since <= _MAX_COMPROMISE_BACK;
        if (!near || (stands != 0 && stands <= since)) {
            revert Consortium_CompromiseInvalid(keyId, since, time);
        }
        _compromise(keyId, since, signedBy);
    }

    function _compromise(bytes32 keyId, uint64 since, bytes32 signedBy) private {
        KeyState storage state = _keys[keyId];
        state.compromisedSince = since;
        emit KeyCompromised(state.member, keyId, since, _members[state.member].seq, signedBy);
    }

    function _emitKeyAdded(bytes32 keyId, bytes32 signedBy) private {
        KeyState memory state = _keys[keyId];
        emit KeyAdded(
            state.member,
            keyId,
            state.purpose,
            state.alg,
            state.publicKey,
            state.notBefore,
            state.notAfter,
            _members[state.member].seq,
            signedBy
        );
    }

    function _requireNewKey(KeyInput memory input) private view returns (bytes32 keyId) {
        if (input.purpose == 0 || input.purpose > Purpose.NOTE) {
            revert Consortium_PurposeUnknown(input.purpose);
        }
        uint256 length = input.publicKey.length;
        if (length == 0 || length != _keyLength(input.alg)) {
            revert Consortium_PublicKeyInvalid(input.alg, length);
        }
        keyId = keyIdOf(input.alg, input.publicKey);
        if (_keys[keyId].member != 0) revert Consortium_KeyExists(keyId);
    }

    /// @dev A secp256k1 key proves that its owner holds it; so nobody can take another's key by
    /// registering it first. For other algorithms the contract cannot check that.
    function _requireOwnSignature(
        KeyInput calldata input,
        bytes32 structHash,
        bytes calldata newKeySignature
    ) private view {
        bool valid;
        if (input.alg == Alg.SECP256K1) {
            bytes32 digest = _hashTypedDataV4(structHash);
            (address signer,,) = ECDSA.tryRecover(digest, newKeySignature);
            valid = signer == _addressOf(input.publicKey);
        } else {
            valid = newKeySignature.length == 0;
        }
        if (!valid) {
            revert Consortium_NewKeySignatureInvalid(keyIdOf(input.alg, input.publicKey));
        }
    }

    function _requireEndpoint(string memory endpoint) private pure {
        uint256 length = bytes(endpoint).length;
        if (length > _MAX_ENDPOINT) revert Consortium_EndpointTooLong(length, _MAX_ENDPOINT);
    }

    function _hashAddKey(KeyInput calldata input, uint64 seq, uint64 deadline)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                _ADD_KEY,
                input.member,
                input.purpose,
                input.alg,
                keccak256(input.publicKey),
                input.notBefore,
                input.notAfter,
                seq,
                deadline
            )
        );
    }

    /// @dev Bytes of a public key, 0 for an algorithm that is not in the list.
    function _keyLength(uint16 alg) private pure returns (uint256) {
        if (alg == Alg.SECP256K1 || alg == Alg.P256) return 64;
        return alg == Alg.ED25519 ? 32 : 0;
    }

    /// @dev The Ethereum address of a secp256k1 key: the last 20 bytes of its keccak256.
    function _addressOf(bytes memory publicKey) private pure returns (address) {
        return address(uint160(uint256(keccak256(publicKey))));
    }
}
