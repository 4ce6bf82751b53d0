// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev The accounts that every chain has from its genesis on.
address constant MESSENGER = 0xca5E000000000000000000000000000000000001;
address constant BRIDGE = 0xca5e000000000000000000000000000000000002;
address constant TOKEN_IMPLEMENTATION = 0xCa5E000000000000000000000000000000000003;
/// @dev Sender of the transactions by which the node delivers messages. Nobody has its key.
address constant SYSTEM = 0xcA5E00000000000000000000000000000000ffFf;

/// @dev Whether an address is in the predeploys' range (0xCA5E…0000 to 0xCA5E…FFFF), zero, or a precompile:
/// places where value would be lost or a call would meet code of the protocol.
function isReserved(address account) pure returns (bool) {
    uint160 n = uint160(account);
    return n <= 0xffff || n >> 16 == uint160(0xCA5E) << 128;
}
