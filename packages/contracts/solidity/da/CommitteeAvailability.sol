// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IDataAvailability} from "../interfaces/ICauseway.sol";

/// @notice Data availability by a committee: a batch counts as available if k of n members have signed that they keep it. Members and
/// threshold are for ever, and the contract may serve any number of hubs and chains (docs/da.md, committee).
/// @dev A posting is batchHash 32 ‖ length u32 ‖ expiry u64 ‖ k × (r ‖ s ‖ v), by ascending signers; its commitment is batchHash ‖ length.
contract CommitteeAvailability is IDataAvailability, EIP712("Causeway committee", "1") {
    /// @dev 1 to `MAX_MEMBERS`, strictly ascending, none of them 0.
    error MembersInvalid();
    /// @dev 1 to the number of members.
    error ThresholdInvalid(uint256 threshold);
    /// @dev Not of the one length that k signatures have.
    error PostingSizeInvalid(uint256 length);
    error SignaturesExpired(uint64 expiry);
    error NotMember(address signer);
    /// @dev Signers strictly ascend, so that nobody counts twice.
    error SignersUnsorted(address signer);

    uint256 public constant MAX_MEMBERS = 32;
    /// @notice What a member signs (EIP-712): that it has the batch of this hash and length (bytes), and keeps it if it is posted for this
    /// chain of this hub until `expiry` (L1 time, seconds).
    /// @dev Without the posting's index, which changes nothing about what is kept: so members need not follow it, and what L1 has
    /// refused or dropped is posted again with the same signatures. With an expiry, or a batch of long ago, which members may have
    /// forgotten, could be posted again.
    bytes32 public constant BATCH_TYPEHASH = keccak256("Batch(address hub,uint64 chainId,bytes32 batchHash,uint32 length,uint64 expiry)");

    uint256 public immutable threshold;
    mapping(address account => bool) public isMember;
    address[] private _members;

    constructor(address[] memory members_, uint256 threshold_) {
        if (members_.length == 0 || members_.length > MAX_MEMBERS) revert MembersInvalid();
        if (threshold_ == 0 || threshold_ > members_.length) revert ThresholdInvalid(threshold_);
        address last;
        for (uint256 i; i < members_.length; ++i) {
            address member = members_[i];
            if (member <= last) revert MembersInvalid();
            isMember[member] = true;
            last = member;
        }
        _members = members_;
        threshold = threshold_;
    }

    /// @notice All members, ascending.
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc IDataAvailability
    function commitment(uint64 chainId, uint64, bytes calldata posting) external view returns (bytes memory) {
        if (posting.length != 44 + 65 * threshold) revert PostingSizeInvalid(posting.length);
        bytes32 batchHash = bytes32(posting[:32]);
        uint32 length = uint32(bytes4(posting[32:36]));
        uint64 expiry = uint64(bytes8(posting[36:44]));
        if (block.timestamp > expiry) revert SignaturesExpired(expiry);

        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(BATCH_TYPEHASH, msg.sender, chainId, batchHash, length, expiry)));
        address last;
        for (uint256 i = 44; i < posting.length; i += 65) {
            address signer = ECDSA.recover(digest, uint8(posting[i + 64]), bytes32(posting[i:i + 32]), bytes32(posting[i + 32:i + 64]));
            if (!isMember[signer]) revert NotMember(signer);
            if (signer <= last) revert SignersUnsorted(signer);
            last = signer;
        }
        return posting[:36];
    }
}
