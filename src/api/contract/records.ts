/**
 * The part of the contract about stored records: search, counts over time, top values, one record, the whole result, and
 * help with the filter language (docs/search.md). Instants are ISO 8601 UTC; without `since` the last 24 hours are meant,
 * unless the filter bounds `receive_time` itself.
 */
import { z } from 'zod'

const instant = z.iso.datetime()
const filter = z.string().max(4000).default('')
const range = { filter, since: instant.optional(), until: instant.optional() }
const value = z.union([z.string(), z.number(), z.array(z.string()), z.null()])
const fieldName = z.string().min(1).max(40)

/** Names of the record's fields (model/log-record.ts), and `id`. Absent: all but `raw`. */
const fields = z.array(fieldName).max(60).optional()

const record = z.record(z.string(), value)
const span = { filter: z.string(), from: instant, to: instant }

export const RECORD_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:\d{1,9}$/

const countedValue = z.object({
  /** As people read it; null: unknown. */
  value: z.union([z.string(), z.number(), z.null()]),
  count: z.number(),
  /** The condition that finds them. */
  filter: z.string(),
})

export const RECORDS_CONTRACT = {
  queryRecords: {
    input: z.strictObject({
      ...range,
      fields,
      limit: z.int().min(1).max(1000).default(100),
      /** What the page before gave. */
      cursor: z.string().max(100).optional(),
    }),
    /** Newest first, by arrival. */
    reply: z.object({ ...span, items: z.array(record), nextCursor: z.string().nullable() }),
  },
  histogram: {
    input: z.strictObject({
      ...range,
      buckets: z.int().min(1).max(500).default(60),
      by: z.enum(['disposition', 'severity', 'action']).default('disposition'),
    }),
    reply: z.object({
      ...span,
      bucketMs: z.number(),
      total: z.number(),
      /** `counts[i]` begins at `from + i * bucketMs`. `null`: unknown; `other`: the rest of many. */
      series: z.array(
        z.object({ name: z.string().nullable(), total: z.number(), counts: z.array(z.number()) }),
      ),
    }),
  },
  facets: {
    input: z.strictObject({
      ...range,
      /** Names of the filter language. */
      fields: z.array(fieldName).min(1).max(12),
      limit: z.int().min(1).max(100).default(10),
    }),
    reply: z.object({
      ...span,
      facets: z.array(z.object({ field: z.string(), values: z.array(countedValue) })),
    }),
  },
  topList: {
    input: z.strictObject({
      ...range,
      /** `src`, `dst`, `port`, `rule`, `threat`, or a name of the filter language. */
      field: fieldName,
      limit: z.int().min(1).max(1000).default(20),
    }),
    reply: z.object({
      ...span,
      field: z.string(),
      items: z.array(
        countedValue.extend({
          firstAt: instant,
          lastAt: instant,
          sources: z.number(),
          destinations: z.number(),
        }),
      ),
    }),
  },
  /** Who announces the most frequent sources, by the operator's database (`geo.owner`). */
  topOwners: {
    input: z.strictObject({ ...range, limit: z.int().min(1).max(200).default(20) }),
    reply: z.object({
      ...span,
      /** False: no database is set, and nothing is known. */
      hasDatabase: z.boolean(),
      /** Sources that were looked at; `isWhole` false: the most frequent ones alone. */
      sources: z.int(),
      isWhole: z.boolean(),
      /** Lines of sources whose owner is not known. */
      unknown: z.number(),
      items: z.array(
        z.object({
          asNumber: z.int(),
          name: z.string().nullable(),
          count: z.number(),
          sources: z.int(),
          lastAt: instant,
          /** The condition that finds them; null: too many sources. */
          filter: z.string().nullable(),
        }),
      ),
    }),
  },
  recordById: {
    input: z.strictObject({ id: z.string().regex(RECORD_ID, 'expected the id of a stored record') }),
    reply: record,
  },
  exportRecords: {
    input: z.strictObject({ ...range, fields, limit: z.int().min(1).optional() }),
    reply: record,
  },
  tailRecords: {
    /** `lastId`: the last event that was seen, to go on behind it within 30 s. */
    input: z.strictObject({ filter, lastId: z.string().max(40).optional() }),
    /** Events as they come: records that fit, what was missed, the list's changes, alarms, the state. */
    reply: z.discriminatedUnion('kind', [
      z.object({ id: z.string(), kind: z.literal('record'), record }),
      z.object({ id: z.string(), kind: z.literal('missed'), records: z.number(), unseen: z.number() }),
      z.object({
        id: z.string(),
        kind: z.literal('blocks'),
        added: z.array(z.string()),
        removed: z.array(z.string()),
        /** Targets left out. */
        more: z.number(),
      }),
      z.object({
        id: z.string(),
        kind: z.literal('alarms'),
        active: z.array(
          z.object({ code: z.string(), severity: z.string(), message: z.string(), mend: z.string() }),
        ),
      }),
      z.object({
        id: z.string(),
        kind: z.literal('status'),
        blocked: z.number(),
        held: z.number(),
        shadow: z.number(),
        /** Records that are safe on disk since the start. */
        records: z.number(),
      }),
    ]),
  },
  addressStates: {
    input: z.strictObject({ addresses: z.array(z.string().max(64)).min(1).max(500) }),
    reply: z.object({
      /** Only those about which something is decided. `blocked`: on the list; `allowed`: on the allowlist. */
      states: z.array(
        z.object({
          address: z.string(),
          state: z.enum(['blocked', 'allowed']),
          /** Our rule that blocks it, or `manual`, `feed`; null when it is not blocked. */
          rule: z.string().nullable(),
        }),
      ),
    }),
  },
  checkFilter: {
    /** `at`: where the cursor stands; absent: at the end. */
    input: z.strictObject({ filter: z.string().max(10_000).default(''), at: z.int().min(0).optional() }),
    reply: z.object({
      /** Canonical text; null: it cannot be understood. */
      canonical: z.string().nullable(),
      fault: z
        .object({ at: z.int(), length: z.int(), expected: z.string(), fix: z.string().nullable() })
        .nullable(),
      completion: z.object({
        from: z.int(),
        to: z.int(),
        choices: z.array(
          z.object({
            text: z.string(),
            kind: z.enum(['field', 'operator', 'value', 'word']),
            about: z.string(),
          }),
        ),
      }),
    }),
  },
} as const

export const RECORDS_ROUTES = {
  queryRecords: { method: 'POST', path: '/control/v1/records/query', reply: 'object' },
  histogram: { method: 'POST', path: '/control/v1/records/histogram', reply: 'object' },
  facets: { method: 'POST', path: '/control/v1/records/facets', reply: 'object' },
  topList: { method: 'POST', path: '/control/v1/records/top', reply: 'object' },
  topOwners: { method: 'POST', path: '/control/v1/records/owners', reply: 'object' },
  recordById: { method: 'POST', path: '/control/v1/records/get', reply: 'object' },
  exportRecords: { method: 'POST', path: '/control/v1/records/export', reply: 'rows' },
  tailRecords: { method: 'POST', path: '/control/v1/records/tail', reply: 'rows', live: true },
  addressStates: { method: 'POST', path: '/control/v1/records/addresses', reply: 'object' },
  checkFilter: { method: 'POST', path: '/control/v1/filter/check', reply: 'object' },
} as const
