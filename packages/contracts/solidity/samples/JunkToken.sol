// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A token that lies: balances are what anybody says, transfers move nothing, may fail, or call back.
contract JunkToken {
    mapping(address => uint256) public balanceOf;
    /// @dev Added to the receiver's balance by a transferFrom, whatever amount was asked for.
    uint256 public delta;
    bool public failing;
    bool public burning;
    address public hook;
    bytes public hookData;
    bool public hookSucceeded;

    function set(uint256 delta_, bool failing_, bool burning_) external {
        (delta, failing, burning) = (delta_, failing_, burning_);
    }

    function setBalance(address account, uint256 balance) external {
        balanceOf[account] = balance;
    }

    function setHook(address hook_, bytes calldata data) external {
        (hook, hookData) = (hook_, data);
    }

    function transferFrom(address, address to, uint256) external returns (bool) {
        if (hook != address(0)) (hookSucceeded,) = hook.call(hookData);
        unchecked {
            balanceOf[to] += delta;
        }
        return true;
    }

    function transfer(address, uint256) external view returns (bool) {
        if (burning) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        return !failing;
    }
}
