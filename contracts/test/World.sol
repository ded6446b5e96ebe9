// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Catalogue} from "../Catalogue.sol";
import {Consortium} from "../Consortium.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {LogAnchor} from "../LogAnchor.sol";
import {Alg, Choice, Kind, MemberStatus, Purpose, Role, Suite} from "../types/Codes.sol";
import {KeyId, LogId, MemberId, NO_LOG, NO_MEMBER, ProposalId} from "../types/Ids.sol";
import {Base, Vm} from "./Base.sol";
import {Reference} from "./Reference.sol";
import {Typed} from "./Typed.sol";

/// @dev Four provinces with a threshold of three, a bank, and a hand to sign for any of them.
abstract contract World is Base {
    MemberId internal constant BEIJING = MemberId.wrap("110000");
    MemberId internal constant TIANJIN = MemberId.wrap("120000");
    MemberId internal constant HEBEI = MemberId.wrap("130000");
    MemberId internal constant SHANXI = MemberId.wrap("140000");
    MemberId internal constant BANK = MemberId.wrap("demo-bank");
    bytes32 internal constant LOG_ANCHOR = "LogAnchor";
    bytes32 internal constant CATALOGUE = "Catalogue";

    uint64 internal constant START = 1_795_000_000;
    uint64 internal constant DUE = START + 1 days;
    uint64 internal constant KEYS_END = START + 365 days;
    uint64 internal constant THRESHOLD = 3;

    Consortium internal consortium;
    LogAnchor internal logAnchor;
    Catalogue internal catalogue;
    /// @dev Makes every proposal a new one.
    uint256 internal salts;

    function setUp() public virtual {
        vm.warp(START);
        consortium = new Consortium(_founders(), _keys(), _logs(), THRESHOLD);
        logAnchor = new LogAnchor(consortium);
        catalogue = new Catalogue(consortium);
        _decide(Kind.REGISTER_CONTRACT, abi.encode(LOG_ANCHOR, logAnchor));
        _decide(Kind.REGISTER_CONTRACT, abi.encode(CATALOGUE, catalogue));
    }

    // ---- founding -------------------------------------------------------------------------------

    function _codes() internal pure returns (MemberId[5] memory) {
        return [BEIJING, TIANJIN, HEBEI, SHANXI, BANK];
    }

    /// @dev That of a province, which goes by the same code.
    function _region(MemberId province) internal pure returns (bytes32) {
        return MemberId.unwrap(province);
    }

    function _founders() internal pure returns (IConsortium.FounderInput[] memory list) {
        MemberId[5] memory codes = _codes();
        list = new IConsortium.FounderInput[](codes.length);
        for (uint256 i = 0; i < codes.length; ++i) {
            list[i] = codes[i] == BANK
                ? IConsortium.FounderInput(BANK, 0, Role.INSTITUTION, "https://bank.example")
                : IConsortium.FounderInput(
                    codes[i], _region(codes[i]), Role.PROVINCE, "https://p.example"
                );
        }
    }

    function _keys() internal virtual returns (IConsortium.KeyInput[] memory list) {
        MemberId[5] memory codes = _codes();
        list = new IConsortium.KeyInput[](codes.length * 2);
        for (uint256 i = 0; i < codes.length; ++i) {
            list[2 * i] = _keyInput(codes[i], Purpose.GOVERN, _sk(codes[i], Purpose.GOVERN));
            list[2 * i + 1] = _keyInput(codes[i], Purpose.ANCHOR, _sk(codes[i], Purpose.ANCHOR));
        }
    }

    function _logs() internal pure returns (IConsortium.LogInput[] memory list) {
        MemberId[5] memory codes = _codes();
        list = new IConsortium.LogInput[](codes.length);
        for (uint256 i = 0; i < codes.length; ++i) {
            list[i] = IConsortium.LogInput(codes[i], 0, Suite.SHA256, NO_LOG);
        }
    }

    // ---- keys and signatures --------------------------------------------------------------------

    /// @dev The founding private key of a member for a purpose.
    function _sk(MemberId member, uint8 purpose) internal pure returns (uint256) {
        return _secret(abi.encode(member, purpose));
    }

    function _secret(bytes memory seed) internal pure returns (uint256) {
        return uint256(keccak256(seed)) >> 1;
    }

    function _publicKey(uint256 sk) internal returns (bytes memory) {
        Vm.Wallet memory wallet = vm.createWallet(sk);
        return abi.encode(wallet.publicKeyX, wallet.publicKeyY);
    }

    function _keyInput(MemberId member, uint8 purpose, uint256 sk)
        internal
        returns (IConsortium.KeyInput memory)
    {
        return IConsortium.KeyInput(member, purpose, Alg.SECP256K1, _publicKey(sk), START, KEYS_END);
    }

    function _keyId(uint256 sk) internal returns (KeyId) {
        return KeyId.wrap(keccak256(abi.encode(Alg.SECP256K1, _publicKey(sk))));
    }

    function _sign(uint256 sk, string memory name, address account, bytes32 structHash)
        internal
        view
        returns (bytes memory)
    {
        return _signDigest(sk, Typed.digest(Typed.domain(name, account), structHash));
    }

    function _signDigest(uint256 sk, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(sk, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev By the founding GOVERN key.
    function _signGovern(MemberId member, bytes32 structHash) internal view returns (bytes memory) {
        return _sign(_sk(member, Purpose.GOVERN), "Consortium", address(consortium), structHash);
    }

    // ---- votes ----------------------------------------------------------------------------------

    function _now() internal view returns (uint64) {
        return uint64(block.timestamp);
    }

    function _deadline() internal view returns (uint64) {
        return _now() + 1 days;
    }

    function _propose(
        MemberId member,
        uint8 kind,
        bytes memory data,
        bytes32 salt,
        uint64 expiresAt
    ) internal returns (ProposalId) {
        bytes32 structHash = Typed.hashPropose(member, kind, data, salt, expiresAt, _deadline());
        bytes memory signature = _signGovern(member, structHash);
        return consortium.propose(member, kind, data, salt, expiresAt, _deadline(), signature);
    }

    function _vote(MemberId member, ProposalId proposalId, uint8 choice) internal {
        bytes memory signature =
            _signGovern(member, Typed.hashVote(member, proposalId, choice, _deadline()));
        consortium.vote(member, proposalId, choice, _deadline(), signature);
    }

    /// @dev Proposed by the first province that still can, voted for by as many as it takes.
    function _pass(uint8 kind, bytes memory data, bytes32 salt) internal returns (ProposalId) {
        return _passWithout(NO_MEMBER, kind, data, salt);
    }

    function _passWithout(MemberId absent, uint8 kind, bytes memory data, bytes32 salt)
        internal
        returns (ProposalId proposalId)
    {
        MemberId[4] memory provinces = [BEIJING, TIANJIN, HEBEI, SHANXI];
        for (uint256 i = 0; i < 4; ++i) {
            if (provinces[i] == absent || !_canVote(provinces[i])) continue;
            if (ProposalId.unwrap(proposalId) == 0) {
                proposalId = _propose(provinces[i], kind, data, salt, _now() + 7 days);
            }
            _vote(provinces[i], proposalId, Choice.YES);
            if (consortium.passed(proposalId)) break;
        }
    }

    function _canVote(MemberId code) private view returns (bool) {
        IConsortium.Member memory m = consortium.member(code);
        return m.status == MemberStatus.ACTIVE && m.roles & Role.PROVINCE != 0;
    }

    /// @dev Passes an action and carries it out.
    function _decide(uint8 kind, bytes memory data) internal returns (ProposalId) {
        return _decideWithout(NO_MEMBER, kind, data);
    }

    function _decideWithout(MemberId absent, uint8 kind, bytes memory data)
        internal
        returns (ProposalId proposalId)
    {
        proposalId = _passWithout(absent, kind, data, bytes32(++salts));
        consortium.execute(proposalId, data);
    }

    /// @dev Passes an action whose execution must fail with `expected`.
    function _decideFails(uint8 kind, bytes memory data, bytes memory expected) internal {
        ProposalId proposalId = _pass(kind, data, bytes32(++salts));
        vm.expectRevert(expected);
        consortium.execute(proposalId, data);
    }

    // ---- logs -----------------------------------------------------------------------------------

    function _logId(MemberId member) internal view returns (LogId) {
        return consortium.logIdOf(member, 0, Suite.SHA256);
    }

    /// @dev Leaves of a log by a seed; a longer list begins with the shorter ones.
    function _leaves(uint256 seed, uint256 count) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            leaves[i] = Reference.leafHash(abi.encode(seed, i));
        }
    }

    function _checkpoint(MemberId member, uint64 prevSize, uint64 size)
        internal
        view
        returns (ILogAnchor.Checkpoint memory)
    {
        bytes32 root = Reference.root(_leaves(0, size));
        return ILogAnchor.Checkpoint(member, _logId(member), prevSize, size, root, _deadline());
    }

    function _proof(uint64 prevSize, uint64 size) internal pure returns (bytes32[] memory) {
        return prevSize == 0 ? new bytes32[](0) : Reference.proof(prevSize, _leaves(0, size));
    }

    function _signAnchor(uint256 sk, ILogAnchor.Checkpoint memory c)
        internal
        view
        returns (bytes memory)
    {
        return _sign(sk, "LogAnchor", address(logAnchor), Typed.hash(c));
    }

    /// @dev Anchors leaves of seed 0 with the founding key.
    function _anchor(MemberId member, uint64 prevSize, uint64 size) internal {
        ILogAnchor.Checkpoint memory c = _checkpoint(member, prevSize, size);
        bytes memory signature = _signAnchor(_sk(member, Purpose.ANCHOR), c);
        logAnchor.anchor(c, _proof(prevSize, size), signature);
    }

    function _anchorFails(
        uint256 sk,
        ILogAnchor.Checkpoint memory c,
        bytes32[] memory proof,
        bytes memory expected
    ) internal {
        bytes memory signature = _signAnchor(sk, c);
        vm.expectRevert(expected);
        logAnchor.anchor(c, proof, signature);
    }
}
