/**
 * The part of the contract about saved views of the events screen: a filter, a time range and columns under a name, each
 * of the person who saved it, and shown to everybody when it is shared.
 */
import { z } from 'zod'

/** A relative or absolute time as people type it (`now-24h`, `2026-11-22 08:30`); null: open. */
const timeText = z.string().trim().min(1).max(40).nullable()
const columns = z.array(z.string().regex(/^[A-Za-z]{1,40}$/)).max(40)

const view = z.object({
  id: z.string(),
  name: z.string(),
  filter: z.string(),
  from: timeText,
  to: timeText,
  /** Fields of the record, in the order of the columns. */
  columns,
  shared: z.boolean(),
  owner: z.string(),
  /** Whether it is the caller's. */
  own: z.boolean(),
  changedAt: z.iso.datetime(),
})

export const VIEWS_CONTRACT = {
  listViews: { input: z.strictObject({}), reply: view },
  saveView: {
    /** A name that the caller used already is saved over. */
    input: z.strictObject({
      name: z.string().trim().min(1).max(80),
      filter: z.string().max(4000).default(''),
      from: timeText.default(null),
      to: timeText.default(null),
      columns: columns.default([]),
      shared: z.boolean().default(false),
    }),
    reply: view,
  },
  removeView: {
    input: z.strictObject({ id: z.string().max(64) }),
    reply: z.object({ message: z.string() }),
  },
} as const

export const VIEWS_ROUTES = {
  listViews: { method: 'POST', path: '/control/v1/views/list', reply: 'rows' },
  saveView: { method: 'POST', path: '/control/v1/views/save', reply: 'object' },
  removeView: { method: 'POST', path: '/control/v1/views/remove', reply: 'object' },
} as const
