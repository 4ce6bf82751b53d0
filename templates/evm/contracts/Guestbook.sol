// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CausewayReceiver} from "@causeway/contracts/solidity/CausewayReceiver.sol";
import {ICausewayMessenger, SendParams} from "@causeway/contracts/solidity/interfaces/ICausewayMessenger.sol";
import {MESSENGER} from "@causeway/contracts/solidity/lib/Predeploys.sol";

/// @notice A guestbook that one signs here, or from another chain of the cluster.
contract Guestbook is CausewayReceiver {
    event Signed(uint64 indexed chain, address indexed who, string text);

    struct Entry {
        /// @dev Where the signature came from.
        uint64 chain;
        /// @dev Who signed; from another chain, the contract that sent the message.
        address who;
        string text;
    }

    Entry[] public entries;

    /// @dev Gas for `_onMessage` on the other chain.
    uint64 private constant GAS = 300_000;

    // Only the messenger, which is at the same address on every chain, can call `receiveMessage` of the base, and that calls `_onMessage`.
    constructor() CausewayReceiver(MESSENGER) {}

    function count() external view returns (uint256) {
        return entries.length;
    }

    function sign(string calldata text) external {
        _write(uint64(block.chainid), msg.sender, text);
    }

    /// @notice Signs the guestbook at `guestbook` on another chain. ETH that comes along arrives there, too.
    /// @return nonce number of the message on this chain; with both chains' ids it makes the message's id
    function signElsewhere(uint64 chain, address guestbook, string calldata text) external payable returns (uint64 nonce) {
        // If the call fails there, the value goes to refundTo. It may be executed at any time: there is no expiry.
        SendParams memory message = SendParams({destination: chain, recipient: guestbook, refundTo: msg.sender, gasLimit: GAS, expiry: type(uint64).max, payload: abi.encode(text)});
        return ICausewayMessenger(MESSENGER).send{value: msg.value}(message);
    }

    /// @dev A guestbook takes everybody's word. Where it matters, check `sourceChain` and `sender`: any contract of any chain can send a message.
    function _onMessage(uint64 sourceChain, address sender, bytes calldata payload) internal override {
        _write(sourceChain, sender, abi.decode(payload, (string)));
    }

    function _write(uint64 chain, address who, string memory text) private {
        entries.push(Entry(chain, who, text));
        emit Signed(chain, who, text);
    }
}
