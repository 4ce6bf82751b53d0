import { readFile } from 'node:fs/promises'
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import { createEVM, type EVM } from '@ethereumjs/evm'
import { createAddressFromString, hexToBytes, bytesToHex } from '@ethereumjs/util'
import { CausewayError, type EpochProof } from '@causeway/core'
// solc has no types of its own.
import solc from 'solc'
import { encodeFunctionData, parseAbi, type Hex } from 'viem'

const ABI = parseAbi(['function verify(bytes proof, bytes32[] publicInputs) view returns (bool)'])
const SOURCE = new URL('../../../contracts/solidity/generated/AccountingVerifier.sol', import.meta.url)

/** Compiles `AccountingVerifier` as the contracts package must: optimizer on, runs 1, no via-IR. */
export async function compileVerifier(): Promise<Hex> {
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: { 'AccountingVerifier.sol': { content: await readFile(SOURCE, 'utf8') } },
        settings: { evmVersion: 'cancun', optimizer: { enabled: true, runs: 1 }, outputSelection: { '*': { '*': ['evm.bytecode.object'] } } },
      }),
    ),
  ) as { contracts?: Record<string, Record<string, { evm: { bytecode: { object: string } } }>>; errors?: { formattedMessage: string }[] }
  const object = output.contracts?.['AccountingVerifier.sol']?.['AccountingVerifier']?.evm.bytecode.object
  if (!object) throw new CausewayError(`The verifier does not compile: ${output.errors?.map(({ formattedMessage }) => formattedMessage).join('\n')}`, { code: 'SOLC' })
  return `0x${object}`
}

/** The Solidity verifier in an EVM inside this process, on a chain with the given id. */
export async function evmVerifier(bytecode: Hex, chainId = 31337): Promise<{ codeSize: number; verify(proof: EpochProof): Promise<{ accepted: boolean; gas: bigint; revert: Hex }> }> {
  const evm: EVM = await createEVM({ common: createCustomCommon({ chainId }, Mainnet, { hardfork: Hardfork.Cancun }) })
  const created = await evm.runCall({ data: hexToBytes(bytecode), gasLimit: 30_000_000n })
  if (created.execResult.exceptionError || !created.createdAddress)
    throw new CausewayError(`The verifier was not deployed: ${created.execResult.exceptionError?.error} ${bytesToHex(created.execResult.returnValue)}`, { code: 'DEPLOYMENT' })
  const to = created.createdAddress
  return {
    codeSize: created.execResult.returnValue.length,
    async verify({ proof, publicInputs }) {
      const data = hexToBytes(encodeFunctionData({ abi: ABI, functionName: 'verify', args: [proof, publicInputs] }))
      const { execResult } = await evm.runCall({ to, caller: createAddressFromString(`0x${'11'.repeat(20)}`), data, gasLimit: 30_000_000n })
      const revert = bytesToHex(execResult.returnValue)
      return { accepted: !execResult.exceptionError && BigInt(revert) === 1n, gas: execResult.executionGasUsed, revert }
    },
  }
}
