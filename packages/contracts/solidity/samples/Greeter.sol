// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CausewayReceiver} from "../CausewayReceiver.sol";

/// @notice The smallest receiver: remembers the last message and keeps its ETH.
contract Greeter is CausewayReceiver {
    event Greeted(uint64 indexed sourceChain, address indexed sender, bytes greeting, uint256 value);

    uint64 public lastSource;
    address public lastSender;
    bytes public lastPayload;
    uint256 public lastValue;
    uint256 public count;

    constructor(address messenger) CausewayReceiver(messenger) {}

    function _onMessage(uint64 sourceChain, address sender, bytes calldata payload) internal override {
        (lastSource, lastSender, lastPayload, lastValue) = (sourceChain, sender, payload, msg.value);
        ++count;
        emit Greeted(sourceChain, sender, payload, msg.value);
    }
}
