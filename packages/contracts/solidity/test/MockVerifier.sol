// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice For unit tests only: accepts every proof but the one-byte proof 0x00, and shows the public inputs that it was asked about.
/// @dev A view cannot record, so it reverts with what it saw when the proof is the one byte 0x01.
contract MockVerifier {
    error Saw(bytes32[] publicInputs);

    function verify(bytes calldata proof, bytes32[] calldata publicInputs) external pure returns (bool) {
        if (proof.length == 1 && proof[0] == 0x01) revert Saw(publicInputs);
        return !(proof.length == 1 && proof[0] == 0x00);
    }
}
