// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {ICaseRegistry} from "../interfaces/ICaseRegistry.sol";
import {ICatalogue} from "../interfaces/ICatalogue.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {IProducts} from "../interfaces/IProducts.sol";
import {KeyId, LogId, MemberId, ProductId, ProposalId} from "../types/Ids.sol";

/// @dev EIP-712 of the types of the protocol, built from their text alone and without any code of
/// the contracts: a wrong type hash, field order or domain there makes every signature here fail.
library Typed {
    string internal constant CHECKPOINT =
        "Checkpoint(bytes32 member,bytes32 logId,uint64 prevSize,uint64 size,bytes32 root,uint64 deadline)";
    string internal constant PROMISE =
        "Promise(bytes32 member,bytes32 logId,bytes32 leavesRoot,uint64 count,uint64 issuedAt,uint64 due)";
    string internal constant PROPOSE =
        "Propose(bytes32 member,uint8 kind,bytes32 dataHash,bytes32 salt,uint64 expiresAt,uint64 deadline)";
    string internal constant VOTE =
        "Vote(bytes32 member,bytes32 proposalId,uint8 choice,uint64 deadline)";
    string internal constant SET_ENDPOINT =
        "SetEndpoint(bytes32 member,string endpoint,uint64 seq,uint64 deadline)";
    string internal constant ADD_KEY =
        "AddKey(bytes32 member,uint8 purpose,uint16 alg,bytes publicKey,uint64 notBefore,uint64 notAfter,uint64 seq,uint64 deadline)";
    string internal constant REVOKE_KEY =
        "RevokeKey(bytes32 member,bytes32 keyId,uint64 compromisedSince,uint64 seq,uint64 deadline)";
    string internal constant PUT_SUPPLEMENT =
        "PutSupplement(bytes32 member,bytes32 itemId,uint32 version,bytes32 contentHash,uint64 from,uint64 until,uint8 visibility,bytes32 region,uint64 deadline)";

    string internal constant ACT =
        "Act(bytes32 logId,bytes32 commitment,uint8 action,uint32 expectedVersion,uint16 basis,bytes32 doc,bytes32 otherLogId,bytes32 otherCommitment,uint64 effectiveAt,uint64 refiledFrom)";
    string internal constant ACTS = "Acts(bytes32 member,Act[] acts,uint64 deadline)";
    string internal constant REVOKE =
        "Revoke(bytes32 custodian,bytes32 commitment,uint64 deadline)";
    string internal constant REGISTER =
        "Register(bytes32 member,bytes32 productId,uint8 kind,bytes32 method,uint64 deadline)";
    string internal constant PUBLISH =
        "Publish(bytes32 member,bytes32 productId,uint32 version,bytes32 content,bytes32 method,bytes32 inputsRoot,uint64 inputs,uint64 deadline)";
    string internal constant RETIRE = "Retire(bytes32 member,bytes32 productId,uint64 deadline)";
    string internal constant ACK = "Ack(bytes32 member,uint64 count,bytes32 head,uint64 deadline)";

    struct Domain {
        string name;
        uint256 chainId;
        address account;
    }

    function domain(string memory name, address account) internal view returns (Domain memory) {
        return Domain(string.concat("CreditLedger ", name), block.chainid, account);
    }

    function digest(Domain memory d, bytes32 structHash) internal pure returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256(bytes(d.name)),
                keccak256("1"),
                d.chainId,
                d.account
            )
        );
        return keccak256(abi.encodePacked(hex"1901", separator, structHash));
    }

    function hash(ILogAnchor.Checkpoint memory c) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(bytes(CHECKPOINT)),
                c.member,
                c.logId,
                c.prevSize,
                c.size,
                c.root,
                c.deadline
            )
        );
    }

    function hash(ICatalogue.Supplement memory s) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(bytes(PUT_SUPPLEMENT)),
                s.member,
                s.itemId,
                s.version,
                s.contentHash,
                s.from,
                s.until,
                s.visibility,
                s.region,
                s.deadline
            )
        );
    }

    function hashPropose(
        MemberId member,
        uint8 kind,
        bytes memory data,
        bytes32 salt,
        uint64 expiresAt,
        uint64 deadline
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(bytes(PROPOSE)), member, kind, keccak256(data), salt, expiresAt, deadline
            )
        );
    }

    function hashVote(MemberId member, ProposalId proposalId, uint8 choice, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(keccak256(bytes(VOTE)), member, proposalId, choice, deadline));
    }

    function hashSetEndpoint(MemberId member, string memory endpoint, uint64 seq, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                keccak256(bytes(SET_ENDPOINT)), member, keccak256(bytes(endpoint)), seq, deadline
            )
        );
    }

    function hashAddKey(IConsortium.KeyInput memory k, uint64 seq, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                keccak256(bytes(ADD_KEY)),
                k.member,
                k.purpose,
                k.alg,
                keccak256(k.publicKey),
                k.notBefore,
                k.notAfter,
                seq,
                deadline
            )
        );
    }

    function hashRevokeKey(
        MemberId member,
        KeyId keyId,
        uint64 compromisedSince,
        uint64 seq,
        uint64 deadline
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(keccak256(bytes(REVOKE_KEY)), member, keyId, compromisedSince, seq, deadline)
        );
    }

    function hashPromise(
        MemberId member,
        LogId logId,
        bytes32 leavesRoot,
        uint64 count,
        uint64 issuedAt,
        uint64 due
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(keccak256(bytes(PROMISE)), member, logId, leavesRoot, count, issuedAt, due)
        );
    }

    /// @dev Of one act, which is no type that anybody signs alone.
    function hash(ICaseRegistry.Act memory a) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(bytes(ACT)),
                a.logId,
                a.commitment,
                a.action,
                a.expectedVersion,
                a.basis,
                a.doc,
                a.otherLogId,
                a.otherCommitment,
                a.effectiveAt,
                a.refiledFrom
            )
        );
    }

    /// @dev EIP-712: the type that is referred to stands behind the one that refers to it.
    function hashActs(MemberId member, ICaseRegistry.Act[] memory acts, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        bytes memory hashes;
        for (uint256 i = 0; i < acts.length; ++i) {
            hashes = bytes.concat(hashes, hash(acts[i]));
        }
        bytes32 typeHash = keccak256(bytes(string.concat(ACTS, ACT)));
        return keccak256(abi.encode(typeHash, member, keccak256(hashes), deadline));
    }

    function hashRevoke(MemberId custodian, bytes32 commitment, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(keccak256(bytes(REVOKE)), custodian, commitment, deadline));
    }

    function hashRegister(
        MemberId member,
        ProductId productId,
        uint8 kind,
        bytes32 method,
        uint64 deadline
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(keccak256(bytes(REGISTER)), member, productId, kind, method, deadline)
        );
    }

    function hash(IProducts.Publication memory p) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(bytes(PUBLISH)),
                p.member,
                p.productId,
                p.version,
                p.content,
                p.method,
                p.inputsRoot,
                p.inputs,
                p.deadline
            )
        );
    }

    function hashRetire(MemberId member, ProductId productId, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(keccak256(bytes(RETIRE)), member, productId, deadline));
    }

    function hashAck(MemberId member, uint64 count, bytes32 head, uint64 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(keccak256(bytes(ACK)), member, count, head, deadline));
    }
}
