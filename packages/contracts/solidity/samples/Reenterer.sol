// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7786Recipient} from "../interfaces/ICausewayMessenger.sol";

/// @notice On a message or on plain ETH, makes one call that was armed before and notes whether it worked.
contract Reenterer is IERC7786Recipient {
    address public target;
    bytes public data;
    bool public called;
    bool public succeeded;
    bytes public result;

    function arm(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function receiveMessage(bytes32, bytes calldata, bytes calldata) external payable returns (bytes4) {
        _reenter();
        return IERC7786Recipient.receiveMessage.selector;
    }

    receive() external payable {
        _reenter();
    }

    function _reenter() private {
        called = true;
        (succeeded, result) = target.call(data);
    }
}
