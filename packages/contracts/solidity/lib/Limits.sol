// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev Longest payload of a message, bytes: a deposit must fit the destination's block, and delivery must be affordable.
uint256 constant MAX_PAYLOAD = 4096;
/// @dev Most gas a message may ask for its call.
uint64 constant MAX_GAS_LIMIT = 1_000_000;
/// @dev Longest forced transaction, bytes.
uint256 constant MAX_FORCED_TRANSACTION = 32_768;
/// @dev Gas of a plain ETH transfer; enough for the `receive` of smart accounts behind proxies.
uint256 constant PUSH_GAS = 30_000;
/// @dev Gas that a token on L1 must have had for its refusal to count; what a transfer succeeds with may be less.
uint256 constant TOKEN_GAS = 1_000_000;
/// @dev Left over for paying refundTo, whatever a token did with its gas.
uint256 constant REFUND_GAS = 150_000;
/// @dev Messages that never expire.
uint64 constant NEVER = type(uint64).max;
/// @dev The BN254 scalar field, in which Poseidon2 digests live.
uint256 constant FIELD = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001;
/// @dev Gas of the message that carries a token's metadata.
uint64 constant ANNOUNCE_GAS = 400_000;
