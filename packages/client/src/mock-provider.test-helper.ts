import { causewayMessengerAbi, PREDEPLOYS } from '@causeway/contracts'
import { createClient, custom, encodeAbiParameters, encodeEventTopics, keccak256, numberToHex, parseTransaction, recoverTransactionAddress, RpcRequestError, zeroAddress, type Account, type Address, type Chain, type Hex, type TransactionSerialized } from 'viem'

type Handler = (params: readonly unknown[]) => unknown

/** An EIP-1193 provider for unit tests: answers what it is told to, and writes down what it was asked. */
export function createMockProvider(handlers: Record<string, Handler> = {}) {
  const calls: { method: string; params: readonly unknown[] }[] = []
  return {
    calls,
    handlers,
    async request({ method, params = [] }: { method: string; params?: readonly unknown[] }): Promise<unknown> {
      calls.push({ method, params })
      const handler = handlers[method]
      if (!handler) throw new RpcRequestError({ body: { method }, error: { code: -32601, message: 'method not found' }, url: 'mock' })
      return handler(params)
    },
  }
}

/** A viem client of a {@link createMockProvider}. */
export function mockClient(provider: ReturnType<typeof createMockProvider>, options: { chain?: Chain; account?: Account } = {}) {
  return createClient({ ...options, transport: custom(provider, { retryCount: 0 }), pollingInterval: 1 })
}

type Exported = { nonce: bigint; destination: bigint; sender: Address; recipient: Address; payload: Hex }

/** A `MessageExported` log as a node returns it. */
export function mockExportedLog({ nonce, destination, sender, recipient, payload }: Exported, address: Address = PREDEPLOYS.messenger) {
  const inputs = ['address', 'address', 'uint64', 'address', 'uint128', 'uint128', 'uint64', 'uint64', 'bytes'].map((type) => ({ type }))
  return {
    address: address.toLowerCase(),
    topics: encodeEventTopics({ abi: causewayMessengerAbi, eventName: 'MessageExported', args: { nonce, destination, sender } }),
    data: encodeAbiParameters(inputs, [recipient, sender, 31337n, zeroAddress, 1n, 0n, 0n, 2n ** 64n - 1n, payload]),
    blockNumber: '0x1',
    blockHash: `0x${'b1'.repeat(32)}`,
    transactionHash: `0x${'aa'.repeat(32)}`,
    transactionIndex: '0x0',
    logIndex: '0x0',
    removed: false,
  }
}

/** Handlers of a chain that mines each transaction at once. `logs` are those of every receipt. */
export function mockChain({ chainId, logs, status = '0x1' }: { chainId: bigint; logs: readonly ReturnType<typeof mockExportedLog>[]; status?: Hex }) {
  const sent: { from: Address; to: Address | null | undefined; value: bigint; data: Hex; hash: Hex; gas: bigint | undefined }[] = []
  const block = { number: '0x1', hash: `0x${'b1'.repeat(32)}`, baseFeePerGas: '0x7', timestamp: '0x1', transactions: [], gasLimit: '0x1c9c380', gasUsed: '0x0', difficulty: '0x0', totalDifficulty: '0x0', size: '0x1', nonce: '0x0' }
  const handlers: Record<string, Handler> = {
    eth_chainId: () => numberToHex(chainId),
    eth_call: () => numberToHex(5, { size: 32 }),
    eth_getTransactionCount: () => '0x0',
    eth_estimateGas: () => '0x186a0',
    eth_maxPriorityFeePerGas: () => '0x1',
    eth_getBlockByNumber: () => block,
    eth_blockNumber: () => '0x1',
    eth_sendRawTransaction: async ([raw]) => {
      const { to, value = 0n, data = '0x', gas } = parseTransaction(raw as Hex)
      const hash = keccak256(raw as Hex)
      sent.push({ from: await recoverTransactionAddress({ serializedTransaction: raw as TransactionSerialized }), to, value, data, hash, gas })
      return hash
    },
    eth_getTransactionReceipt: ([hash]) => ({
      transactionHash: hash,
      transactionIndex: '0x0',
      blockHash: block.hash,
      blockNumber: '0x1',
      from: zeroAddress,
      to: PREDEPLOYS.messenger,
      cumulativeGasUsed: '0x1',
      gasUsed: '0x1',
      effectiveGasPrice: '0x1',
      contractAddress: null,
      logs,
      logsBloom: '0x',
      status,
      type: '0x2',
    }),
  }
  return { sent, handlers }
}
