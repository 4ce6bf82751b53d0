// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev The sender that an L1 contract has on other chains, so that it never speaks for whoever holds its address there.
function aliasOf(address account) pure returns (address) {
    unchecked {
        return address(uint160(account) + uint160(0x1111000000000000000000000000000000001111));
    }
}
