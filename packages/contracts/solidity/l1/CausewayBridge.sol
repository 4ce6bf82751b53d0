// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {
    DepositParams, ICausewayBridge, ICausewayHub, ICausewayInbox, ICausewayMessengerL1, Withdrawal
} from "../interfaces/ICauseway.sol";
import {aliasOf} from "../lib/Alias.sol";
import {ANNOUNCE_GAS, MAX_GAS_LIMIT, MAX_PAYLOAD, PUSH_GAS, REFUND_GAS, TOKEN_GAS} from "../lib/Limits.sol";
import {MessageCall} from "../lib/MessageCall.sol";
import {BRIDGE, isReserved} from "../lib/Predeploys.sol";
import {TokenMetadata} from "../lib/TokenMetadata.sol";

/// @notice The escrow of a cluster: everything its chains hold of L1's tokens lies here. Takes deposits into the chains' L1
/// inboxes and pays what settled epochs recorded.
/// @dev `escrowed` is a second line of defence behind the proof: no token pays out more than came in, whatever was settled.
contract CausewayBridge is ICausewayBridge, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    error RecipientZero();
    /// @dev A deposit with a payload must say who gets the value if the call fails.
    error RefundToZero();
    error PayloadTooLong(uint256 size);
    error GasLimitTooHigh(uint64 gasLimit);
    error TokenNotContract(address token);
    error UnexpectedValue();
    /// @dev Nothing arrived, or more than a message can carry (2^128 - 1).
    error AmountOutOfRange(uint256 amount);
    /// @dev The bridge holds at most 2^128 - 1 of a token.
    error EscrowFull(address token);
    error AlreadyClaimed(bytes32 digest);
    /// @dev The withdrawal, with just these fields, is not among those of that epoch.
    error NotSettled(bytes32 digest, uint64 epoch);
    error EscrowExceeded(address token, uint128 escrowed, uint128 amount);
    /// @dev Too little gas to give the recipient what the message promises, or to tell a refusal from that; try again with more.
    error InsufficientGas();
    /// @dev Neither recipient nor refundTo took the value, or the token pays nobody now; it can be claimed later.
    error Undeliverable(bytes32 digest);
    error NotSelf();
    /// @dev Only a withdrawal's refundTo says where else its value may go.
    error NotRefundTo(address caller);
    /// @dev It would not be paid as promised, which could be the doing of what ran before in this transaction: claim in one of its
    /// own, from an account without code.
    error ClaimInTransactionOfItsOwn(bytes32 digest);
    /// @dev Inside a claim: the token does not pay the recipient.
    error TokenRefused();

    ICausewayHub public immutable hub;
    ICausewayInbox public immutable inbox;
    ICausewayMessengerL1 public immutable messenger;

    /// @inheritdoc ICausewayBridge
    mapping(bytes32 digest => bool) public claimed;
    /// @inheritdoc ICausewayBridge
    mapping(bytes32 digest => address) public redirected;
    /// @inheritdoc ICausewayBridge
    mapping(address token => uint128) public escrowed;

    constructor(ICausewayHub hub_, ICausewayInbox inbox_, ICausewayMessengerL1 messenger_) {
        hub = hub_;
        inbox = inbox_;
        messenger = messenger_;
    }

    /// @inheritdoc ICausewayBridge
    function depositETH(DepositParams calldata params) external payable nonReentrant returns (uint64 index) {
        if (msg.value != 0) _lock(address(0), msg.value);
        return _append(address(0), uint128(msg.value), params);
    }

    /// @inheritdoc ICausewayBridge
    function depositERC20(address token, uint256 amount, DepositParams calldata params) external payable nonReentrant returns (uint64 index) {
        if (msg.value != 0) revert UnexpectedValue();
        if (token.code.length == 0) revert TokenNotContract(token);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 afterwards = IERC20(token).balanceOf(address(this));
        uint256 received = afterwards > before ? afterwards - before : 0;
        if (received == 0) revert AmountOutOfRange(received);
        return _append(token, _lock(token, received), params);
    }

    /// @inheritdoc ICausewayBridge
    function announceToken(address token, uint64 chainId) external nonReentrant returns (uint64 index) {
        if (token.code.length == 0) revert TokenNotContract(token);
        return inbox.appendDeposit(
            aliasOf(address(this)),
            address(0),
            0,
            DepositParams({chainId: chainId, recipient: BRIDGE, refundTo: BRIDGE, gasLimit: ANNOUNCE_GAS, payload: TokenMetadata.announcement(token)})
        );
    }

    function _lock(address token, uint256 amount) private returns (uint128) {
        if (amount > type(uint128).max) revert AmountOutOfRange(amount);
        uint256 total = escrowed[token] + amount;
        if (total > type(uint128).max) revert EscrowFull(token);
        escrowed[token] = uint128(total);
        return uint128(amount);
    }

    function _append(address token, uint128 amount, DepositParams calldata params) private returns (uint64) {
        if (params.recipient == address(0)) revert RecipientZero();
        if (params.payload.length > MAX_PAYLOAD) revert PayloadTooLong(params.payload.length);
        if (params.gasLimit > MAX_GAS_LIMIT) revert GasLimitTooHigh(params.gasLimit);
        address sender = msg.sender == tx.origin ? msg.sender : aliasOf(msg.sender);
        if (params.refundTo != address(0)) return inbox.appendDeposit(sender, token, amount, params);
        if (params.payload.length != 0) revert RefundToZero();
        DepositParams memory filled = params;
        filled.refundTo = params.recipient;
        return inbox.appendDeposit(sender, token, amount, filled);
    }

    /// @inheritdoc ICausewayBridge
    function redirect(Withdrawal calldata withdrawal, address to) external {
        if (msg.sender != withdrawal.refundTo) revert NotRefundTo(msg.sender);
        bytes32 digest = _digest(withdrawal);
        redirected[digest] = to;
        emit RefundRedirected(digest, to);
    }

    /// @inheritdoc ICausewayBridge
    /// @dev The table of outcomes is in docs/protocol.md, section 10. A revert undoes everything: the withdrawal stays claimable.
    function claim(Withdrawal calldata w, uint64 epoch, bytes32[] calldata path) external nonReentrant {
        bytes32 digest = _digest(w);
        bytes32 root = hub.withdrawalsRoot(epoch);
        if (root == 0 || !MerkleProof.verifyCalldata(path, root, digest)) revert NotSettled(digest, epoch);
        if (claimed[digest]) revert AlreadyClaimed(digest);
        claimed[digest] = true;
        if (w.amount != 0) {
            uint128 held = escrowed[w.token];
            if (held < w.amount) revert EscrowExceeded(w.token, held, w.amount);
            escrowed[w.token] = held - w.amount;
        }
        bool success = w.payload.length == 0 ? _transfer(w, w.recipient) : _deliver(w);
        if (!success) _refund(w, digest);
        emit WithdrawalClaimed(digest, w.source, w.nonce, w.recipient, w.token, w.amount, success);
    }

    /// @dev Final only where nothing ran before in this transaction: inside a callback of the recipient, or after a call to it, it may
    /// refuse what it takes otherwise. The sender of a transaction calls from no frame but the outermost if it has no code, which
    /// an account that has delegated itself (EIP-7702) has.
    function _refund(Withdrawal calldata w, bytes32 digest) private {
        if (msg.sender != tx.origin || msg.sender.code.length != 0) revert ClaimInTransactionOfItsOwn(digest);
        address to = redirected[digest];
        // A token that pays neither is paused, or refuses both: which of the two, time must tell.
        if (!_transfer(w, to == address(0) ? w.refundTo : to)) revert Undeliverable(digest);
    }

    /// @notice The atomic frame of a message with a call: value and call, or neither. Only this contract calls it.
    function payAndCall(Withdrawal calldata w) external {
        if (msg.sender != address(this)) revert NotSelf();
        bool isEth = w.token == address(0);
        if (!isEth && !_transfer(w, w.recipient)) revert TokenRefused();
        messenger.deliver{value: isEth ? w.amount : 0}(w.source, w.nonce, w.sender, w.recipient, w.gasLimit, w.payload);
    }

    /// @return whether value and call arrived; false only for what recipient or token did, or if there is nothing to call
    function _deliver(Withdrawal calldata w) private returns (bool) {
        if (block.timestamp * 1000 > w.expiry || !_isPayable(w.recipient, w.token)) return false;
        bytes memory data = abi.encodeCall(this.payAndCall, (w));
        bool ok;
        bytes4 reason;
        assembly ("memory-safe") {
            mstore(0x00, 0)
            ok := call(gas(), address(), 0, add(data, 0x20), mload(data), 0x00, 0x04)
            reason := mload(0x00)
        }
        if (ok) return true;
        if (reason == ICausewayMessengerL1.CallFailed.selector || reason == TokenRefused.selector) return false;
        // All that is left is a frame without enough gas. Nothing is lost by trying again with more.
        revert InsufficientGas();
    }

    /// @dev A transfer without a call; false if `to` or the token refuses.
    function _transfer(Withdrawal calldata w, address to) private returns (bool) {
        if (w.amount == 0) return true;
        if (!_isPayable(to, w.token)) return false;
        (bool enough, bool ok) = w.token == address(0)
            ? MessageCall.push(to, w.amount, PUSH_GAS)
            : MessageCall.transfer(w.token, to, w.amount, TOKEN_GAS, REFUND_GAS);
        // Or whoever claims could make it fail by being sparing with gas.
        if (!ok && !enough) revert InsufficientGas();
        return ok;
    }

    /// @dev Where value would be stuck or a call would meet the protocol's own code.
    function _isPayable(address to, address token) private view returns (bool) {
        return !isReserved(to) && to != token && to != address(this) && to != address(hub) && to != address(inbox) && to != address(messenger);
    }

    function _digest(Withdrawal calldata w) private pure returns (bytes32) {
        bytes memory head = abi.encodePacked(w.source, w.nonce, w.timestamp, w.sender, w.recipient, w.refundTo);
        return sha256(abi.encodePacked(head, w.token, w.amount, w.gasLimit, w.expiry, keccak256(w.payload)));
    }
}
