// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Answers every call with a megabyte, by revert or by return, as far as its gas allows.
contract ReturnBomb {
    bool public immutable reverts;
    uint256 public immutable size;

    constructor(bool reverts_, uint256 size_) {
        reverts = reverts_;
        size = size_;
    }

    fallback() external payable {
        uint256 length = size;
        if (reverts) {
            assembly ("memory-safe") {
                revert(0, length)
            }
        }
        assembly ("memory-safe") {
            return(0, length)
        }
    }

    receive() external payable {
        uint256 length = size;
        assembly ("memory-safe") {
            revert(0, length)
        }
    }
}
