// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice ERC-7786 receiver. `sender` is an ERC-7930 interoperable address: chain and account.
interface IERC7786Recipient {
    function receiveMessage(bytes32 receiveId, bytes calldata sender, bytes calldata payload) external payable returns (bytes4);
}

struct SendParams {
    uint64 destination;
    address recipient;
    /// @dev Gets the value on the destination if the call fails.
    address refundTo;
    /// @dev Gas for the call on the destination.
    uint64 gasLimit;
    /// @dev Last ms at which the message may be imported; type(uint64).max for no end.
    uint64 expiry;
    bytes payload;
}

/// @notice The messenger predeploy of every chain, at 0xCA5E000000000000000000000000000000000001.
interface ICausewayMessenger {
    /// @dev The one event from which a node computes the outbox. Source, nonce order and time are the protocol's.
    event MessageExported(
        uint64 indexed nonce, uint64 indexed destination, address indexed sender, address recipient, address refundTo, uint64 tokenChain, address token, uint128 amount, uint128 fee, uint64 gasLimit, uint64 expiry, bytes payload
    );
    event MessageDelivered(bytes32 indexed id, uint64 indexed source, uint64 indexed nonce, bool success);

    /// @notice Sends a message with `msg.value` ETH.
    function send(SendParams calldata params) external payable returns (uint64 nonce);
    /// @notice Only the bridge predeploy: a message that carries a token the bridge has locked or burned.
    function sendFor(address sender, uint64 tokenChain, address token, uint128 amount, SendParams calldata params) external returns (uint64 nonce);
    function nonce() external view returns (uint64);
    function chainIdL1() external view returns (uint64);

    /// @notice Only the system sender: delivers a message. Never reverts for what the message contains.
    function deliver(DeliveredMessage calldata message) external payable;
}

struct DeliveredMessage {
    uint64 source;
    uint64 nonce;
    address sender;
    address recipient;
    address refundTo;
    uint64 tokenChain;
    address token;
    uint128 amount;
    uint64 gasLimit;
    bytes payload;
}

/// @notice The bridge predeploy of every chain, at 0xCA5E000000000000000000000000000000000002.
interface ICausewayBridgeL2 {
    event WrapperDeployed(uint64 indexed homeChain, address indexed home, address wrapper);

    /// @notice Sends `amount` of a local token or of a wrapper; a wrapper always travels under its home identity.
    function sendToken(address token, uint128 amount, SendParams calldata params) external returns (uint64 nonce);
    /// @notice The wrapper of a foreign token, whether deployed or not.
    function wrapperOf(uint64 homeChain, address home) external view returns (address);
    /// @notice Home of a wrapper; (0, 0) if it is none.
    function homeOf(address wrapper) external view returns (uint64 homeChain, address home);
    /// @notice Only the messenger: mints or unlocks an arriving token.
    function release(uint64 homeChain, address home, address to, uint128 amount) external;
}
