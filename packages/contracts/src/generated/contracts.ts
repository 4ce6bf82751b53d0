// Written by scripts/build.ts from solidity/; do not edit.
export * from './CausewayBridge.js'
export * from './CausewayBridgeL2.js'
export * from './CausewayCluster.js'
export * from './CausewayHub.js'
export * from './CausewayInbox.js'
export * from './CausewayMessenger.js'
export * from './CausewayMessengerL1.js'
export * from './CausewayToken.js'
