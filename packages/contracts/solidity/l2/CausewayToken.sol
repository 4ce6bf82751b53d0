// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ICausewayBridgeL2} from "../interfaces/ICausewayMessenger.sol";
import {BRIDGE} from "../lib/Predeploys.sol";

/// @notice A token of another chain, as ERC-20 here. Only the bridge mints and burns. Wrappers are clones of the code at
/// 0xCA5E…0003; each has its home in its own code and its name from the bridge.
contract CausewayToken is ERC20, IERC7802 {
    error NotBridge(address caller);

    /// @dev Only makes the artefact compile: predeploys and clones never run it.
    constructor() ERC20("", "") {}

    /// @notice The token's home chain and its address there.
    function home() public view returns (uint64 chain, address token) {
        bytes28 args = bytes28(Clones.fetchCloneArgs(address(this)));
        return (uint64(bytes8(args)), address(uint160(uint224(args))));
    }

    /// @notice Name at home, once announced.
    function name() public view override returns (string memory value) {
        (value,,) = _metadata();
    }

    /// @notice Symbol at home, once announced.
    function symbol() public view override returns (string memory value) {
        (, value,) = _metadata();
    }

    /// @notice Decimals at home, once announced; 18 before.
    function decimals() public view override returns (uint8 value) {
        (,, value) = _metadata();
    }

    /// @inheritdoc IERC7802
    function crosschainMint(address to, uint256 amount) external {
        if (msg.sender != BRIDGE) revert NotBridge(msg.sender);
        _mint(to, amount);
        emit CrosschainMint(to, amount, msg.sender);
    }

    /// @inheritdoc IERC7802
    function crosschainBurn(address from, uint256 amount) external {
        if (msg.sender != BRIDGE) revert NotBridge(msg.sender);
        _burn(from, amount);
        emit CrosschainBurn(from, amount, msg.sender);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC7802).interfaceId || interfaceId == type(IERC165).interfaceId;
    }

    function _metadata() private view returns (string memory, string memory, uint8) {
        (uint64 chain, address token) = home();
        return ICausewayBridgeL2(BRIDGE).metadataOf(chain, token);
    }
}
