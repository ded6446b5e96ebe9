// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IConsortium} from "../interfaces/IConsortium.sol";
import {MemberStatus, Role} from "../types/Codes.sol";
import {MemberId, NO_MEMBER} from "../types/Ids.sol";

/// @title Members and what they are
/// @notice The part of the Consortium that says who takes part. Where its variables stand is frozen
/// (`Slots.sol`).
abstract contract Members is IConsortium, EIP712 {
    /// @dev All that a write reads of it stands in one slot.
    struct MemberState {
        bytes32 region;
        uint8 roles;
        uint8 status;
        uint64 seq;
        uint64 recoveredFrom;
        uint64 governTakenAt;
        string endpoint;
    }

    /// @dev Most members: a list that can be read through in reasonable time; no write walks it.
    uint256 private constant _MAX_MEMBERS = 4096;
    /// @dev Most provinces: votes are counted over all of them; far above the 31 that there are.
    uint256 private constant _MAX_PROVINCES = 64;
    /// @dev Most changes of a member's roles: {rolesAt} walks them backwards. Each takes a vote.
    uint256 private constant _MAX_ROLE_CHANGES = 256;
    /// @dev Most bytes of an endpoint: a URL, not a place to leave data.
    uint256 private constant _MAX_ENDPOINT = 256;

    mapping(MemberId code => MemberState) internal _members;
    mapping(MemberId code => RoleSpan[]) private _roleSpans;
    MemberId[] private _codes;
    /// @dev Provinces that are not RETIRED, in no order.
    MemberId[] internal _provinces;

    /// @inheritdoc IConsortium
    function member(MemberId code) external view returns (Member memory found) {
        MemberState storage state = _members[code];
        if (state.status == 0) return found;
        return Member({
            code: code,
            region: state.region,
            roles: state.roles,
            status: state.status,
            seq: state.seq,
            recoveredFrom: state.recoveredFrom,
            governTakenAt: state.governTakenAt,
            endpoint: state.endpoint
        });
    }

    /// @inheritdoc IConsortium
    function memberCount() external view returns (uint256) {
        return _codes.length;
    }

    /// @inheritdoc IConsortium
    function memberCodes(uint256 start, uint256 count)
        external
        view
        returns (MemberId[] memory page)
    {
        page = new MemberId[](_pageSize(_codes.length, start, count));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _codes[start + i];
        }
    }

    /// @inheritdoc IConsortium
    function provinces() external view returns (MemberId[] memory) {
        return _provinces;
    }

    /// @inheritdoc IConsortium
    function rolesAt(MemberId code, uint64 time) external view returns (uint8) {
        RoleSpan[] storage spans = _roleSpans[code];
        for (uint256 i = spans.length; i > 0; --i) {
            if (spans[i - 1].since <= time) return spans[i - 1].roles;
        }
        return 0;
    }

    /// @inheritdoc IConsortium
    function roleHistory(MemberId code) external view returns (RoleSpan[] memory) {
        return _roleSpans[code];
    }

    // ---- for the votes and the constructor ------------------------------------------------------

    function _addMember(FounderInput memory input) internal {
        MemberId code = input.code;
        if (code == NO_MEMBER || _members[code].status != 0) {
            revert Consortium_FounderInvalid(code);
        }
        if (_codes.length == _MAX_MEMBERS) revert Consortium_TooManyMembers(_MAX_MEMBERS);
        _requireEndpoint(input.endpoint);
        _codes.push(code);
        _members[code] = MemberState(input.region, 0, MemberStatus.ACTIVE, 0, 0, 0, input.endpoint);
        _giveRoles(code, input.roles);
        emit MemberAdded(code, input.region, input.roles, input.endpoint);
    }

    function _setRoles(MemberId code, uint8 roles) internal {
        _requireNotRetired(code);
        _giveRoles(code, roles);
        emit MemberRolesChanged(code, roles);
    }

    /// @dev Give a member another status. RETIRED is final, and such a province makes room.
    function _setStatus(MemberId code, uint8 status) internal {
        _requireNotRetired(code);
        MemberState storage state = _members[code];
        if (state.status == status) revert Consortium_StatusUnchanged(code, status);
        state.status = status;
        if (status == MemberStatus.RETIRED && state.roles & Role.PROVINCE != 0) {
            _removeProvince(code);
        }
        emit MemberStatusChanged(code, status);
    }

    /// @dev Revert unless a member is ACTIVE, with one of `roles`.
    function _requireActive(MemberId code, uint8 roles) internal view {
        MemberState storage state = _members[code];
        uint8 status = state.status;
        if (status != MemberStatus.ACTIVE) revert Consortium_MemberNotActive(code, status);
        if (state.roles & roles == 0) {
            revert Consortium_RoleMissing(code, state.roles, roles);
        }
    }

    function _requireNotRetired(MemberId code) internal view {
        uint8 status = _members[code].status;
        if (status == 0) revert Consortium_MemberUnknown(code);
        if (status == MemberStatus.RETIRED) revert Consortium_MemberNotActive(code, status);
    }

    function _requireEndpoint(string memory endpoint) internal pure {
        uint256 length = bytes(endpoint).length;
        if (length > _MAX_ENDPOINT) revert Consortium_EndpointTooLong(length, _MAX_ENDPOINT);
    }

    function _activeProvinces() internal view returns (uint256 count) {
        for (uint256 i = 0; i < _provinces.length; ++i) {
            if (_members[_provinces[i]].status == MemberStatus.ACTIVE) ++count;
        }
    }

    /// @dev Return how many of `total` things a page holds.
    function _pageSize(uint256 total, uint256 start, uint256 count)
        internal
        pure
        returns (uint256)
    {
        if (start >= total) return 0;
        return count < total - start ? count : total - start;
    }

    /// @dev Return the time of the block: the only clock.
    function _time() internal view virtual returns (uint64) {
        return uint64(block.timestamp);
    }

    // ---- details --------------------------------------------------------------------------------

    function _giveRoles(MemberId code, uint8 roles) private {
        MemberState storage state = _members[code];
        uint8 before = state.roles;
        if (roles == 0 || roles == before) revert Consortium_RolesInvalid(code, roles);
        RoleSpan[] storage spans = _roleSpans[code];
        if (spans.length == _MAX_ROLE_CHANGES) {
            revert Consortium_TooManyRoleChanges(code, _MAX_ROLE_CHANGES);
        }
        if ((before ^ roles) & Role.PROVINCE != 0) {
            if (roles & Role.PROVINCE != 0) _addProvince(code, state.region);
            else _removeProvince(code);
        }
        state.roles = roles;
        spans.push(RoleSpan(_time(), roles));
    }

    function _addProvince(MemberId code, bytes32 region) private {
        uint256 count = _provinces.length;
        if (count == _MAX_PROVINCES) revert Consortium_TooManyProvinces(_MAX_PROVINCES);
        bool valid = region != 0;
        for (uint256 i = 0; i < count; ++i) {
            if (_members[_provinces[i]].region == region) valid = false;
        }
        if (!valid) revert Consortium_RegionInvalid(code, region);
        _provinces.push(code);
    }

    function _removeProvince(MemberId code) private {
        uint256 last = _provinces.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            if (_provinces[i] == code) _provinces[i] = _provinces[last];
        }
        _provinces.pop();
    }
}
