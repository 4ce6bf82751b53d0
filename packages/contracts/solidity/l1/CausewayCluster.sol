// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICausewayHub, ICausewayInbox, ICausewayMessengerL1, IVerifier} from "../interfaces/ICauseway.sol";
import {CausewayBridge} from "./CausewayBridge.sol";
import {CausewayHub} from "./CausewayHub.sol";
import {CausewayInbox} from "./CausewayInbox.sol";
import {CausewayMessengerL1} from "./CausewayMessengerL1.sol";

/// @notice Deploys a cluster's four contracts in one transaction, all or none. They name each other in immutables; as creations
/// 1 to 4 of this contract their addresses are known beforehand. Afterwards it only says where they are.
contract CausewayCluster {
    error AddressMispredicted();

    CausewayHub public immutable hub;
    CausewayInbox public immutable inbox;
    CausewayBridge public immutable bridge;
    CausewayMessengerL1 public immutable messenger;

    constructor(IVerifier verifier, bytes32 clusterId) {
        hub = new CausewayHub(verifier, ICausewayInbox(_creation(2)), clusterId);
        inbox = new CausewayInbox(ICausewayHub(address(hub)), _creation(3));
        bridge = new CausewayBridge(hub, inbox, ICausewayMessengerL1(_creation(4)));
        messenger = new CausewayMessengerL1(address(bridge));
        if (address(inbox) != _creation(2) || address(bridge) != _creation(3) || address(messenger) != _creation(4)) {
            revert AddressMispredicted();
        }
    }

    /// @dev Address of this contract's creation number `nonce`, 1 to 127: keccak256(rlp([this, nonce])).
    function _creation(uint8 nonce) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), nonce)))));
    }
}
