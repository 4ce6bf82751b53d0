// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {IERC7786Recipient} from "../interfaces/ICausewayMessenger.sol";

/// @notice The only calls that messages cause, safe against whatever the callee does: no return data beyond one word is copied,
/// and the callee gets the stated gas or the call is not made.
library MessageCall {
    /// @dev What CALL itself may cost besides the callee's gas: cold account 2,600, value 9,000, new account 25,000.
    uint256 private constant COLD_ACCOUNT = 2_600;
    uint256 private constant VALUE = 9_000;
    uint256 private constant NEW_ACCOUNT = 25_000;

    /// @notice Id of a message: keccak256(source ‖ destination ‖ nonce), 8 bytes each.
    function id(uint64 source, uint64 destination, uint64 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(source, destination, nonce));
    }

    /// @notice Calls `receiveMessage` with exactly `gasLimit` gas.
    /// @return enough whether there was gas for it (else nothing was called)
    /// @return ok whether the callee has code, did not revert, and returned the selector
    function receiveMessage(address to, uint256 value, uint64 gasLimit, bytes32 messageId, uint64 source, address sender, bytes calldata payload)
        internal
        returns (bool enough, bool ok)
    {
        if (to.code.length == 0) return (true, false);
        bytes memory data = abi.encodeCall(IERC7786Recipient.receiveMessage, (messageId, InteroperableAddress.formatEvmV1(source, sender), payload));
        if (!_canForward(gasLimit, value == 0 ? COLD_ACCOUNT : COLD_ACCOUNT + VALUE)) return (false, false);
        bytes4 selector = IERC7786Recipient.receiveMessage.selector;
        assembly ("memory-safe") {
            ok := call(gasLimit, to, value, add(data, 0x20), mload(data), 0x00, 0x20)
            // The selector, left-aligned in the one word that was copied.
            ok := and(ok, and(gt(returndatasize(), 0x1f), eq(mload(0x00), selector)))
        }
        enough = true;
    }

    /// @notice Transfers ETH with exactly `gasLimit` gas for the receiver.
    function push(address to, uint256 value, uint256 gasLimit) internal returns (bool enough, bool ok) {
        if (!_canForward(gasLimit, COLD_ACCOUNT + VALUE + NEW_ACCOUNT)) return (false, false);
        assembly ("memory-safe") {
            ok := call(gasLimit, to, value, 0x00, 0x00, 0x00, 0x00)
        }
        enough = true;
    }

    /// @dev EIP-150: a call gets at most 63/64 of what remains after its own cost, silently less than asked for otherwise.
    function _canForward(uint256 gasLimit, uint256 cost) private view returns (bool) {
        return gasleft() > cost + gasLimit + gasLimit / 63 + 500;
    }
}
