// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICausewayHub, ICausewayInbox, ICausewayMessengerL1, IVerifier} from "../interfaces/ICauseway.sol";
import {CausewayBridge} from "./CausewayBridge.sol";
import {CausewayHub} from "./CausewayHub.sol";
import {CausewayInbox} from "./CausewayInbox.sol";
import {CausewayMessengerL1} from "./CausewayMessengerL1.sol";

/// @notice Deploys a cluster's four contracts in one transaction, all or none. They name each other in immutables; as creations
/// 1 to 4 of this contract their addresses are known beforehand. Afterwards it only says where they are.
/// @dev There is no cluster, and so no deposit, before its verifier has told a good proof from a bad one on this very L1.
contract CausewayCluster {
    error AddressMispredicted();
    /// @dev The verifier refuses the proof of its self-test: another circuit's, or this L1 lacks what it needs.
    error SelfTestRefused();
    /// @dev The verifier takes the proof for a statement that it does not prove, or takes what only the pairing tells from a proof.
    error SelfTestForged();
    /// @dev This L1 has no BN254 pairing.
    error PairingMissing();

    /// @dev Public input "root to", the one that settlement moves value by.
    uint256 private constant ROOT_TO = 6;
    /// @dev The base field of BN254.
    uint256 private constant Q = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    CausewayHub public immutable hub;
    CausewayInbox public immutable inbox;
    CausewayBridge public immutable bridge;
    CausewayMessengerL1 public immutable messenger;

    /// @param proof a good proof for `publicInputs`, which name no hub that exists; its last word is the y of a point (the KZG quotient's)
    constructor(IVerifier verifier, bytes32 clusterId, bytes memory proof, bytes32[] memory publicInputs) {
        hub = new CausewayHub(verifier, ICausewayInbox(_creation(2)), clusterId);
        inbox = new CausewayInbox(ICausewayHub(address(hub)), _creation(3));
        bridge = new CausewayBridge(hub, inbox, ICausewayMessengerL1(_creation(4)));
        messenger = new CausewayMessengerL1(address(bridge));
        if (address(inbox) != _creation(2) || address(bridge) != _creation(3) || address(messenger) != _creation(4)) {
            revert AddressMispredicted();
        }
        _selfTest(verifier, proof, publicInputs);
    }

    function _selfTest(IVerifier verifier, bytes memory proof, bytes32[] memory publicInputs) private view {
        // Where it is missing the call succeeds and returns nothing, which a verifier in assembly may take for what its memory held.
        (, bytes memory one) = address(8).staticcall("");
        if (one.length != 32) revert PairingMissing();

        publicInputs[ROOT_TO] ^= bytes32(uint256(1));
        if (_accepts(verifier, proof, publicInputs)) revert SelfTestForged();
        publicInputs[ROOT_TO] ^= bytes32(uint256(1));
        _negateLastPoint(proof);
        if (_accepts(verifier, proof, publicInputs)) revert SelfTestForged();
        _negateLastPoint(proof);
        // Last, with the least gas: so the others were not refused for want of it.
        if (!_accepts(verifier, proof, publicInputs)) revert SelfTestRefused();
    }

    /// @dev Gives another point of the curve: all checks up to the pairing pass.
    function _negateLastPoint(bytes memory proof) private pure {
        assembly ("memory-safe") {
            let y := add(proof, mload(proof))
            mstore(y, sub(Q, mload(y)))
        }
    }

    function _accepts(IVerifier verifier, bytes memory proof, bytes32[] memory publicInputs) private view returns (bool) {
        try verifier.verify(proof, publicInputs) returns (bool accepted) {
            return accepted;
        } catch {
            return false;
        }
    }

    /// @dev Address of this contract's creation number `nonce`, 1 to 127: keccak256(rlp([this, nonce])).
    function _creation(uint8 nonce) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), nonce)))));
    }
}
