// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CertificateData} from "../interfaces/ICauseway.sol";

/// @notice The L1 data of a certificate (docs/protocol.md, section 10), laid out in memory as SHA-256 takes them. In assembly because
/// it is most of what a certificate costs besides calldata, storage and log.
library CertificateL1Data {
    error TooManyLeaves(uint32 slot, uint256 count);
    error TooManyWithdrawals(uint32 slot, uint256 count);
    error ZeroDigest(uint32 slot);

    /// @dev Most outbox leaves and withdrawals of one certificate: what the circuit has places for.
    uint256 internal constant LEAVES = 8;
    uint256 internal constant WITHDRAWALS = 4;
    uint256 private constant LEAVES_AT = 272;
    uint256 private constant WITHDRAWALS_AT = 528;
    /// @dev Bytes of the accumulator and the L1 data of one certificate.
    uint256 internal constant SIZE = 656;

    /// @notice The accumulator after this certificate.
    /// @param buffer SIZE bytes, whatever they hold; an epoch uses the same for all its certificates
    function accumulate(
        bytes memory buffer,
        bytes32 accumulator,
        CertificateData calldata c,
        uint64 chainId,
        bytes32 inboxHash,
        bytes32 daHash
    ) internal pure returns (bytes32) {
        bytes32[] calldata leaves = c.leaves;
        bytes32[] calldata withdrawals = c.withdrawals;
        (uint256 slot, uint256 height, uint256 time) = (c.slot, c.height, c.timestamp);
        (uint256 cursor, uint256 notAfter) = (c.l1InboxCursor, c.notAfter);
        if (leaves.length > LEAVES) revert TooManyLeaves(c.slot, leaves.length);
        if (withdrawals.length > WITHDRAWALS) revert TooManyWithdrawals(c.slot, withdrawals.length);
        uint256 zeros;
        assembly ("memory-safe") {
            // The words of an array, then zeros for unused places.
            function place(to, from, count, places) {
                let size := shl(5, count)
                calldatacopy(to, from, size)
                calldatacopy(add(to, size), calldatasize(), sub(places, size))
            }
            let at := add(buffer, 0x20)
            mstore(at, accumulator)
            // Left-aligned, each word written before the one that overlaps its empty end.
            mstore(add(at, 32), or(or(shl(224, slot), shl(160, chainId)), or(shl(96, height), shl(32, time))))
            mstore(add(at, 60), or(or(shl(192, cursor), shl(128, notAfter)), shl(96, leaves.length)))
            // stateRoot, inboxRoot, balanceRoot
            calldatacopy(add(at, 80), add(c, 0xc0), 0x60)
            mstore(add(at, 176), inboxHash)
            // importRoot
            calldatacopy(add(at, 208), add(c, 0x120), 0x20)
            mstore(add(at, 240), daHash)
            place(add(at, LEAVES_AT), leaves.offset, leaves.length, 0x100)
            place(add(at, WITHDRAWALS_AT), withdrawals.offset, withdrawals.length, 0x80)
            for { let i := LEAVES_AT } lt(i, SIZE) { i := add(i, 0x80) } {
                let four := add(at, i)
                let two := add(iszero(mload(four)), iszero(mload(add(four, 0x20))))
                zeros := add(zeros, add(two, add(iszero(mload(add(four, 0x40))), iszero(mload(add(four, 0x60))))))
            }
        }
        // Zero stands for an unused place, and only for that.
        if (zeros != LEAVES + WITHDRAWALS - leaves.length - withdrawals.length) revert ZeroDigest(c.slot);
        return sha256(buffer);
    }
}
