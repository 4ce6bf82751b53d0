import { causewayHubAbi } from '@causeway/contracts'
import { CausewayError, DA_KINDS, isAddressText, type DaDefinition, type DaHost, type DataAvailability, type Issue } from '@causeway/core'
import { checkPostingKind, permanentDaError, postBatch, withoutBatcherKey } from '@causeway/l1'
import { encodeFunctionData, isAddressEqual, keccak256, recoverTypedDataAddress, type Address, type Hex, type LocalAccount } from 'viem'
import { batchTypedData, decodeCommitment, encodePosting, isBatch, MAX_COMMITTEE_BATCH, submissionTypedData, type CommitteePlace, type SignedBatch } from './batch.js'
import { fetchBatch, submitBatch } from './member-client.js'

/** A member, and where it serves. */
export type CommitteeMember = { address: Address; url: string }

/** Options of {@link committee}. */
export type CommitteeOptions = {
  /** The `CommitteeAvailability` that the chain is registered with; members and threshold are its own, for ever. */
  adapter: Address
  members: readonly CommitteeMember[]
  /** Signatures that a posting needs. */
  threshold: number
}

/** L1 seconds for which signatures are good: a posting waits no longer for a block. */
const VALIDITY = 3_600n

/**
 * Data availability by a committee: a batch goes to all members, and k signatures that they keep it go to L1, which checks them. A commitment is the
 * batch's hash and length; its bytes are a member's to give, and nothing else is believed of them. While fewer than k members answer nothing is
 * posted, and while none of those that have a batch answers, followers wait: both are `DA_TRANSIENT`.
 */
export function committee(options: CommitteeOptions): DaDefinition {
  return { name: 'committee', kind: DA_KINDS.adapter, adapter: options.adapter, issues: issuesOf(options), create: (host) => createCommittee(options, host) }
}

function createCommittee({ adapter, members, threshold }: CommitteeOptions, { client, hub, chainId, sender, batcher }: DaHost): DataAvailability {
  let l1ChainId: bigint | undefined
  /** Whom to ask for a batch first: who gave none comes last, so that one that never answers costs its time once. */
  const readers = [...members]

  /** A member's signature, if it is one. */
  async function askToKeep({ address, url }: CommitteeMember, by: Pick<LocalAccount, 'signTypedData'>, place: CommitteePlace, batch: Uint8Array, signed: SignedBatch): Promise<{ address: Address; signature: Hex }> {
    const signature = await submitBatch(url, batch, signed, await by.signTypedData(submissionTypedData(place, { ...signed, member: address })))
    const signer = await recoverTypedDataAddress({ ...batchTypedData(place, signed), signature })
    if (!isAddressEqual(signer, address)) throw new Error(`it signs as ${signer}`)
    return { address, signature }
  }

  return {
    maxBytes: MAX_COMMITTEE_BATCH,
    async submit(batch, index) {
      if (!sender || !batcher) throw withoutBatcherKey(chainId)
      if (batch.length > MAX_COMMITTEE_BATCH || batch.length === 0) throw permanentDaError(`The batch has ${batch.length} bytes; members take 1 to ${MAX_COMMITTEE_BATCH}.`)
      l1ChainId ??= BigInt(await client.getChainId())
      const { timestamp } = await client.getBlock()
      const signed: SignedBatch = { hub, chainId, batchHash: keccak256(batch), length: batch.length, expiry: timestamp + VALIDITY }
      const place = { l1ChainId, adapter }
      const answers = await enough(members.map((member) => askToKeep(member, batcher, place, batch, signed)), threshold)
      const kept = answers.flatMap((answer) => (answer?.status === 'fulfilled' ? [answer.value] : []))
      if (kept.length < threshold) throw tooFew(members, threshold, answers)
      const signatures = kept
        .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1))
        .slice(0, threshold)
        .map(({ signature }) => signature)
      return postBatch({ hub, chainId, sender }, DA_KINDS.adapter, {
        data: encodeFunctionData({ abi: causewayHubAbi, functionName: 'postWith', args: [chainId, index, encodePosting(signed, signatures)] }),
        label: `post batch ${index} of chain ${chainId} (${batch.length} bytes with ${threshold} members)`,
      })
    },
    async retrieve(reference) {
      checkPostingKind(DA_KINDS.adapter, reference)
      const wanted = decodeCommitment(reference.commitment)
      const failures: string[] = []
      for (const member of [...readers]) {
        const { url } = member
        try {
          const bytes = await fetchBatch(url, chainId, wanted)
          if (isBatch(bytes, wanted)) return bytes
          failures.push(`${url} gave other bytes`)
        } catch (error) {
          failures.push(`${url}: ${(error as Error).message}`)
        }
        readers.push(...readers.splice(readers.indexOf(member), 1))
      }
      throw new CausewayError(`No member has given batch ${wanted.batchHash} of chain ${chainId}: ${failures.join('; ')}.`, { code: 'DA_TRANSIENT', fix: 'wait for a member to answer; check their URLs', docs: 'da.md#committee' })
    },
  }
}

/** The first that are enough, or all once that is impossible; undefined in the place of who has not answered. */
function enough<T>(asked: readonly Promise<T>[], count: number): Promise<(PromiseSettledResult<T> | undefined)[]> {
  return new Promise((resolve) => {
    const answers = asked.map((): PromiseSettledResult<T> | undefined => undefined)
    let [good, all] = [0, 0]
    const note = (at: number, answer: PromiseSettledResult<T>) => {
      answers[at] = answer
      all++
      if (answer.status === 'fulfilled') good++
      if (good >= count || all === asked.length) resolve([...answers])
    }
    asked.forEach((promise, at) => {
      promise.then((value) => note(at, { status: 'fulfilled', value }), (reason: unknown) => note(at, { status: 'rejected', reason }))
    })
  })
}

function tooFew(members: readonly CommitteeMember[], threshold: number, answers: readonly (PromiseSettledResult<unknown> | undefined)[]): CausewayError {
  const failed = members.flatMap(({ url }, i) => {
    const answer = answers[i]
    return answer?.status === 'rejected' ? [`${url}: ${(answer.reason as Error).message}`] : []
  })
  return new CausewayError(`${members.length - failed.length} members keep the batch, of the ${threshold} that it takes: ${failed.join('; ')}.`, { code: 'DA_TRANSIENT', fix: 'start the members, and check their URLs; it is tried again', docs: 'da.md#committee' })
}

function issuesOf({ adapter, members, threshold }: CommitteeOptions): Issue[] {
  const issues: Issue[] = []
  const report = (path: string, message: string, fix: string) => void issues.push({ path, message, fix })
  if (!isAddressText(adapter)) report('adapter', `it is ${String(adapter)}, which is no address`, 'name the CommitteeAvailability that the chain is registered with')
  if (!Array.isArray(members) || members.length === 0) report('members', 'it has to be a list of members', 'each of them { address, url }')
  else
    for (const [i, { address, url }] of members.entries()) {
      if (!isAddressText(address)) report(`members[${i}].address`, `it is ${String(address)}, which is no address`, 'name the account that the member signs with')
      if (!URL.canParse(url)) report(`members[${i}].url`, `it is ${String(url)}, which is no URL`, 'name where the member serves')
    }
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > (members?.length ?? 0)) report('threshold', `it is ${String(threshold)}`, 'a whole number from 1 to the number of members: the adapter’s')
  return issues
}
