// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice For unit tests only: an adapter that is told by the posting what to do.
/// @dev Not an `IDataAvailability` to the compiler, which would not let it try to write.
contract MockAvailability {
    error Unavailable();

    uint256 public written;

    /// @notice 0x00: reverts. 0x01 ‖ size u16: that many bytes. 0x02: writes to its storage. 0x03 ‖ data: calls the hub with them.
    /// Else: what it was called with.
    function commitment(uint64 chainId, uint64 index, bytes calldata posting) external returns (bytes memory) {
        bytes1 what = posting[0];
        if (what == 0x00) revert Unavailable();
        if (what == 0x01) return new bytes(uint16(bytes2(posting[1:3])));
        if (what == 0x02) written = 1;
        if (what == 0x03) {
            (bool called, bytes memory result) = msg.sender.call(posting[1:]);
            return abi.encode(called, result);
        }
        return abi.encode(msg.sender, chainId, index, posting);
    }
}
