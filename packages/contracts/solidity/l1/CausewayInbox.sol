// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DepositParams, ICausewayHub, ICausewayInbox} from "../interfaces/ICauseway.sol";
import {MAX_FORCED_TRANSACTION, NEVER} from "../lib/Limits.sol";

/// @notice One ordered queue per chain, kept as a rolling hash per index (docs/protocol.md, section 8), so that nothing appended
/// later changes what an epoch under way refers to.
contract CausewayInbox is ICausewayInbox {
    error ChainUnknown(uint64 chainId);
    error NotBridge(address caller);
    /// @dev A forced transaction has 1 to 32,768 bytes.
    error TransactionSizeInvalid(uint256 size);

    ICausewayHub public immutable hub;
    address public immutable bridge;

    /// @inheritdoc ICausewayInbox
    mapping(uint64 chainId => uint64) public length;
    /// @inheritdoc ICausewayInbox
    mapping(uint64 chainId => mapping(uint64 index => bytes32)) public hashAt;

    constructor(ICausewayHub hub_, address bridge_) {
        hub = hub_;
        bridge = bridge_;
    }

    /// @inheritdoc ICausewayInbox
    function forceTransaction(uint64 chainId, bytes calldata transaction) external returns (uint64 index) {
        if (transaction.length == 0 || transaction.length > MAX_FORCED_TRANSACTION) revert TransactionSizeInvalid(transaction.length);
        bytes32 hash;
        index = _next(chainId);
        hash = _append(chainId, index, 2, address(0), 0, keccak256(transaction));
        emit Forced(chainId, index, hash, transaction);
    }

    /// @inheritdoc ICausewayInbox
    function appendDeposit(address sender, address token, uint128 amount, DepositParams calldata params) external returns (uint64 index) {
        if (msg.sender != bridge) revert NotBridge(msg.sender);
        index = _next(params.chainId);
        uint64 timestamp = uint64(block.timestamp * 1000);
        bytes32 digest = keccak256(
            abi.encodePacked(
                index, timestamp, sender, params.recipient, params.refundTo, uint128(0), params.gasLimit, NEVER, keccak256(params.payload)
            )
        );
        bytes32 hash = _append(params.chainId, index, 1, token, amount, digest);
        emit Deposited(
            params.chainId, index, hash, timestamp, sender, params.recipient, params.refundTo, token, amount, params.gasLimit, params.payload
        );
    }

    function _next(uint64 chainId) private view returns (uint64) {
        if (!hub.isRegistered(chainId)) revert ChainUnknown(chainId);
        return length[chainId];
    }

    function _append(uint64 chainId, uint64 index, uint8 kind, address token, uint128 amount, bytes32 digest) private returns (bytes32 hash) {
        hash = sha256(abi.encodePacked(hashAt[chainId][index], kind, token, amount, digest));
        hashAt[chainId][index + 1] = hash;
        length[chainId] = index + 1;
    }
}
