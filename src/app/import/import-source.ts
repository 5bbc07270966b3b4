/**
 * A list of others that people have named (object kind `import-source`, its id is its name) and what its last reading came
 * to (kind `import-state`).
 */
import { z } from 'zod'
import type { StoredObject } from '../../model/object.ts'

export const SOURCE_KIND = 'import-source'
export const STATE_KIND = 'import-state'

export const DIRECTIONS = ['block', 'allow', 'compare'] as const
/** `block`, `allow`: its entries are blocked or allowed while it names them; `compare`: it is held beside our list only. */
export type Direction = (typeof DIRECTIONS)[number]

const sourceBody = z.object({
  direction: z.enum(DIRECTIONS),
  /** URL or path; null: names of hosts. */
  from: z.string().nullable(),
  /** Names whose addresses are allowed. */
  hosts: z.array(z.string()),
  refreshMs: z.number(),
  /** 0 to 100; null: not said. */
  confidence: z.number().nullable(),
  lifetimeMs: z.number(),
  takesWide: z.boolean(),
  maxEntries: z.number(),
  /** Sealed; null: none. */
  authorization: z.string().nullable(),
  pin: z.string().nullable(),
  note: z.string(),
  createdAtMs: z.number(),
  createdBy: z.string(),
})

const stateBody = z.object({
  lastTryAtMs: z.number().nullable(),
  lastOkAtMs: z.number().nullable(),
  /** Why the last try failed, or why what was read was not taken. */
  problem: z.string().nullable(),
  /** Tries that failed one after another. */
  failures: z.number(),
  /** It waits for a person: what was read differs too much. */
  isHeld: z.boolean(),
  entries: z.number().nullable(),
  unreadable: z.number(),
  added: z.number(),
  ended: z.number(),
  leftOut: z.array(z.object({ reason: z.string(), count: z.number(), examples: z.array(z.string()) })),
  /** Last good addresses of names. */
  answers: z.record(z.string(), z.array(z.string())),
})

export type SourceBody = z.infer<typeof sourceBody>
export type SourceState = z.infer<typeof stateBody>

export interface Source extends SourceBody {
  readonly name: string
  /** Of its object, for edits. */
  readonly version: number
}

export const NEVER_READ: SourceState = {
  lastTryAtMs: null,
  lastOkAtMs: null,
  problem: null,
  failures: 0,
  isHeld: false,
  entries: null,
  unreadable: 0,
  added: 0,
  ended: 0,
  leftOut: [],
  answers: {},
}

/** Null: not a source as this version knows it. */
export function sourceOf({ id, body, version }: StoredObject): Source | null {
  const result = sourceBody.safeParse(body)
  return result.success ? { ...result.data, name: id, version } : null
}

/** Never read, where it is not a state as this version knows it. */
export function stateOf({ body }: StoredObject): SourceState {
  const result = stateBody.safeParse(body)
  return result.success ? result.data : NEVER_READ
}
