// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Merkle root over an epoch's withdrawal digests, for OpenZeppelin's MerkleProof: keccak256 of the sorted pair; the last
/// node of an odd level goes up as it is. Digests are SHA-256, so a node can never pass for one.
library WithdrawalTree {
    /// @dev Overwrites `nodes`. The root of nothing is 0. In assembly because an epoch hashes up to four nodes a chain.
    function root(bytes32[] memory nodes) internal pure returns (bytes32 top) {
        assembly ("memory-safe") {
            let start := add(nodes, 0x20)
            let count := mload(nodes)
            for {} gt(count, 1) {} {
                let to := start
                let end := add(start, shl(5, and(count, not(1))))
                for { let from := start } lt(from, end) { from := add(from, 0x40) } {
                    let a := mload(from)
                    let b := mload(add(from, 0x20))
                    // Swaps them unless they are in order.
                    let swap := mul(xor(a, b), gt(a, b))
                    mstore(0x00, xor(a, swap))
                    mstore(0x20, xor(b, swap))
                    mstore(to, keccak256(0x00, 0x40))
                    to := add(to, 0x20)
                }
                if and(count, 1) { mstore(to, mload(end)) }
                count := shr(1, add(count, 1))
            }
            if count { top := mload(start) }
        }
    }
}
