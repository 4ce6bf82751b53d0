// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @notice Merkle root over an epoch's withdrawal digests, for OpenZeppelin's MerkleProof: keccak256 of the sorted pair; the last
/// node of an odd level goes up as it is. Digests are SHA-256, so a node can never pass for one.
library WithdrawalTree {
    /// @dev Overwrites `nodes`. The root of nothing is 0.
    function root(bytes32[] memory nodes) internal pure returns (bytes32) {
        uint256 count = nodes.length;
        if (count == 0) return 0;
        while (count > 1) {
            uint256 parents = (count + 1) / 2;
            for (uint256 i; i < parents; ++i) {
                nodes[i] = 2 * i + 1 < count ? Hashes.commutativeKeccak256(nodes[2 * i], nodes[2 * i + 1]) : nodes[2 * i];
            }
            count = parents;
        }
        return nodes[0];
    }
}
