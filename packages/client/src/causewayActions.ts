import { getCertificate, type GetCertificateParameters, type GetCertificateReturnType } from './actions/getCertificate.js'
import { getChainStatus, type GetChainStatusReturnType } from './actions/getChainStatus.js'
import { getMessageStatus, type GetMessageStatusParameters, type GetMessageStatusReturnType } from './actions/getMessageStatus.js'
import { sendMessage, type SendMessageParameters, type SendMessageReturnType } from './actions/sendMessage.js'
import { simulateCertificate, type SimulateCertificateParameters, type SimulateCertificateReturnType } from './actions/simulateCertificate.js'
import { waitForDeposit, type WaitForDepositParameters, type WaitForDepositReturnType } from './actions/waitForDeposit.js'
import { waitForMessage, type WaitForMessageParameters, type WaitForMessageReturnType } from './actions/waitForMessage.js'
import type { AnyClient } from './request.js'

/** What {@link causewayActions} adds to a client. */
export type CausewayActions = {
  /** How far a message has come. See {@link getMessageStatus}. */
  getMessageStatus(parameters: GetMessageStatusParameters): Promise<GetMessageStatusReturnType>
  /** Where the chain stands in its cluster. See {@link getChainStatus}. */
  getChainStatus(): Promise<GetChainStatusReturnType>
  /** A certificate of the chain and how far it has come. See {@link getCertificate}. */
  getCertificate(parameters?: GetCertificateParameters): Promise<GetCertificateReturnType>
  /** What the accounting rules say of a certificate. See {@link simulateCertificate}. */
  simulateCertificate(parameters?: SimulateCertificateParameters): Promise<SimulateCertificateReturnType>
  /** Sends ETH, a token or a call to another chain or to L1. See {@link sendMessage}. */
  sendMessage(parameters: SendMessageParameters): Promise<SendMessageReturnType>
  /** Waits until a message has reached a rung. See {@link waitForMessage}. */
  waitForMessage(parameters: WaitForMessageParameters): Promise<WaitForMessageReturnType>
  /** Waits until a deposit from L1 is credited. See {@link waitForDeposit}. */
  waitForDeposit(parameters: WaitForDepositParameters): Promise<WaitForDepositReturnType>
}

/**
 * Actions of Causeway for a viem client of a chain's RPC.
 *
 * @example
 * import { createWalletClient, http, publicActions } from 'viem'
 * import { causewayActions, defineCausewayChain } from '@causeway/client'
 *
 * const chain = defineCausewayChain({ chainId: 101n, name: 'A', rpcUrl: 'http://127.0.0.1:8545' })
 * const client = createWalletClient({ account, chain, transport: http() }).extend(publicActions).extend(causewayActions())
 * const { id } = await client.sendMessage({ destination: 102n, recipient: '0x…', value: 1n })
 * await client.waitForMessage({ id, until: 'settled' })
 */
export function causewayActions(): (client: AnyClient) => CausewayActions {
  return (client) => ({
    getMessageStatus: (parameters) => getMessageStatus(client, parameters),
    getChainStatus: () => getChainStatus(client),
    getCertificate: (parameters) => getCertificate(client, parameters),
    simulateCertificate: (parameters) => simulateCertificate(client, parameters),
    sendMessage: (parameters) => sendMessage(client, parameters),
    waitForMessage: (parameters) => waitForMessage(client, parameters),
    waitForDeposit: (parameters) => waitForDeposit(client, parameters),
  })
}
