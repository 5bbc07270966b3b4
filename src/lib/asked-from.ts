/**
 * Who asks for the work that runs now, and from which address: kept along asynchronous calls, so that what is written of an
 * edit can say where it came from without handing the address through every function. Work that a timer begins later
 * under another name has no part in it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

interface Asker {
  readonly user: string
  readonly address: string
}

const askers = new AsyncLocalStorage<Asker>()

/** Does the work for somebody at an address. */
export function askedFrom<Result>(asker: Asker, work: () => Result): Result {
  return askers.run(asker, work)
}

/** The facts of an edit by `user` (null: none), with `from` when it was asked for from somewhere by that very user. */
export function withOrigin<Facts>(user: string, facts: Facts): Facts {
  const asker = askers.getStore()
  const isPlain = typeof facts === 'object' && !Array.isArray(facts)
  if (asker === undefined || asker.user !== user || !isPlain) return facts
  return { ...facts, from: asker.address }
}
