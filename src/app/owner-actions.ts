/**
 * Who announces the networks that lines come from, counted: the most frequent sources of stored lines, grouped by the
 * operator's database of network owners. Owners are not stored with records, so this knows the sources that it looked at and
 * says how many those were.
 */
import type { Caller, Input, Reply, ServiceActions } from '../api/control-contract.ts'
import type { Parts } from './parts.ts'

/** Sources that are looked at: as many as a top list gives. */
const SOURCES_MOST = 1000
/** Sources named in the condition that finds an owner's lines. */
const NAMED_MOST = 30

type Top = Pick<ServiceActions, 'topList'>
type Owner = Reply<'topOwners'>['items'][number]

export function ownerActions(parts: Parts, { topList }: Top): Pick<ServiceActions, 'topOwners'> {
  return {
    topOwners: async ({ limit, ...range }: Input<'topOwners'>, caller: Caller) => {
      const { geo } = parts
      const question = { ...range, field: 'src', limit: SOURCES_MOST }
      const { filter, from, to, items } = await topList(question, caller)
      const owners = new Map<number, Owner & { addresses: string[] }>()
      let unknown = 0
      for (const { value, count, lastAt } of items) {
        const address = typeof value === 'string' ? value : null
        const owner = address === null ? null : (geo?.ownerOf(address) ?? null)
        if (owner === null || owner.asNumber === null || address === null) {
          unknown += count
          continue
        }
        const known = owners.get(owner.asNumber)
        if (known === undefined)
          owners.set(owner.asNumber, {
            asNumber: owner.asNumber,
            name: owner.name,
            count,
            sources: 1,
            lastAt,
            filter: null,
            addresses: [address],
          })
        else {
          known.count += count
          known.sources++
          if (lastAt > known.lastAt) known.lastAt = lastAt
          known.addresses.push(address)
        }
      }
      const sorted = [...owners.values()].sort((a, b) => b.count - a.count).slice(0, limit)
      return {
        filter,
        from,
        to,
        hasDatabase: geo?.hasOwners ?? false,
        sources: items.length,
        isWhole: items.length < SOURCES_MOST,
        unknown,
        items: sorted.map(({ addresses, ...owner }) => ({ ...owner, filter: filterOf(addresses) })),
      }
    },
  }
}

/** Null: more sources than a condition should name. */
function filterOf(addresses: readonly string[]): string | null {
  if (addresses.length > NAMED_MOST) return null
  const one = addresses.map((address) => `( addr.src eq ${address} )`)
  return one.length === 1 ? (one[0] ?? null) : `( ${one.join(' or ')} )`
}
