// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IConsortium} from "../interfaces/IConsortium.sol";
import {Alg, MemberStatus, Purpose, Role} from "../types/Codes.sol";
import {Members} from "./Members.sol";

/// @title Keys of the members
/// @notice The part of the Consortium that a member writes for itself. Where its variables stand is
/// frozen (`Slots.sol`).
abstract contract Keys is Members {
    /// @dev All that {authorise} reads of it stands in one slot. `purpose` 0: no such key.
    struct KeyState {
        uint8 purpose;
        uint16 alg;
        uint64 notBefore;
        uint64 notAfter;
        uint64 compromisedSince;
        uint40 addedAt;
    }

    /// @dev Eight years of a new key for each of ten purposes every month. A vote is not bound by it,
    /// so a thief cannot fill the list to shut the owner out; one that walks it costs 11 million gas.
    uint256 private constant _MAX_KEYS = 1024;
    /// @dev Bytes of a public key: above all that is in use, post-quantum ones by their hash.
    uint256 private constant _MAX_KEY_LENGTH = 256;
    uint256 private constant _SECP256K1_LENGTH = 64;
    /// @dev An owner must not be able to void years of what it signed itself.
    uint64 private constant _MAX_COMPROMISE_BACK = 7 days;
    /// @dev Time for the owner to veto a key that others gave it …
    uint64 private constant _RECOVERY_DELAY = 7 days;
    /// @dev … and for everybody to see it where others took its keys, with which it could.
    uint64 private constant _RECOVERY_DELAY_TAKEN = 30 days;
    /// @dev A key begins so much later than it could at most: until then votes take no GOVERN keys.
    uint64 private constant _MAX_RECOVERY_LATER = 90 days;

    bytes32 private constant _SET_ENDPOINT =
        keccak256("SetEndpoint(bytes32 member,string endpoint,uint64 seq,uint64 deadline)");
    bytes32 private constant _ADD_KEY = keccak256(
        "AddKey(bytes32 member,uint8 purpose,uint16 alg,bytes publicKey,uint64 notBefore,uint64 notAfter,uint64 seq,uint64 deadline)"
    );
    bytes32 private constant _REVOKE_KEY = keccak256(
        "RevokeKey(bytes32 member,bytes32 keyId,uint64 compromisedSince,uint64 seq,uint64 deadline)"
    );

    /// @dev Under the owner, so that nobody can take a key by registering it first.
    mapping(bytes32 code => mapping(bytes32 keyId => KeyState)) private _keys;
    mapping(bytes32 code => mapping(bytes32 keyId => bytes publicKey)) private _publicKeys;
    mapping(bytes32 code => bytes32[] keyIds) private _keyIds;
    mapping(bytes32 code => mapping(address signer => bytes32 keyId)) private _keyOfSigner;

    /// @inheritdoc IConsortium
    function setEndpoint(
        bytes32 code,
        string calldata endpoint,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(
            abi.encode(_SET_ENDPOINT, code, keccak256(bytes(endpoint)), seq, deadline)
        );
        bytes32 signedBy = _authoriseGovern(code, Role.ANY, deadline, structHash, signature);
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
        bytes32 code = input.member;
        bytes32 structHash = _hashAddKey(input, seq, deadline);
        bytes32 signedBy = _authoriseGovern(code, Role.ANY, deadline, structHash, signature);
        _useSeq(code, seq);
        if (_keyIds[code].length >= _MAX_KEYS) revert Consortium_TooManyKeys(code, _MAX_KEYS);
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
        bytes32 structHash = keccak256(
            abi.encode(_REVOKE_KEY, code, keyId, compromisedSince, seq, deadline)
        );
        address signer = _signer(deadline, structHash, signature);
        bool ends = compromisedSince == 0;
        if (!ends || _members[code].status != MemberStatus.SUSPENDED) {
            _requireActive(code, Role.ANY);
        }
        bytes32 signedBy = _requireKeyOf(code, Purpose.GOVERN, signer);
        _useSeq(code, seq);
        _requireKey(code, keyId);
        if (ends) _endKey(code, keyId, signedBy);
        else _compromiseByOwner(code, keyId, compromisedSince, signedBy);
    }

    /// @inheritdoc IConsortium
    function authorise(bytes32 code, uint8 roles, uint8 purpose, address signer)
        public
        view
        returns (bytes32 keyId)
    {
        _requireActive(code, roles);
        return _requireKeyOf(code, purpose, signer);
    }

    /// @inheritdoc IConsortium
    function key(bytes32 code, bytes32 keyId) public view returns (Key memory found) {
        KeyState storage state = _keys[code][keyId];
        if (state.purpose == 0) return found;
        return Key({
            keyId: keyId,
            member: code,
            purpose: state.purpose,
            alg: state.alg,
            notBefore: state.notBefore,
            notAfter: state.notAfter,
            compromisedSince: state.compromisedSince,
            addedAt: state.addedAt,
            publicKey: _publicKeys[code][keyId]
        });
    }

    /// @inheritdoc IConsortium
    function keyCount(bytes32 code) external view returns (uint256) {
        return _keyIds[code].length;
    }

    /// @inheritdoc IConsortium
    function keys(bytes32 code, uint256 start, uint256 count)
        external
        view
        returns (Key[] memory page)
    {
        bytes32[] storage ids = _keyIds[code];
        page = new Key[](_pageSize(ids.length, start, count));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = key(code, ids[start + i]);
        }
    }

    /// @inheritdoc IConsortium
    function keyValidAt(bytes32 code, bytes32 keyId, uint8 purpose, uint64 time)
        public
        view
        returns (bool)
    {
        KeyState storage state = _keys[code][keyId];
        return purpose != 0 && state.purpose == purpose && state.notBefore <= time
            && time <= state.notAfter && !_compromisedAt(code, keyId, time);
    }

    /// @inheritdoc IConsortium
    function keyOfSigner(bytes32 code, uint8 purpose, address signer)
        public
        view
        returns (bytes32 keyId)
    {
        keyId = _keyOfSigner[code][signer];
        if (!keyValidAt(code, keyId, purpose, _time())) return 0;
    }

    /// @inheritdoc IConsortium
    function keyIdOf(uint16 alg, bytes memory publicKey) public pure returns (bytes32) {
        return keccak256(abi.encode(alg, publicKey));
    }

    // ---- for the votes and the constructor ------------------------------------------------------

    /// @dev `earliest`: the window begins no sooner. Nobody can give a key a past, with which he
    /// could date signatures back that are made off the chain.
    function _addKey(KeyInput memory input, uint64 earliest, bytes32 signedBy) internal {
        bytes32 code = input.member;
        _requireNotRetired(code);
        bytes32 keyId = _requireNewKey(input);
        uint64 notBefore = input.notBefore > earliest ? input.notBefore : earliest;
        if (input.notAfter < notBefore) revert Consortium_WindowInvalid(notBefore, input.notAfter);
        _keyIds[code].push(keyId);
        if (input.alg == Alg.SECP256K1) _keyOfSigner[code][_addressOf(input.publicKey)] = keyId;
        _keys[code][keyId] =
            KeyState(input.purpose, input.alg, notBefore, input.notAfter, 0, uint40(_time()));
        _publicKeys[code][keyId] = input.publicKey;
        emit KeyAdded(
            code,
            keyId,
            input.purpose,
            input.alg,
            input.publicKey,
            notBefore,
            input.notAfter,
            _members[code].seq,
            signedBy
        );
    }

    /// @dev A GOVERN key for a member that has lost its own. It begins late, so that one that has
    /// not can veto it.
    function _recoverKey(KeyInput memory input) internal {
        if (input.purpose != Purpose.GOVERN) revert Consortium_PurposeInvalid(input.purpose);
        MemberState storage state = _members[input.member];
        uint64 time = _time();
        uint64 takenAt = state.governTakenAt;
        bool taken = takenAt != 0 && time - takenAt <= _RECOVERY_DELAY_TAKEN;
        uint64 earliest = time + (taken ? _RECOVERY_DELAY_TAKEN : _RECOVERY_DELAY);
        if (input.notBefore > earliest + _MAX_RECOVERY_LATER) {
            revert Consortium_WindowInvalid(input.notBefore, input.notAfter);
        }
        _addKey(input, earliest, 0);
        uint64 begins = input.notBefore > earliest ? input.notBefore : earliest;
        if (begins > state.recoveredFrom) state.recoveredFrom = begins;
    }

    /// @dev By vote: at any time back, earlier or later than what stands. It takes no GOVERN key
    /// while a recovered one has not begun: with it the owner can veto that one. COMPROMISE_ALL
    /// does, and takes the recovered one too.
    function _compromiseByVote(bytes32 code, bytes32 keyId, uint64 since) internal {
        KeyState storage state = _requireKey(code, keyId);
        uint64 time = _time();
        if (since == 0 || since > time || since == state.compromisedSince) {
            revert Consortium_CompromiseInvalid(keyId, since, time);
        }
        if (state.purpose == Purpose.GOVERN && state.compromisedSince == 0) {
            uint64 begins = _members[code].recoveredFrom;
            if (time < begins) revert Consortium_RecoveryPending(code, begins);
            _members[code].governTakenAt = time;
        }
        _compromise(code, keyId, since, 0);
    }

    /// @dev By vote: all keys of a purpose, those that are not yet valid too. What stands earlier
    /// stays.
    function _compromiseAll(bytes32 code, uint8 purpose, uint64 since) internal {
        uint64 time = _time();
        bytes32[] storage ids = _keyIds[code];
        bool any;
        for (uint256 i = 0; i < ids.length && since != 0 && since <= time; ++i) {
            KeyState storage state = _keys[code][ids[i]];
            uint64 stands = state.compromisedSince;
            bool counts = state.purpose == purpose && state.notAfter >= since;
            if (!counts || (stands != 0 && stands <= since)) continue;
            _compromise(code, ids[i], since, 0);
            any = true;
        }
        if (!any) revert Consortium_CompromiseInvalid(0, since, time);
        if (purpose == Purpose.GOVERN) _members[code].governTakenAt = time;
    }

    /// @dev The key that signed, a GOVERN key of an ACTIVE member with one of `roles`.
    function _authoriseGovern(
        bytes32 code,
        uint8 roles,
        uint64 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) internal view returns (bytes32 keyId) {
        return authorise(code, roles, Purpose.GOVERN, _signer(deadline, structHash, signature));
    }

    function _compromisedAt(bytes32 code, bytes32 keyId, uint64 time) internal view returns (bool) {
        uint64 since = _keys[code][keyId].compromisedSince;
        return since != 0 && since <= time;
    }

    // ---- details --------------------------------------------------------------------------------

    function _useSeq(bytes32 code, uint64 seq) private {
        MemberState storage state = _members[code];
        if (seq != state.seq) revert Consortium_SeqMismatch(code, state.seq, seq);
        state.seq = seq + 1;
    }

    function _endKey(bytes32 code, bytes32 keyId, bytes32 signedBy) private {
        KeyState storage state = _keys[code][keyId];
        uint64 time = _time();
        if (state.notAfter <= time || state.compromisedSince != 0) {
            revert Consortium_KeyEnded(keyId, state.notAfter, state.compromisedSince);
        }
        // What was signed in this very block stays valid, so its second still belongs to the window.
        state.notAfter = time;
        emit KeyRevoked(code, keyId, time, _members[code].seq, signedBy);
    }

    function _compromiseByOwner(bytes32 code, bytes32 keyId, uint64 since, bytes32 signedBy)
        private
    {
        uint64 stands = _keys[code][keyId].compromisedSince;
        uint64 time = _time();
        bool near = since <= time && time - since <= _MAX_COMPROMISE_BACK;
        if (!near || (stands != 0 && stands <= since)) {
            revert Consortium_CompromiseInvalid(keyId, since, time);
        }
        _compromise(code, keyId, since, signedBy);
    }

    function _compromise(bytes32 code, bytes32 keyId, uint64 since, bytes32 signedBy) private {
        _keys[code][keyId].compromisedSince = since;
        emit KeyCompromised(code, keyId, since, _members[code].seq, signedBy);
    }

    function _signer(uint64 deadline, bytes32 structHash, bytes calldata signature)
        private
        view
        returns (address)
    {
        uint64 time = _time();
        if (time > deadline) revert Consortium_DeadlinePassed(deadline, time);
        return ECDSA.recover(_hashTypedDataV4(structHash), signature);
    }

    function _requireKeyOf(bytes32 code, uint8 purpose, address signer)
        private
        view
        returns (bytes32 keyId)
    {
        keyId = keyOfSigner(code, purpose, signer);
        if (keyId == 0) revert Consortium_KeyNotValid(code, purpose, signer);
    }

    function _requireKey(bytes32 code, bytes32 keyId)
        private
        view
        returns (KeyState storage state)
    {
        state = _keys[code][keyId];
        if (state.purpose == 0) revert Consortium_KeyUnknown(code, keyId);
    }

    function _requireNewKey(KeyInput memory input) private view returns (bytes32 keyId) {
        if (input.purpose == 0) revert Consortium_PurposeInvalid(0);
        uint256 length = input.publicKey.length;
        bool valid = input.alg == Alg.SECP256K1
            ? length == _SECP256K1_LENGTH
            : input.alg != 0 && length != 0 && length <= _MAX_KEY_LENGTH;
        if (!valid) revert Consortium_PublicKeyInvalid(input.alg, length);
        keyId = keyIdOf(input.alg, input.publicKey);
        if (_keys[input.member][keyId].purpose != 0) {
            revert Consortium_KeyExists(input.member, keyId);
        }
    }

    /// @dev A secp256k1 key proves that its owner holds it. For other algorithms the contract cannot
    /// check that, and need not: a key that a member does not hold signs nothing for it.
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

    /// @dev The Ethereum address of a secp256k1 key: the last 20 bytes of its keccak256.
    function _addressOf(bytes memory publicKey) private pure returns (address) {
        return address(uint160(uint256(keccak256(publicKey))));
    }
}
