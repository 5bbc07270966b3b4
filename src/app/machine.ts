/** Tells the decider this machine's own addresses, resolvers and gateways, which are never blocked. */
import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import type { Decider } from '../decide/decider.ts'
import { machineEntries } from '../decide/machine.ts'
import { systemCodeOf } from '../lib/errors.ts'

export async function readMachine(decider: Decider): Promise<void> {
  decider.setMachine(
    machineEntries({
      interfaces: Object.values(networkInterfaces()).flatMap(
        (list) => list?.map(({ address }) => address) ?? [],
      ),
      resolvConf: await textOf('/etc/resolv.conf'),
      routes: await textOf('/proc/net/route'),
      ipv6Routes: await textOf('/proc/net/ipv6_route'),
    }),
  )
}

/** Empty where there is no such file: a machine without IPv6 or without a resolver. */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'EACCES') return ''
    throw error
  }
}
