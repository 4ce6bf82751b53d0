// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC7786Recipient} from "../interfaces/ICausewayMessenger.sol";

/// @notice The only calls that messages cause, safe against whatever the callee does: no return data beyond one word is copied,
/// and whoever supplies the gas cannot make a call fail by being sparing with it.
library MessageCall {
    /// @dev What CALL itself may cost besides the callee's gas: cold account 2,600, value 9,000, new account 25,000.
    uint256 private constant COLD_ACCOUNT = 2_600;
    uint256 private constant VALUE = 9_000;
    uint256 private constant NEW_ACCOUNT = 25_000;

    /// @notice Id of a message: keccak256(source ‖ destination ‖ nonce), 8 bytes each.
    function id(uint64 source, uint64 destination, uint64 nonce) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(source, destination, nonce));
    }

    /// @notice Calls `receiveMessage` with exactly `gasLimit` gas, or not at all.
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

    /// @notice Transfers ETH with exactly `gasLimit` gas for the receiver, or not at all.
    function push(address to, uint256 value, uint256 gasLimit) internal returns (bool enough, bool ok) {
        if (!_canForward(gasLimit, COLD_ACCOUNT + VALUE + NEW_ACCOUNT)) return (false, false);
        assembly ("memory-safe") {
            ok := call(gasLimit, to, value, 0x00, 0x00, 0x00, 0x00)
        }
        enough = true;
    }

    /// @notice Transfers an ERC-20. If there is gas for that, the token has at least `minimum` and `reserve` is left when it returns.
    /// @return enough whether there was: a refusal with less may be the caller's doing
    /// @return ok whether the token has code, did not revert, and returned true or nothing
    function transfer(address token, address to, uint256 amount, uint256 minimum, uint256 reserve) internal returns (bool enough, bool ok) {
        bytes memory data = abi.encodeCall(IERC20.transfer, (to, amount));
        enough = _canForward(minimum, COLD_ACCOUNT + reserve);
        uint256 forwarded = enough ? gasleft() - reserve : gasleft();
        assembly ("memory-safe") {
            ok := call(forwarded, token, 0, add(data, 0x20), mload(data), 0x00, 0x20)
            switch returndatasize()
            case 0 { ok := and(ok, gt(extcodesize(token), 0)) }
            default { ok := and(ok, and(gt(returndatasize(), 0x1f), eq(mload(0x00), 1))) }
        }
    }

    /// @dev EIP-150: a call gets at most 63/64 of what remains after its own cost, silently less than asked for otherwise.
    function _canForward(uint256 gasLimit, uint256 cost) private view returns (bool) {
        return gasleft() > cost + gasLimit + gasLimit / 63 + 500;
    }
}
