/** Ports of 127.0.0.1 that nobody listens on just now, for services that are told theirs before they start. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** Two different ones; another process may still take one before it is used. */
export async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const
  for (const server of servers) server.listen(0, '127.0.0.1')
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const [one, other] = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  await Promise.all(servers.map((server) => once(server, 'close')))
  return [one as number, other as number]
}
