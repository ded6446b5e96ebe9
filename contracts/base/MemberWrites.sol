// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IConsortium} from "../interfaces/IConsortium.sol";
import {Alg, MemberStatus, Purpose, Role} from "../types/Codes.sol";
import {KeyId, MemberId} from "../types/Ids.sol";
import {Keys} from "./Keys.sol";

/// @title What a member writes for itself
/// @notice The part of the Consortium that one GOVERN key of a member is enough for.
abstract contract MemberWrites is Keys {
    /// @dev Most keys of a member: eight years of a new one for each of ten purposes every month. A
    /// vote is not bound by it, so a thief cannot fill the list to shut the owner out; a vote that
    /// walks it costs 11 million gas.
    uint256 private constant _MAX_KEYS = 1024;
    /// @dev Furthest that an owner can date a compromise back: it must not void years of what it
    /// signed.
    uint64 private constant _MAX_COMPROMISE_BACK = 7 days;

    bytes32 private constant _SET_ENDPOINT =
        keccak256("SetEndpoint(bytes32 member,string endpoint,uint64 seq,uint64 deadline)");
    bytes32 private constant _ADD_KEY = keccak256(
        "AddKey(bytes32 member,uint8 purpose,uint16 alg,bytes publicKey,uint64 notBefore,uint64 notAfter,uint64 seq,uint64 deadline)"
    );
    bytes32 private constant _REVOKE_KEY = keccak256(
        "RevokeKey(bytes32 member,bytes32 keyId,uint64 compromisedSince,uint64 seq,uint64 deadline)"
    );

    /// @inheritdoc IConsortium
    function setEndpoint(
        MemberId code,
        string calldata endpoint,
        uint64 seq,
        uint64 deadline,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(
            abi.encode(_SET_ENDPOINT, code, keccak256(bytes(endpoint)), seq, deadline)
        );
        KeyId signedBy = _authoriseGovern(code, Role.ANY, deadline, structHash, signature);
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
        MemberId code = input.member;
        bytes32 structHash = _hashAddKey(input, seq, deadline);
        KeyId signedBy = _authoriseGovern(code, Role.ANY, deadline, structHash, signature);
        _useSeq(code, seq);
        if (_keyIds[code].length >= _MAX_KEYS) revert Consortium_TooManyKeys(code, _MAX_KEYS);
        _requireOwnSignature(input, structHash, newKeySignature);
        _addKey(input, _time(), signedBy);
    }

    /// @inheritdoc IConsortium
    function revokeKey(
        MemberId code,
        KeyId keyId,
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
        KeyId signedBy = _requireKeyOf(code, Purpose.GOVERN, signer);
        _useSeq(code, seq);
        _requireKey(code, keyId);
        if (ends) _endKey(code, keyId, signedBy);
        else _compromiseByOwner(code, keyId, compromisedSince, signedBy);
    }

    // ---- details --------------------------------------------------------------------------------

    function _useSeq(MemberId code, uint64 seq) private {
        MemberState storage state = _members[code];
        if (seq != state.seq) revert Consortium_SeqMismatch(code, state.seq, seq);
        state.seq = seq + 1;
    }

    function _endKey(MemberId code, KeyId keyId, KeyId signedBy) private {
        KeyState storage state = _keys[code][keyId];
        uint64 time = _time();
        if (state.notAfter <= time || state.compromisedSince != 0) {
            revert Consortium_KeyEnded(keyId, state.notAfter, state.compromisedSince);
        }
        // What was signed in this very block stays valid, so its second still belongs to the window.
        state.notAfter = time;
        emit KeyRevoked(code, keyId, time, _members[code].seq, signedBy);
    }

    function _compromiseByOwner(MemberId code, KeyId keyId, uint64 since, KeyId signedBy) private {
        uint64 stands = _keys[code][keyId].compromisedSince;
        uint64 time = _time();
        bool near = since <= time && time - since <= _MAX_COMPROMISE_BACK;
        if (!near || (stands != 0 && stands <= since)) {
            revert Consortium_CompromiseInvalid(keyId, since, time);
        }
        _compromise(code, keyId, since, signedBy);
    }

    /// @dev Revert unless a new secp256k1 key signed too, which proves that its owner holds it. For
    /// other algorithms the contract cannot check that, and need not: a key that a member does not
    /// hold signs nothing for it.
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
}
