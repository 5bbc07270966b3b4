/** What the control API says of backtests: the question, and the rows of its answer. */
import { z } from 'zod'
import { RULES } from '../model/detection.ts'

const instant = z.iso.datetime()
const verdict = z.enum(['block', 'hold', 'refuse', 'none'])

/** Settings that a backtest may change, by the beginning of their keys. */
const BACKTEST_KEYS = /^(?:detection|networks|decisions|senders)\./

export const backtestInput = z.strictObject({
  from: instant,
  /** Not after now. */
  to: instant,
  /** Text as after `--set KEY=`; only detection, networks, decisions and senders. */
  changes: z
    .record(z.string(), z.string())
    .refine(
      (changes) => Object.keys(changes).every((key) => BACKTEST_KEYS.test(key)),
      'a backtest can change settings of detection, networks, decisions and senders',
    ),
  /** Also rules that are the same on both sides and in shadow. */
  allRules: z.boolean().default(false),
  curve: z.strictObject({ key: z.string(), first: z.int().min(0), last: z.int().min(0) }).optional(),
})

const outcome = z.object({
  rule: z.enum(RULES),
  detectedAt: instant,
  count: z.int(),
  threshold: z.int(),
  windowSeconds: z.number().nullable(),
  proof: z.enum(['handshake', 'spoofable']),
  device: z.string().nullable(),
  /** `none`: a shadow rule, or an internal source. */
  verdict,
  reason: z.string(),
})

const side = z.object({
  detections: z.int(),
  /** Sources by what would have become of them. */
  verdicts: z.record(verdict, z.int()),
  rules: z.array(z.object({ rule: z.enum(RULES), detections: z.int(), sources: z.int() })),
  evictions: z.int(),
  notJudged: z.int(),
})

const group = z.object({
  sources: z.int(),
  /** On the allowlist or protected. */
  refused: z.int(),
  held: z.int(),
  /** With completed sessions with us in the range. */
  withSessions: z.int(),
})

/** Progress while it runs, then the sources, then the summary, which is the last row. */
export const backtestRow = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    records: z.int(),
    total: z.int(),
    percent: z.number(),
    detections: z.int(),
  }),
  z.object({
    kind: z.literal('source'),
    source: z.string(),
    /** Acted upon under the changed settings only, under today's only, or under both. */
    group: z.enum(['gained', 'lost', 'both']),
    today: outcome.nullable(),
    changed: outcome.nullable(),
    completedSessions: z.int().nullable(),
  }),
  z.object({
    kind: z.literal('summary'),
    from: instant,
    to: instant,
    records: z.int(),
    warmUpRecords: z.int(),
    examined: z.int(),
    seconds: z.number(),
    recordsPerSecond: z.int(),
    changes: z.array(z.object({ key: z.string(), today: z.string(), changed: z.string() })),
    /** Rules that are on and were not run: the same on both sides, and in shadow. */
    leftOut: z.array(z.enum(RULES)),
    today: side,
    changed: side,
    gained: group,
    lost: group,
    both: group,
    curve: z
      .object({
        key: z.string(),
        points: z.array(z.object({ value: z.int(), sources: z.int(), refused: z.int(), internal: z.int() })),
      })
      .nullable(),
    notes: z.array(z.string()),
  }),
])

export type BacktestRow = z.infer<typeof backtestRow>

export const backtestLinesInput = z.strictObject({
  source: z.string().max(64),
  from: instant,
  to: instant,
})
/** The lines as they came, oldest first. */
export const backtestLinesReply = z.object({ lines: z.array(z.string()) })
