// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token whose issuer can pause it and freeze accounts, as those of large stablecoins can; mintable by anybody, for tests.
/// It can also be told to use up gas for certain receivers, and how it refuses.
contract ModeratedToken is ERC20 {
    error Frozen(address account);
    error Paused();

    /// @dev How a transfer is refused: by a revert, by returning false, by burning all gas, or by reverting with a chosen reason.
    enum Refusal {
        Reverts,
        ReturnsFalse,
        BurnsGas,
        Says
    }

    mapping(address => bool) public frozen;
    mapping(address => uint256) public gasFor;
    bool public paused;
    Refusal public refusal;
    bytes public reason;

    constructor() ERC20("Moderated", "MOD") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function freeze(address account, bool value) external {
        frozen[account] = value;
    }

    function pause(bool value) external {
        paused = value;
    }

    function refuseBy(Refusal refusal_, bytes calldata reason_) external {
        (refusal, reason) = (refusal_, reason_);
    }

    /// @notice From now on a transfer to `account` costs about `amount` gas more.
    function setGas(address account, uint256 amount) external {
        gasFor[account] = amount;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        uint256 floor = gasFor[to] == 0 ? 0 : gasleft() - gasFor[to];
        while (gasleft() > floor && floor != 0) {}
        if (!paused && !frozen[to]) return super.transfer(to, value);
        if (refusal == Refusal.ReturnsFalse) return false;
        if (refusal == Refusal.BurnsGas) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (refusal == Refusal.Says) {
            bytes memory said = reason;
            assembly ("memory-safe") {
                revert(add(said, 0x20), mload(said))
            }
        }
        if (paused) revert Paused();
        revert Frozen(to);
    }
}
