// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {IERC7786GatewaySource} from "@openzeppelin/contracts/interfaces/draft-IERC7786.sol";
import {DeliveredMessage, ICausewayBridgeL2, ICausewayMessenger, SendParams} from "../interfaces/ICausewayMessenger.sol";
import {MAX_GAS_LIMIT, MAX_PAYLOAD, NEVER, PUSH_GAS} from "../lib/Limits.sol";
import {MessageCall} from "../lib/MessageCall.sol";
import {BRIDGE, SYSTEM, isReserved} from "../lib/Predeploys.sol";

/// @notice The messenger of a chain, at 0xCA5E…0001. It emits and counts what leaves; the node computes the outbox from its
/// events. It delivers what arrives, and settles by itself what becomes of a value whose call fails.
/// @dev Runs from genesis without a constructor. Storage: slot 0 L1's chain id, slot 1 L1's bridge (aliased), both written by
/// genesis; slot 2 the nonce.
contract CausewayMessenger is ICausewayMessenger, IERC7786GatewaySource {
    error NotSystem(address caller);
    error NotBridge(address caller);
    error NotSelf();
    /// @dev The node must send just the message's ETH along.
    error WrongValue(uint256 value, uint128 amount);
    error DestinationInvalid(uint64 destination);
    error RecipientZero();
    /// @dev A message with a payload must say who gets the value if the call fails.
    error RefundToZero();
    error PayloadTooLong(uint256 size);
    error GasLimitTooHigh(uint64 gasLimit);
    /// @dev It could not be imported any more, and its value would be lost.
    error Expired(uint64 expiry);
    error AmountOutOfRange(uint256 amount);
    /// @dev L1 takes back only what came from it.
    error NotTokenOfL1(uint64 tokenChain, address token);
    /// @dev `sendMessage` takes ERC-7930 addresses of EVM chains, with a chain and an account.
    error RecipientMalformed(bytes recipient);
    error DeliveryFailed();
    /// @dev So that one delivery always fits a certificate, whatever the code it calls does.
    error TooManySends();

    /// @notice Messages that may be sent while one is delivered.
    uint256 public constant MAX_SENDS_PER_DELIVERY = 2;
    /// @notice Gas limit of messages sent with `sendMessage`.
    uint64 public constant DEFAULT_GAS_LIMIT = 200_000;

    /// @dev Gas kept back for the refund while a call runs: an ETH push and its recording, or two capped token calls.
    uint256 private constant REFUND_GAS = 100_000;
    /// @dev The same when the token is a wrapper, whose minting is our own code: one mint.
    uint256 private constant REFUND_GAS_WRAPPER = 68_000;
    /// @dev Most gas that a token's own code may use.
    uint256 private constant RELEASE_GAS = 62_000;

    /// @dev Slot 0.
    uint256 private _chainIdL1;
    /// @dev Slot 1.
    address private _l1Bridge;
    /// @dev Slot 2.
    uint256 private _nonce;
    /// @dev While a message is delivered: sends that are left, plus one.
    uint256 private transient _sendsLeft;

    /// @inheritdoc ICausewayMessenger
    function send(SendParams calldata params) external payable returns (uint64) {
        return _sendEth(params.destination, params.recipient, params.refundTo, params.gasLimit, params.expiry, params.payload);
    }

    /// @inheritdoc ICausewayMessenger
    function sendFor(address sender, uint64 tokenChain, address token, uint128 amount, SendParams calldata p) external returns (uint64) {
        if (msg.sender != BRIDGE) revert NotBridge(msg.sender);
        if (amount != 0 && p.destination == _chainIdL1 && tokenChain != _chainIdL1) revert NotTokenOfL1(tokenChain, token);
        return _export(sender, tokenChain, token, amount, p.destination, p.recipient, p.refundTo, p.gasLimit, p.expiry, p.payload);
    }

    /// @notice ERC-7786 source gateway: a message with `msg.value` ETH, the default gas limit, no expiry, and the caller as refundTo.
    /// @dev Nothing further has to be done for it, so the id it returns is 0 as the standard asks.
    function sendMessage(bytes calldata recipient, bytes calldata payload, bytes[] calldata attributes) external payable returns (bytes32) {
        if (attributes.length != 0) {
            revert UnsupportedAttribute(attributes[0].length < 4 ? bytes4(0) : bytes4(attributes[0]));
        }
        (bool ok, uint256 chain, address to) = InteroperableAddress.tryParseEvmV1Calldata(recipient);
        if (!ok || chain > type(uint64).max) revert RecipientMalformed(recipient);
        _sendEth(uint64(chain), to, msg.sender, DEFAULT_GAS_LIMIT, NEVER, payload);
        emit MessageSent(0, InteroperableAddress.formatEvmV1(block.chainid, msg.sender), recipient, payload, msg.value, attributes);
        return 0;
    }

    /// @notice No ERC-7786 attribute is supported.
    function supportsAttribute(bytes4) external pure returns (bool) {
        return false;
    }

    function _sendEth(uint64 destination, address recipient, address refundTo, uint64 gasLimit, uint64 expiry, bytes calldata payload)
        private
        returns (uint64)
    {
        if (msg.value > type(uint128).max) revert AmountOutOfRange(msg.value);
        if (msg.value != 0) {
            // Out of circulation for good: the destination gets new ETH, or L1 pays from its escrow.
            (bool ok,) = BRIDGE.call{value: msg.value}("");
            if (!ok) revert DeliveryFailed();
        }
        return
            _export(msg.sender, uint64(_chainIdL1), address(0), uint128(msg.value), destination, recipient, refundTo, gasLimit, expiry, payload);
    }

    function _export(
        address sender,
        uint64 tokenChain,
        address token,
        uint128 amount,
        uint64 destination,
        address recipient,
        address refundTo,
        uint64 gasLimit,
        uint64 expiry,
        bytes calldata payload
    ) private returns (uint64 index) {
        if (destination == 0 || destination == block.chainid) revert DestinationInvalid(destination);
        if (recipient == address(0)) revert RecipientZero();
        if (payload.length > MAX_PAYLOAD) revert PayloadTooLong(payload.length);
        if (gasLimit > MAX_GAS_LIMIT) revert GasLimitTooHigh(gasLimit);
        if (expiry <= block.timestamp * 1000) revert Expired(expiry);
        if (refundTo == address(0)) {
            if (payload.length != 0) revert RefundToZero();
            refundTo = recipient;
        }
        if (_sendsLeft == 1) revert TooManySends();
        if (_sendsLeft != 0) _sendsLeft--;
        index = uint64(_nonce++);
        emit MessageExported(index, destination, sender, recipient, refundTo, tokenChain, token, amount, 0, gasLimit, expiry, payload);
    }

    /// @inheritdoc ICausewayMessenger
    /// @dev The node gives the message's gas limit + 200,000 gas.
    function deliver(DeliveredMessage calldata m) external payable {
        if (msg.sender != SYSTEM) revert NotSystem(msg.sender);
        bool isEth = m.amount == 0 || (m.token == address(0) && m.tokenChain == _chainIdL1);
        if (msg.value != (isEth ? m.amount : 0)) revert WrongValue(msg.value, m.amount);
        bool isWrapper = !isEth && m.tokenChain != 0 && m.tokenChain != block.chainid;
        // Not inside the frame, whose failure would undo it and make the refund pay for it again.
        if (isWrapper) ICausewayBridgeL2(BRIDGE).deployWrapper(m.tokenChain, m.token);

        bool success = false;
        _sendsLeft = MAX_SENDS_PER_DELIVERY + 1;
        if (_takesValue(m)) {
            success = m.payload.length == 0 ? _pay(m, m.recipient, isEth) : _payAndCall(m, isWrapper ? REFUND_GAS_WRAPPER : REFUND_GAS);
        }
        if (!success && m.amount != 0 && (isReserved(m.refundTo) || !_pay(m, m.refundTo, isEth))) {
            ICausewayBridgeL2(BRIDGE).recordRefund{value: msg.value}(m.tokenChain, m.token, m.refundTo, m.amount);
        }
        _sendsLeft = 0;
        emit MessageDelivered(MessageCall.id(m.source, uint64(block.chainid), m.nonce), m.source, m.nonce, success);
    }

    /// @notice The atomic frame of a message with a call: value and call, or neither. Only this contract calls it.
    function payAndCall(DeliveredMessage calldata m) external payable {
        if (msg.sender != address(this)) revert NotSelf();
        if (m.amount != 0 && msg.value == 0 && !_pay(m, m.recipient, false)) revert DeliveryFailed();
        bytes32 id = MessageCall.id(m.source, uint64(block.chainid), m.nonce);
        (, bool ok) = MessageCall.receiveMessage(m.recipient, msg.value, m.gasLimit, id, m.source, m.sender, m.payload);
        if (!ok) revert DeliveryFailed();
    }

    /// @dev Values and calls never go to code of the protocol or to tokens, where they would be stuck. The one exception is what
    /// another bridge tells this one; it carries no value.
    function _takesValue(DeliveredMessage calldata m) private view returns (bool) {
        if (m.payload.length > MAX_PAYLOAD) return false;
        if (isReserved(m.recipient)) return m.recipient == BRIDGE && m.amount == 0 && m.payload.length != 0;
        if (m.recipient == m.token && m.tokenChain == block.chainid) return false;
        (uint64 homeChain,) = ICausewayBridgeL2(BRIDGE).homeOf(m.recipient);
        return homeChain == 0;
    }

    /// @dev Runs the frame with all gas but what the refund needs. Copies none of what it returns.
    function _payAndCall(DeliveredMessage calldata m, uint256 reserve) private returns (bool ok) {
        uint256 available = gasleft();
        if (available <= reserve) return false;
        bytes memory data = abi.encodeCall(this.payAndCall, (m));
        assembly ("memory-safe") {
            ok := call(sub(available, reserve), address(), callvalue(), add(data, 0x20), mload(data), 0x00, 0x00)
        }
    }

    /// @dev Transfers the message's value without a call of `receiveMessage`; false if it did not work.
    function _pay(DeliveredMessage calldata m, address to, bool isEth) private returns (bool ok) {
        if (m.amount == 0) return true;
        if (isEth) {
            (, ok) = MessageCall.push(to, m.amount, PUSH_GAS);
            return ok;
        }
        bytes memory data = abi.encodeCall(ICausewayBridgeL2.release, (m.tokenChain, m.token, to, m.amount));
        address bridge = BRIDGE;
        uint256 cap = RELEASE_GAS;
        assembly ("memory-safe") {
            ok := call(cap, bridge, 0, add(data, 0x20), mload(data), 0x00, 0x00)
        }
    }

    /// @inheritdoc ICausewayMessenger
    function nonce() external view returns (uint64) {
        return uint64(_nonce);
    }

    /// @inheritdoc ICausewayMessenger
    function chainIdL1() external view returns (uint64) {
        return uint64(_chainIdL1);
    }

    /// @inheritdoc ICausewayMessenger
    function l1Bridge() external view returns (address) {
        return _l1Bridge;
    }
}
