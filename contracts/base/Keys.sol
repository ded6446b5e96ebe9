// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IConsortium} from "../interfaces/IConsortium.sol";
import {Alg, Purpose} from "../types/Codes.sol";
import {KeyId, MemberId, NO_KEY} from "../types/Ids.sol";
import {Members} from "./Members.sol";

/// @title Keys of the members
/// @notice The part of the Consortium that holds keys and says who signed. Where its variables
/// stand is frozen (`Slots.sol`).
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

    /// @dev Most bytes of a public key: above all that is in use, post-quantum ones by their hash.
    uint256 private constant _MAX_KEY_LENGTH = 256;
    /// @dev Bytes of a secp256k1 key: X then Y.
    uint256 private constant _SECP256K1_LENGTH = 64;

    /// @dev Keys stand under their owner, so that nobody can take one by registering it first.
    mapping(MemberId code => mapping(KeyId keyId => KeyState)) internal _keys;
    mapping(MemberId code => mapping(KeyId keyId => bytes publicKey)) private _publicKeys;
    mapping(MemberId code => KeyId[] keyIds) internal _keyIds;
    mapping(MemberId code => mapping(address signer => KeyId keyId)) private _keyOfSigner;

    /// @inheritdoc IConsortium
    function authorise(MemberId code, uint8 roles, uint8 purpose, address signer)
        public
        view
        returns (KeyId keyId)
    {
        _requireActive(code, roles);
        return _requireKeyOf(code, purpose, signer);
    }

    /// @inheritdoc IConsortium
    function key(MemberId code, KeyId keyId) public view returns (Key memory found) {
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
    function keyCount(MemberId code) external view returns (uint256) {
        return _keyIds[code].length;
    }

    /// @inheritdoc IConsortium
    function keys(MemberId code, uint256 start, uint256 count)
        external
        view
        returns (Key[] memory page)
    {
        KeyId[] storage ids = _keyIds[code];
        page = new Key[](_pageSize(ids.length, start, count));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = key(code, ids[start + i]);
        }
    }

    /// @inheritdoc IConsortium
    function keyValidAt(MemberId code, KeyId keyId, uint8 purpose, uint64 time)
        public
        view
        returns (bool)
    {
        KeyState storage state = _keys[code][keyId];
        return purpose != 0 && state.purpose == purpose && state.notBefore <= time
            && time <= state.notAfter && !_compromisedAt(code, keyId, time);
    }

    /// @inheritdoc IConsortium
    function keyOfSigner(MemberId code, uint8 purpose, address signer)
        public
        view
        returns (KeyId keyId)
    {
        keyId = _keyOfSigner[code][signer];
        if (!keyValidAt(code, keyId, purpose, _time())) return NO_KEY;
    }

    /// @inheritdoc IConsortium
    function keyIdOf(uint16 alg, bytes memory publicKey) public pure returns (KeyId) {
        return KeyId.wrap(keccak256(abi.encode(alg, publicKey)));
    }

    // ---- for the writes, the votes and the constructor ------------------------------------------

    /// @dev Store a new key whose window begins at `earliest` at the earliest. Nobody can give a
    /// key a past and so date back signatures that are made off the chain.
    function _addKey(KeyInput memory input, uint64 earliest, KeyId signedBy) internal {
        MemberId code = input.member;
        _requireNotRetired(code);
        KeyId keyId = _requireNewKey(input);
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

    function _compromise(MemberId code, KeyId keyId, uint64 since, KeyId signedBy) internal {
        _keys[code][keyId].compromisedSince = since;
        emit KeyCompromised(code, keyId, since, _members[code].seq, signedBy);
    }

    /// @dev Return the key that signed, a GOVERN key of an ACTIVE member with one of `roles`, or
    /// revert.
    function _authoriseGovern(
        MemberId code,
        uint8 roles,
        uint64 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) internal view returns (KeyId keyId) {
        return authorise(code, roles, Purpose.GOVERN, _signer(deadline, structHash, signature));
    }

    function _signer(uint64 deadline, bytes32 structHash, bytes calldata signature)
        internal
        view
        returns (address)
    {
        uint64 time = _time();
        if (time > deadline) revert Consortium_DeadlinePassed(deadline, time);
        return ECDSA.recover(_hashTypedDataV4(structHash), signature);
    }

    function _requireKeyOf(MemberId code, uint8 purpose, address signer)
        internal
        view
        returns (KeyId keyId)
    {
        keyId = keyOfSigner(code, purpose, signer);
        if (keyId == NO_KEY) revert Consortium_KeyNotValid(code, purpose, signer);
    }

    function _requireKey(MemberId code, KeyId keyId)
        internal
        view
        returns (KeyState storage state)
    {
        state = _keys[code][keyId];
        if (state.purpose == 0) revert Consortium_KeyUnknown(code, keyId);
    }

    function _compromisedAt(MemberId code, KeyId keyId, uint64 time) internal view returns (bool) {
        uint64 since = _keys[code][keyId].compromisedSince;
        return since != 0 && since <= time;
    }

    /// @dev Return the Ethereum address of a secp256k1 key: the last 20 bytes of its keccak256.
    function _addressOf(bytes memory publicKey) internal pure returns (address) {
        return address(uint160(uint256(keccak256(publicKey))));
    }

    // ---- details --------------------------------------------------------------------------------

    function _requireNewKey(KeyInput memory input) private view returns (KeyId keyId) {
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
}
