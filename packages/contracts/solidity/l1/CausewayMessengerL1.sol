// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICausewayMessengerL1} from "../interfaces/ICauseway.sol";
import {MessageCall} from "../lib/MessageCall.sol";

/// @notice Whom recipients on L1 see as their caller. It has no funds between calls, no approvals and no roles, so that there is
/// nothing a message could make it do; all it ever calls is `receiveMessage`.
contract CausewayMessengerL1 is ICausewayMessengerL1 {
    error NotBridge(address caller);

    address public immutable bridge;

    constructor(address bridge_) {
        bridge = bridge_;
    }

    /// @inheritdoc ICausewayMessengerL1
    function deliver(uint64 source, uint64 nonce, address sender, address recipient, uint64 gasLimit, bytes calldata payload) external payable {
        if (msg.sender != bridge) revert NotBridge(msg.sender);
        bytes32 id = MessageCall.id(source, uint64(block.chainid), nonce);
        (bool enough, bool ok) = MessageCall.receiveMessage(recipient, msg.value, gasLimit, id, source, sender, payload);
        if (!enough) revert InsufficientGas();
        if (!ok) revert CallFailed();
    }
}
