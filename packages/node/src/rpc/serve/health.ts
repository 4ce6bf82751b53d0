import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Rpc } from '../rpc.js'

/**
 * What load balancers and probes ask by GET: `/`, `/health` and `/health/live` are answered as long as the process can, `/health/ready` with 200 while the
 * chain moves and with 503 and the reasons while it does not. `/metrics` has the numbers of its plugins, for Prometheus.
 */
export function answerHealth(rpc: Rpc, request: IncomingMessage, response: ServerResponse): void {
  const path = (request.url ?? '/').split('?')[0]
  if (path === '/' || path === '/health' || path === '/health/live') return void response.writeHead(200).end()
  if (path === '/metrics') return void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }).end(rpc.metrics())
  if (path !== '/health/ready') return void response.writeHead(404).end('JSON-RPC is at /, by POST\n')
  const readiness = rpc.readiness()
  const body = JSON.stringify(readiness)
  response.writeHead(readiness.ready ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(body)
}
