// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {IERC7786Recipient} from "./interfaces/ICausewayMessenger.sol";

/// @notice Base of contracts that take messages, on every chain of a cluster and on L1. Implement `_onMessage`; `msg.value` is the
/// ETH that came with the message. If it reverts or runs out of the message's gas limit, the value goes to the message's `refundTo`.
/// @dev A message says which chain sent it; what that is worth depends on the chain. Check the source, not only the sender.
abstract contract CausewayReceiver is IERC7786Recipient {
    error NotMessenger(address caller);
    error MalformedSender(bytes sender);

    /// @notice The one account whose calls are messages.
    address public immutable causewayMessenger;

    /// @param messenger on a chain of the cluster the predeploy 0xCA5E000000000000000000000000000000000001, on L1 the cluster's messenger
    constructor(address messenger) {
        causewayMessenger = messenger;
    }

    /// @inheritdoc IERC7786Recipient
    function receiveMessage(bytes32, bytes calldata sender, bytes calldata payload) external payable returns (bytes4) {
        if (msg.sender != causewayMessenger) revert NotMessenger(msg.sender);
        (bool ok, uint256 chain, address account) = InteroperableAddress.tryParseEvmV1Calldata(sender);
        if (!ok || chain > type(uint64).max) revert MalformedSender(sender);
        _onMessage(uint64(chain), account, payload);
        return IERC7786Recipient.receiveMessage.selector;
    }

    /// @param sourceChain chain that sent the message; L1's id for deposits
    /// @param sender who sent it there; a contract of L1 is aliased (+ 0x1111000000000000000000000000000000001111)
    function _onMessage(uint64 sourceChain, address sender, bytes calldata payload) internal virtual;
}
