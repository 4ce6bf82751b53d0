// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Burns all gas it is given, whatever is called.
contract GasBurner {
    fallback() external payable {
        assembly ("memory-safe") {
            invalid()
        }
    }

    receive() external payable {
        assembly ("memory-safe") {
            invalid()
        }
    }
}
