// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {InteroperableAddress} from "@openzeppelin/contracts/utils/draft-InteroperableAddress.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ICausewayBridgeL2, ICausewayMessenger, IERC7786Recipient, SendParams} from "../interfaces/ICausewayMessenger.sol";
import {ANNOUNCE_GAS, NEVER, PUSH_GAS} from "../lib/Limits.sol";
import {MessageCall} from "../lib/MessageCall.sol";
import {BRIDGE, MESSENGER, TOKEN_IMPLEMENTATION, isReserved} from "../lib/Predeploys.sol";
import {TokenMetadata} from "../lib/TokenMetadata.sol";

/// @notice The bridge of a chain, at 0xCA5E…0002. Tokens of this chain are locked here while they are elsewhere; tokens of other
/// chains exist here as wrappers that only this contract mints and burns. Keeps ETH that left the chain, out of circulation.
/// @dev Runs from genesis without a constructor and with empty storage.
contract CausewayBridgeL2 is ICausewayBridgeL2, IERC7786Recipient, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    error NotMessenger(address caller);
    error AmountZero();
    error TokenNotContract(address token);
    /// @dev The token took a fee or moved something else; such tokens cannot be backed one to one.
    error AmountDiffers(uint256 received, uint128 amount);
    /// @dev ETH and tokens of this chain have no wrapper.
    error NotForeign(uint64 homeChain, address home);
    error ReleaseFailed();
    error RecipientInvalid(address recipient);
    error NothingToWithdraw();
    /// @dev Only the bridge of the token's home chain may say what a token is called.
    error NotHomeBridge(uint64 sourceChain, address sender);
    error AnnouncementMalformed();
    /// @dev A wrapper is announced by its home.
    error WrapperNotAnnounced(address wrapper);

    struct Metadata {
        bool known;
        uint8 decimals;
        string name;
        string symbol;
    }

    mapping(bytes32 key => Metadata) private _metadata;
    mapping(bytes32 key => mapping(address owner => uint256)) private _refunds;

    /// @dev ETH comes only from the messenger: what is exported.
    receive() external payable {
        _onlyMessenger();
    }

    /// @inheritdoc ICausewayBridgeL2
    function sendToken(address token, uint128 amount, SendParams calldata params) external nonReentrant returns (uint64 nonce) {
        if (amount == 0) revert AmountZero();
        (uint64 homeChain, address home) = homeOf(token);
        if (homeChain != 0) {
            IERC7802(token).crosschainBurn(msg.sender, amount);
        } else {
            if (token.code.length == 0 || isReserved(token)) revert TokenNotContract(token);
            (homeChain, home) = (uint64(block.chainid), token);
            uint256 before = IERC20(token).balanceOf(address(this));
            IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
            uint256 received = IERC20(token).balanceOf(address(this)) - before;
            if (received != amount) revert AmountDiffers(received, amount);
        }
        return ICausewayMessenger(MESSENGER).sendFor(msg.sender, homeChain, home, amount, params);
    }

    /// @inheritdoc ICausewayBridgeL2
    function release(uint64 homeChain, address home, address to, uint128 amount) external {
        _onlyMessenger();
        _release(homeChain, home, to, amount);
    }

    /// @inheritdoc ICausewayBridgeL2
    function recordRefund(uint64 homeChain, address home, address owner, uint128 amount) external payable {
        _onlyMessenger();
        _refunds[_key(homeChain, home)][owner] += amount;
        emit RefundRecorded(homeChain, home, owner, amount);
    }

    /// @inheritdoc ICausewayBridgeL2
    function refundOf(uint64 homeChain, address home, address owner) external view returns (uint256) {
        return _refunds[_key(homeChain, home)][owner];
    }

    /// @inheritdoc ICausewayBridgeL2
    function withdrawRefund(uint64 homeChain, address home, address to) external nonReentrant returns (uint256 amount) {
        if (isReserved(to)) revert RecipientInvalid(to);
        bytes32 key = _key(homeChain, home);
        amount = _refunds[key][msg.sender];
        if (amount == 0) revert NothingToWithdraw();
        _refunds[key][msg.sender] = 0;
        if (home == address(0) && homeChain == ICausewayMessenger(MESSENGER).chainIdL1()) {
            (bool ok,) = to.call{value: amount}("");
            if (!ok) revert ReleaseFailed();
        } else {
            _release(homeChain, home, to, amount);
        }
        emit RefundWithdrawn(homeChain, home, msg.sender, to, amount);
    }

    function _release(uint64 homeChain, address home, address to, uint256 amount) private {
        if (homeChain == block.chainid) {
            if (!IERC20(home).trySafeTransfer(to, amount)) revert ReleaseFailed();
        } else {
            IERC7802(deployWrapper(homeChain, home)).crosschainMint(to, amount);
        }
    }

    /// @inheritdoc ICausewayBridgeL2
    function deployWrapper(uint64 homeChain, address home) public returns (address wrapper) {
        wrapper = wrapperOf(homeChain, home);
        if (wrapper.code.length != 0) return wrapper;
        bool isEth = home == address(0) && homeChain == ICausewayMessenger(MESSENGER).chainIdL1();
        if (homeChain == 0 || homeChain == block.chainid || isEth) revert NotForeign(homeChain, home);
        Clones.cloneDeterministicWithImmutableArgs(TOKEN_IMPLEMENTATION, abi.encodePacked(homeChain, home), 0);
        emit WrapperDeployed(homeChain, home, wrapper);
    }

    /// @inheritdoc ICausewayBridgeL2
    function wrapperOf(uint64 homeChain, address home) public pure returns (address) {
        return Clones.predictDeterministicAddressWithImmutableArgs(TOKEN_IMPLEMENTATION, abi.encodePacked(homeChain, home), 0, BRIDGE);
    }

    /// @inheritdoc ICausewayBridgeL2
    /// @dev A wrapper carries its home in its code; that it is ours shows in its address, which only this contract can deploy to.
    function homeOf(address wrapper) public view returns (uint64 homeChain, address home) {
        if (wrapper.code.length != 45 + 28) return (0, address(0));
        bytes28 args = bytes28(Clones.fetchCloneArgs(wrapper));
        homeChain = uint64(bytes8(args));
        home = address(uint160(uint224(args)));
        if (wrapper != wrapperOf(homeChain, home)) return (0, address(0));
    }

    /// @inheritdoc ICausewayBridgeL2
    function announceToken(address token, uint64 destination) external nonReentrant returns (uint64 nonce) {
        if (token.code.length == 0 || isReserved(token)) revert TokenNotContract(token);
        (uint64 homeChain,) = homeOf(token);
        if (homeChain != 0) revert WrapperNotAnnounced(token);
        ICausewayMessenger messenger = ICausewayMessenger(MESSENGER);
        SendParams memory params = SendParams({
            destination: destination,
            recipient: BRIDGE,
            refundTo: BRIDGE,
            gasLimit: ANNOUNCE_GAS,
            expiry: NEVER,
            payload: TokenMetadata.announcement(token)
        });
        return messenger.sendFor(BRIDGE, messenger.chainIdL1(), address(0), 0, params);
    }

    /// @notice What another bridge says of a token of its chain.
    /// @inheritdoc IERC7786Recipient
    function receiveMessage(bytes32, bytes calldata sender, bytes calldata payload) external payable returns (bytes4) {
        _onlyMessenger();
        (uint256 chain, address account) = InteroperableAddress.parseEvmV1Calldata(sender);
        ICausewayMessenger messenger = ICausewayMessenger(MESSENGER);
        address homeBridge = chain == messenger.chainIdL1() ? messenger.l1Bridge() : BRIDGE;
        if (account != homeBridge || account == address(0)) revert NotHomeBridge(uint64(chain), account);
        (address home, string memory name, string memory symbol, uint8 decimals) = abi.decode(payload, (address, string, string, uint8));
        if (bytes(name).length > TokenMetadata.MAX_STRING || bytes(symbol).length > TokenMetadata.MAX_STRING) revert AnnouncementMalformed();
        _metadata[_key(uint64(chain), home)] = Metadata(true, decimals, name, symbol);
        emit TokenAnnounced(uint64(chain), home, name, symbol, decimals);
        return IERC7786Recipient.receiveMessage.selector;
    }

    /// @inheritdoc ICausewayBridgeL2
    function metadataOf(uint64 homeChain, address home) external view returns (string memory name, string memory symbol, uint8 decimals) {
        Metadata storage metadata = _metadata[_key(homeChain, home)];
        if (!metadata.known) return ("Bridged token", "BRG", 18);
        return (metadata.name, metadata.symbol, metadata.decimals);
    }

    function _onlyMessenger() private view {
        if (msg.sender != MESSENGER) revert NotMessenger(msg.sender);
    }

    function _key(uint64 homeChain, address home) private pure returns (bytes32) {
        return bytes32((uint256(homeChain) << 160) | uint160(home));
    }
}
