// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7786Recipient} from "../interfaces/ICausewayMessenger.sol";

/// @notice Refuses everything until told otherwise: messages and plain ETH.
contract Reverter is IERC7786Recipient {
    error Refused();

    bool public accepting;

    function accept(bool value) external {
        accepting = value;
    }

    function receiveMessage(bytes32, bytes calldata, bytes calldata) external payable returns (bytes4) {
        if (!accepting) revert Refused();
        return IERC7786Recipient.receiveMessage.selector;
    }

    /// @notice Calls anything, so that tests can act as this contract.
    function forward(address to, uint256 value, bytes calldata data) external payable {
        (bool ok, bytes memory reason) = to.call{value: value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    receive() external payable {
        if (!accepting) revert Refused();
    }
}
