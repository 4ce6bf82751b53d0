// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice Reads what a token says of itself without trusting it: bounded gas, bounded return data, defaults instead of reverts.
library TokenMetadata {
    uint256 private constant READ_GAS = 50_000;
    /// @dev Longest name or symbol, bytes.
    uint256 internal constant MAX_STRING = 64;

    /// @notice Payload of an announcement: abi.encode(token, name, symbol, decimals).
    function announcement(address token) internal view returns (bytes memory) {
        return abi.encode(
            token,
            _string(token, bytes4(keccak256("name()")), "Bridged token"),
            _string(token, bytes4(keccak256("symbol()")), "BRG"),
            _decimals(token)
        );
    }

    function _decimals(address token) private view returns (uint8) {
        (uint256 size, bytes memory out) = _read(token, bytes4(keccak256("decimals()")));
        if (size < 32) return 18;
        uint256 value = uint256(bytes32(out));
        return value > 255 ? 18 : uint8(value);
    }

    function _string(address token, bytes4 selector, string memory fallback_) private view returns (string memory) {
        (uint256 size, bytes memory out) = _read(token, selector);
        if (size < 64) return fallback_;
        uint256 offset;
        uint256 length;
        assembly ("memory-safe") {
            offset := mload(add(out, 0x20))
            length := mload(add(out, 0x40))
        }
        if (offset != 32 || length == 0 || length > MAX_STRING || 64 + length > size) return fallback_;
        bytes memory text = new bytes(length);
        assembly ("memory-safe") {
            mcopy(add(text, 0x20), add(out, 0x60), length)
        }
        return string(text);
    }

    /// @return size what the token returned, at most the 128 bytes that were copied; 0 if the call failed
    function _read(address token, bytes4 selector) private view returns (uint256 size, bytes memory out) {
        out = new bytes(128);
        assembly ("memory-safe") {
            mstore(0x00, selector)
            if staticcall(READ_GAS, token, 0x00, 0x04, add(out, 0x20), 128) {
                size := returndatasize()
                if gt(size, 128) { size := 128 }
            }
        }
    }
}
