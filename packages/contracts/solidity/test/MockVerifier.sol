// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice For unit tests only: accepts every proof but the one-byte proof 0x00, and shows the public inputs that it was asked about.
/// @dev A view cannot record, so it reverts with what it saw when the proof is the one byte 0x01. The word 2 is the proof of its
/// self-test, good for the new root 0 alone; no other single word is a proof.
contract MockVerifier {
    error Saw(bytes32[] publicInputs);

    function verify(bytes calldata proof, bytes32[] calldata publicInputs) external pure returns (bool) {
        if (proof.length == 32) return uint256(bytes32(proof)) == 2 && publicInputs[6] == 0;
        if (proof.length == 1 && proof[0] == 0x01) revert Saw(publicInputs);
        return !(proof.length == 1 && proof[0] == 0x00);
    }
}
