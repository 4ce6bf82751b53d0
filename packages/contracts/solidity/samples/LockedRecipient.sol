// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7786Recipient} from "../interfaces/ICausewayMessenger.sol";

/// @notice Takes messages and ETH, but not while its own lock is held, as many contracts do; and it calls others with the lock held.
contract LockedRecipient is IERC7786Recipient {
    error Locked();

    bool private transient _locked;

    /// @notice Makes a call with the lock held, and reverts as that does.
    function during(address to, bytes calldata data) external {
        _locked = true;
        (bool ok, bytes memory reason) = to.call(data);
        _locked = false;
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    /// @notice Keeps the lock for the rest of the transaction.
    function lock() external {
        _locked = true;
    }

    function receiveMessage(bytes32, bytes calldata, bytes calldata) external payable returns (bytes4) {
        if (_locked) revert Locked();
        return IERC7786Recipient.receiveMessage.selector;
    }

    receive() external payable {
        if (_locked) revert Locked();
    }
}
