// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IConsortiumErrors} from "../interfaces/IConsortiumErrors.sol";
import {Alg, Choice, Kind, Purpose, Role, Suite} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, ProposalId} from "../types/Ids.sol";
import {Typed} from "./Typed.sol";
import {World} from "./World.sol";

/// @dev Tianjin, or anybody, sees what Beijing is about to send and comes first. Nothing that is
/// Beijing's can be taken or used up, and nothing of it can be turned to another end.
contract SquattingTest is World {
    uint256 private constant NEW = 0xbeef;
    bytes private constant ED25519_KEY =
        hex"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    function test_proposal() public {
        bytes memory data = abi.encode(BANK);
        bytes32 structHash =
            Typed.hashPropose(BEIJING, Kind.SUSPEND, data, "salt", START + 10, _deadline());
        bytes memory signature = _signGovern(BEIJING, structHash);
        ProposalId taken = _propose(TIANJIN, Kind.SUSPEND, data, "salt", START + 10);
        // Sent by anybody else it is still Beijing's, and says what Beijing signed.
        ProposalId id = consortium.propose(
            BEIJING, Kind.SUSPEND, data, "salt", START + 10, _deadline(), signature
        );
        yes(ProposalId.unwrap(id) != ProposalId.unwrap(taken), "the same proposal");
        equal(consortium.proposal(id).proposer, BEIJING);
        equal(consortium.proposal(id).expiresAt, START + 10);
    }

    /// @dev Votes for the one are none for the other.
    function test_proposal_votes() public {
        bytes memory data = abi.encode(BANK);
        ProposalId id = _pass(Kind.SUSPEND, data, "salt");
        ProposalId other = _propose(TIANJIN, Kind.SUSPEND, data, "salt", START + 10);
        equal(consortium.proposal(other).yes, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_ProposalNotPassed.selector, other, 0, THRESHOLD
            )
        );
        consortium.execute(other, data);
        consortium.execute(id, data);
    }

    /// @dev The first of two that are the same is carried out; the second fails on its own.
    function test_proposal_frontRunExecution() public {
        bytes memory data = abi.encode(BANK);
        ProposalId id = _pass(Kind.SUSPEND, data, "salt");
        consortium.execute(id, data);
        vm.expectRevert(
            abi.encodeWithSelector(IConsortiumErrors.Consortium_ProposalNotOpen.selector, id)
        );
        consortium.execute(id, data);
    }

    /// @dev A secp256k1 key proves that its owner holds it.
    function test_key_secp256k1() public {
        IConsortium.KeyInput memory k = _keyInput(BEIJING, Purpose.CASE, NEW);
        bytes memory own =
            _sign(NEW, "Consortium", address(consortium), Typed.hashAddKey(k, 0, _deadline()));
        k.member = TIANJIN;
        bytes memory signature = _signGovern(TIANJIN, Typed.hashAddKey(k, 0, _deadline()));
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_NewKeySignatureInvalid.selector, _keyId(NEW)
            )
        );
        consortium.addKey(k, 0, _deadline(), signature, own);
    }

    /// @dev Of other keys the contract sees no proof. Whoever registers another's has it
    /// under its own name, where it cannot sign with it; the owner registers it under the owner's.
    function test_key_otherAlgorithms() public {
        KeyId keyId = consortium.keyIdOf(Alg.ED25519, ED25519_KEY);
        _addEd25519(TIANJIN, Purpose.CASE);
        _addEd25519(BEIJING, Purpose.NOTE);
        yes(consortium.keyValidAt(BEIJING, keyId, Purpose.NOTE, START), "taken");
        equal(consortium.key(BEIJING, keyId).purpose, Purpose.NOTE);
        equal(consortium.key(TIANJIN, keyId).purpose, Purpose.CASE);
        // What becomes of the one does not touch the other.
        bytes32 structHash = Typed.hashRevokeKey(TIANJIN, keyId, START, 1, _deadline());
        consortium.revokeKey(
            TIANJIN, keyId, START, 1, _deadline(), _signGovern(TIANJIN, structHash)
        );
        yes(!consortium.keyValidAt(TIANJIN, keyId, Purpose.CASE, START), "still valid");
        yes(consortium.keyValidAt(BEIJING, keyId, Purpose.NOTE, START), "revoked by another");
    }

    /// @dev The keys of a member to be admitted are public for days before it is one.
    function test_key_ofTheAdmitted() public {
        IConsortium.KeyInput[] memory keys = new IConsortium.KeyInput[](1);
        keys[0] = IConsortium.KeyInput(
            MemberId.wrap("bureau"), Purpose.NOTE, Alg.ED25519, ED25519_KEY, START, KEYS_END
        );
        bytes memory data =
            abi.encode(IConsortium.FounderInput(MemberId.wrap("bureau"), 0, Role.BUREAU, ""), keys);
        ProposalId id = _pass(Kind.ADMIT, data, "salt");
        _addEd25519(TIANJIN, Purpose.NOTE);
        consortium.execute(id, data);
        KeyId keyId = consortium.keyIdOf(Alg.ED25519, ED25519_KEY);
        yes(consortium.keyValidAt(MemberId.wrap("bureau"), keyId, Purpose.NOTE, START), "taken");
    }

    /// @dev A thief who holds Beijing's GOVERN key sees which key it is about to be given.
    function test_key_ofTheRecovered() public {
        bytes memory data = abi.encode(_keyInput(BEIJING, Purpose.GOVERN, NEW));
        ProposalId id = _pass(Kind.RECOVER_KEY, data, "salt");
        IConsortium.KeyInput memory k = _keyInput(BEIJING, Purpose.NOTE, NEW);
        bytes memory signature = _signGovern(BEIJING, Typed.hashAddKey(k, 0, _deadline()));
        vm.expectRevert(
            abi.encodeWithSelector(
                IConsortiumErrors.Consortium_NewKeySignatureInvalid.selector, _keyId(NEW)
            )
        );
        consortium.addKey(k, 0, _deadline(), signature, "");
        consortium.execute(id, data);
    }

    /// @dev Ids of logs are made from owner and number: what opens in between moves the number and
    /// takes none.
    function test_log() public {
        bytes memory data = abi.encode(BEIJING, Suite.SHA256);
        ProposalId first = _pass(Kind.OPEN_LOG, data, "first");
        ProposalId second = _pass(Kind.OPEN_LOG, data, "second");
        consortium.execute(second, data);
        consortium.execute(first, data);
        LogId[] memory ids = consortium.logIds(BEIJING);
        equal(ids.length, 3);
        for (uint64 i = 0; i < 3; ++i) {
            equal(ids[i], consortium.logIdOf(BEIJING, i, Suite.SHA256));
            equal(consortium.log(ids[i]).member, BEIJING);
        }
    }

    /// @dev A vote is one province's on one proposal, whoever sends it.
    function test_vote() public {
        ProposalId id = _propose(BEIJING, Kind.SUSPEND, abi.encode(BANK), "one", START + 10);
        ProposalId other = _propose(BEIJING, Kind.SUSPEND, abi.encode(SHANXI), "two", START + 10);
        bytes32 structHash = Typed.hashVote(BEIJING, id, Choice.YES, _deadline());
        bytes memory signature = _signGovern(BEIJING, structHash);
        (bool ok,) = address(consortium)
            .call(
                abi.encodeCall(
                    consortium.vote, (BEIJING, other, Choice.YES, _deadline(), signature)
                )
            );
        yes(!ok, "turned to another proposal");
        consortium.vote(BEIJING, id, Choice.YES, _deadline(), signature);
        equal(consortium.proposal(other).yes, 0);
    }

    function _addEd25519(MemberId code, uint8 purpose) private {
        IConsortium.KeyInput memory k =
            IConsortium.KeyInput(code, purpose, Alg.ED25519, ED25519_KEY, START, KEYS_END);
        bytes32 structHash = Typed.hashAddKey(k, 0, _deadline());
        consortium.addKey(k, 0, _deadline(), _signGovern(code, structHash), "");
    }
}
