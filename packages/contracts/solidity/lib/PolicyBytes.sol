// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {FIELD} from "./Limits.sol";
import {Poseidon2} from "./Poseidon2.sol";

/// @notice A policy as it travels on L1: k u8 ‖ n u8 ‖ n × (x 32 ‖ y 32) (docs/protocol.md, section 6).
library PolicyBytes {
    /// @dev Domain tags of section 2.
    uint256 private constant POLICY = 6;
    uint256 private constant ATTESTED = 7;

    /// @notice Whether 1 ≤ k ≤ n ≤ 8, the length fits, coordinates are canonical, keys are points of Grumpkin (y² = x³ − 17) and
    /// ascend strictly by x: whatever reads a registration off the chain can decode it.
    function isWellFormed(bytes calldata policy) internal pure returns (bool) {
        if (policy.length < 2) return false;
        uint256 k = uint8(policy[0]);
        uint256 n = uint8(policy[1]);
        if (k == 0 || k > n || n > 8 || policy.length != 2 + 64 * n) return false;
        uint256 last;
        for (uint256 i; i < n; ++i) {
            uint256 x = uint256(bytes32(policy[2 + 64 * i:]));
            uint256 y = uint256(bytes32(policy[34 + 64 * i:]));
            if (x >= FIELD || y >= FIELD || (i != 0 && x <= last)) return false;
            if (mulmod(y, y, FIELD) != addmod(mulmod(mulmod(x, x, FIELD), x, FIELD), FIELD - 17, FIELD)) return false;
            last = x;
        }
        return true;
    }

    /// @notice Poseidon2 hash of a well-formed policy, which has the attested leg only.
    function hash(bytes calldata policy) internal pure returns (bytes32) {
        // k, n, then x and y of each of 8 signers, absent ones 0.
        uint256[] memory inputs = new uint256[](18);
        inputs[0] = uint8(policy[0]);
        inputs[1] = uint8(policy[1]);
        assembly ("memory-safe") {
            calldatacopy(add(inputs, 0x60), add(policy.offset, 2), sub(policy.length, 2))
        }
        // A loop, so that the permutation is in the code once.
        uint256 digest;
        for (uint256 tag = ATTESTED; tag >= POLICY; --tag) {
            digest = Poseidon2.hash(tag, inputs);
            inputs = new uint256[](3);
            inputs[0] = digest;
        }
        return bytes32(digest);
    }
}
