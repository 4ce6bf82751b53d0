import type { Hex } from 'viem'

/**
 * Deploys the CREATE2 factory of Nick Johnson (Arachnid) and Micah Zoltu, 0x4e59…956C: a keyless transaction, r = s = 0x2222….
 * Its code is that of {@link safeSingletonFactoryDeployment}, which is published under the MIT licence.
 */
export const create2FactoryDeployment: Hex =
  '0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222'

/**
 * Deploys Safe's singleton factory, 0x914d…43d7: the transaction that its owner signed for Ethereum.
 * From artifacts/1/deployment.json of npm's `@safe-global/safe-singleton-factory` 2.0.0. MIT, copyright (c) 2021 Safe Ecosystem Foundation.
 */
export const safeSingletonFactoryDeployment: Hex =
  '0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf326a0b1fd9f4102283a663738983f1aac789e979e220a1b649faa74033f507b911af5a061dd0f2f6f2341ee95913cf94b3b8a49cac9fdd7be6310da7acd7a96e31958d7'
