import { causewayMessengerAbi, PREDEPLOYS } from '@causeway/contracts'
import { attestationSigner, attestedPolicy, messageId, NEVER, type AttestationSigner, type Message, type Policy } from '@causeway/core'
import type { BlockRecord, CertificateRecord, RollupDefinition } from '@causeway/node'
import { encodeFunctionData, hexToBigInt, type Address, type Hex, type LocalAccount } from 'viem'
import type { ManualClock } from './manual-clock.js'
import type { TestL1 } from './test-l1.js'
import type { TestEngine, TestNode } from './test-node.js'

/** A user transaction of a {@link TestChain}. */
export type TestTransaction = { to?: Address; value?: bigint; data?: Hex; gas?: bigint; nonce?: number }
/** A message that a user sends through the messenger predeploy. */
export type TestSend = { destination: bigint; recipient: Address; value?: bigint; refundTo?: Address; payload?: Hex; gasLimit?: bigint; expiry?: bigint }

/** What a chain of the harness is made of. */
export type TestChainParts = {
  name: string
  chainId: bigint
  policy: Policy
  /** Attestation keys of the sequencer and the follower; the policy wants both. */
  signers: readonly AttestationSigner[]
  batcher: LocalAccount
  definition: RollupDefinition<TestEngine>
  sequencer: TestNode
  follower: TestNode
  l1: TestL1
  clock: ManualClock
  /** ms that the clock moves before each block. */
  blockTime: number
  settleLink(): Promise<void>
}

/** A chain with its sequencer and its follower, each step of which the test asks for. */
export type TestChain = ReturnType<typeof createTestChain>

/** The attestation keys of a chain, seeded by its id, and the policy that wants both. */
export function testPolicy(chainId: bigint): { signers: AttestationSigner[]; policy: Policy } {
  const signers = [1, 2].map((i) => attestationSigner(Uint8Array.from({ length: 32 }, (_, at) => Number(chainId % 100n) + i * 31 + at)))
  return { signers, policy: attestedPolicy(2, signers.map(({ publicKey }) => publicKey)) }
}

/** ms after which a node repeats what it says of its certificate. */
const REPEAT = 2_000

/** Puts the steps of a chain together. Each first looks at L1, as a running node does all the time, and ends with a settled link. */
export function createTestChain(parts: TestChainParts) {
  const { chainId, sequencer, follower, l1, clock, settleLink } = parts
  const nodes = [sequencer, follower] as const

  async function transaction(user: LocalAccount, { to, value = 0n, data = '0x', gas = 1_000_000n, nonce }: TestTransaction): Promise<Hex> {
    const { rpc } = sequencer.rollup
    const next = nonce ?? Number(hexToBigInt((await rpc.request({ method: 'eth_getTransactionCount', params: [user.address, 'pending'] })) as Hex))
    return user.signTransaction({
      ...{ type: 'eip1559', chainId: Number(chainId), nonce: next, value, data, gas },
      ...(to && { to }),
      ...{ maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000n },
    })
  }
  const submit = async (raw: Hex) => (await sequencer.rollup.rpc.request({ method: 'eth_sendRawTransaction', params: [raw] })) as Hex

  const chain = {
    ...parts,
    /** Messages that a block sent, in order. */
    sent: ({ entries }: BlockRecord): Message[] => entries.flatMap((entry) => (entry.kind === 'export' ? [entry.message] : [])),
    /** Signs a transaction of a user without sending it. */
    sign: transaction,
    /** Sends a user's transaction to the sequencer, which keeps it for its next block. */
    send: async (user: LocalAccount, request: TestTransaction): Promise<Hex> => submit(await transaction(user, request)),
    submit,
    /** Sends a message through the messenger predeploy. Resolves to the transaction's hash. */
    async sendMessage(user: LocalAccount, { destination, recipient, value = 0n, refundTo = user.address, payload = '0x', gasLimit = payload === '0x' ? 0n : 200_000n, expiry = NEVER }: TestSend): Promise<Hex> {
      const data = encodeFunctionData({ abi: causewayMessengerAbi, functionName: 'send', args: [{ destination, recipient, refundTo, gasLimit, expiry, payload }] })
      return chain.send(user, { to: PREDEPLOYS.messenger, value, data, gas: 300_000n })
    },
    balance: (address: Address, node: TestNode = sequencer): Promise<bigint> => node.engine.getBalance(address, node.rollup.chain.head.hash),
    /** Moves the clock by the block time and builds a block. */
    async build(): Promise<BlockRecord> {
      await clock.advance(parts.blockTime)
      await sequencer.rollup.steps.l1()
      const block = await sequencer.rollup.steps.build()
      await settleLink()
      return block
    },
    /** Posts what is not on L1, in one batch, which L1 mines. Resolves to the number of blocks. */
    async publish(): Promise<number> {
      await sequencer.rollup.steps.l1()
      const { sender } = sequencer
      return l1.drive(sequencer.rollup.steps.publish(), sender ? [sender] : [])
    },
    /** The follower derives what L1 has. Resolves to the number of blocks. */
    async derive(): Promise<bigint> {
      await follower.rollup.steps.l1()
      return follower.rollup.steps.derive()
    },
    /** Closes a certificate, or repeats the one under way, and has it signed by whoever is ready to. */
    async certify(): Promise<CertificateRecord | undefined> {
      for (const { rollup } of nodes) await rollup.steps.l1()
      await clock.advance(REPEAT)
      await sequencer.rollup.steps.certify()
      await settleLink()
      await sequencer.rollup.steps.certify()
      await settleLink()
      return sequencer.rollup.certifier?.newest()
    },
    /** A block and all that makes it ready to settle. */
    async advance(): Promise<BlockRecord> {
      const block = await chain.build()
      await chain.publish()
      await chain.derive()
      await chain.certify()
      return block
    },
    /** Both nodes look at L1. */
    async look(): Promise<void> {
      for (const { rollup } of nodes) await rollup.steps.l1()
    },
    /** Where a message stands, as the sequencer has it. */
    message: ({ source, destination, nonce }: Message) => sequencer.rollup.status.message(messageId({ source, destination, nonce })),
    head: (node: TestNode = sequencer): BlockRecord => node.rollup.chain.head,
  }
  return chain
}
