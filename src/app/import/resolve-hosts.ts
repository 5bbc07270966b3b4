/** Addresses of names for an allowlist. What cannot be resolved keeps its last good answer. */
import { Resolver } from 'node:dns/promises'
import { messageOf, systemCodeOf } from '../../lib/errors.ts'

const TIMEOUT_MS = 5000
const TRIES = 2
/** Addresses of one name. */
const ADDRESSES = 64

export interface Resolved {
  /** Addresses by name. */
  readonly answers: Readonly<Record<string, string[]>>
  /** Names that could not be resolved, each with why. */
  readonly failed: readonly string[]
}

/** Asks for the addresses of a name of both families; rejects when neither can be had. */
export type AskAddresses = (host: string) => Promise<string[]>

export function systemResolver(): AskAddresses {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  return async (host) => {
    const settled = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)])
    const found = settled.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    if (found.length > 0) return found
    const failure = settled.find((one) => one.status === 'rejected')
    throw failure?.reason instanceof Error ? failure.reason : new Error(`${host} has no address`)
  }
}

/** Asks one name after the other. */
export async function resolveHosts(
  hosts: readonly string[],
  before: Readonly<Record<string, readonly string[]>>,
  ask: AskAddresses,
): Promise<Resolved> {
  const answers: Record<string, string[]> = {}
  const failed: string[] = []
  for (const host of hosts) {
    try {
      answers[host] = (await ask(host)).slice(0, ADDRESSES)
    } catch (error) {
      const last = before[host]
      if (last !== undefined) answers[host] = [...last]
      failed.push(`${host} (${systemCodeOf(error) ?? messageOf(error)})`)
    }
  }
  return { answers, failed }
}
