// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice ERC-7786 receiver. `sender` is an ERC-7930 interoperable address: chain and account.
interface IERC7786Recipient {
    function receiveMessage(bytes32 receiveId, bytes calldata sender, bytes calldata payload) external payable returns (bytes4);
}

struct SendParams {
    uint64 destination;
    address recipient;
    /// @dev Gets the value on the destination if the call fails. May be left zero without a payload: then it is the recipient.
    address refundTo;
    /// @dev Gas for the call on the destination, at most 1,000,000.
    uint64 gasLimit;
    /// @dev Last ms at which the message may be imported; type(uint64).max for no end.
    uint64 expiry;
    /// @dev At most 4096 bytes. Empty: the value is transferred without a call of `receiveMessage`.
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
    /// @notice L1's bridge as a sender on this chain (aliased); zero if genesis does not name it.
    function l1Bridge() external view returns (address);

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

    /// @dev A value could be paid neither to its recipient nor to `refundTo` and waits for the latter.
    event RefundRecorded(uint64 indexed homeChain, address indexed home, address indexed owner, uint128 amount);
    event RefundWithdrawn(uint64 indexed homeChain, address indexed home, address indexed owner, address to, uint256 amount);
    event TokenAnnounced(uint64 indexed homeChain, address indexed home, string name, string symbol, uint8 decimals);

    /// @notice Only the messenger: records a value that nobody took. With ETH, `msg.value` is the amount.
    function recordRefund(uint64 homeChain, address home, address owner, uint128 amount) external payable;
    /// @notice What waits for `owner`; ETH is (L1 chain id, 0).
    function refundOf(uint64 homeChain, address home, address owner) external view returns (uint256);
    /// @notice Pays what waits for the caller to `to`.
    function withdrawRefund(uint64 homeChain, address home, address to) external returns (uint256 amount);
    /// @notice Deploys the wrapper of a foreign token unless it exists. Anybody may call it.
    function deployWrapper(uint64 homeChain, address home) external returns (address wrapper);
    /// @notice Tells `destination` name, symbol and decimals of a token of this chain, for its wrapper there. Anybody may call it.
    function announceToken(address token, uint64 destination) external returns (uint64 nonce);
    /// @notice What wrappers show: what the home chain announced, or the defaults "Bridged token", "BRG", 18.
    function metadataOf(uint64 homeChain, address home) external view returns (string memory name, string memory symbol, uint8 decimals);
}
