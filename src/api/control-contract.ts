/**
 * The control API: what the command line asks of a running service over the Unix socket in its data folder. Routes
 * are plain data; schemas give validation and types to both sides. Instants are ISO 8601 UTC with ms, targets are
 * addresses or networks in canonical text. The socket is for the owner only, so there is no login; the name of the
 * operating-system user comes with each request, for the audit log.
 */
import { z } from 'zod'
import { RULES } from '../model/detection.ts'
import { ACCOUNT_CONTRACT, ACCOUNT_ROUTES } from './contract/accounts.ts'
import { ADDRESS_CONTRACT, ADDRESS_ROUTES } from './contract/addresses.ts'
import { blockView, tag, target } from './contract/block-view.ts'
import { CERTIFICATE_CONTRACT, CERTIFICATE_ROUTES } from './contract/certificate.ts'
import { enforcementView, FIREWALL_CONTRACT, FIREWALL_ROUTES } from './contract/firewalls.ts'
import { CROWDSEC_CONTRACT, CROWDSEC_ROUTES } from './contract/crowdsec.ts'
import { FEEDS_CONTRACT, FEEDS_ROUTES } from './contract/feeds.ts'
import { IMPORT_CONTRACT, IMPORT_ROUTES } from './contract/imports.ts'
import { NOTIFY_CONTRACT, NOTIFY_ROUTES } from './contract/notify.ts'
import { OVERVIEW_CONTRACT, OVERVIEW_ROUTES } from './contract/overview.ts'
import { RECORDS_CONTRACT, RECORDS_ROUTES } from './contract/records.ts'
import { sentence } from './contract/sentence.ts'
import { VIEWS_CONTRACT, VIEWS_ROUTES } from './contract/views.ts'
import type { Role } from './http/roles.ts'
import { backtestInput, backtestLinesInput, backtestLinesReply, backtestRow } from './backtest-contract.ts'

/** Name of the socket in the data folder. */
export const CONTROL_SOCKET = 'control.sock'
/** Header that carries the caller's name for the audit log. */
export const USER_HEADER = 'x-ads-user'
/** Targets in one request; a client with more sends several. */
export const TARGETS_PER_REQUEST = 10_000

/** `rows`: the reply is a stream of JSON lines, `live` ones each sent at once; else it is one JSON object. */
export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly reply: 'object' | 'rows'
  readonly live?: boolean
}

export const ROUTES = {
  status: { method: 'GET', path: '/control/v1/status', reply: 'object' },
  listBlocks: { method: 'POST', path: '/control/v1/blocks/list', reply: 'rows' },
  addBlocks: { method: 'POST', path: '/control/v1/blocks/add', reply: 'object' },
  extendBlocks: { method: 'POST', path: '/control/v1/blocks/extend', reply: 'object' },
  tagBlocks: { method: 'POST', path: '/control/v1/blocks/tag', reply: 'object' },
  listTags: { method: 'GET', path: '/control/v1/blocks/tags', reply: 'rows' },
  removeBlocks: { method: 'POST', path: '/control/v1/blocks/remove', reply: 'object' },
  releaseHeld: { method: 'POST', path: '/control/v1/held/release', reply: 'object' },
  refuseHeld: { method: 'POST', path: '/control/v1/held/refuse', reply: 'object' },
  listAllow: { method: 'GET', path: '/control/v1/allow/list', reply: 'rows' },
  addAllow: { method: 'POST', path: '/control/v1/allow/add', reply: 'object' },
  removeAllow: { method: 'POST', path: '/control/v1/allow/remove', reply: 'object' },
  checkAllow: { method: 'POST', path: '/control/v1/allow/check', reply: 'object' },
  withdraw: { method: 'POST', path: '/control/v1/withdraw', reply: 'object' },
  setFreeze: { method: 'POST', path: '/control/v1/freeze', reply: 'object' },
  setEngine: { method: 'POST', path: '/control/v1/engine', reply: 'object' },
  explain: { method: 'POST', path: '/control/v1/explain', reply: 'object' },
  explainLine: { method: 'POST', path: '/control/v1/explain-line', reply: 'object' },
  backtest: { method: 'POST', path: '/control/v1/backtest', reply: 'rows', live: true },
  backtestLines: { method: 'POST', path: '/control/v1/backtest/lines', reply: 'object' },
  listSettings: { method: 'GET', path: '/control/v1/settings', reply: 'rows' },
  changeSettings: { method: 'POST', path: '/control/v1/settings/change', reply: 'object' },
  reload: { method: 'POST', path: '/control/v1/reload', reply: 'object' },
  stop: { method: 'POST', path: '/control/v1/stop', reply: 'object' },
  ...ACCOUNT_ROUTES,
  ...ADDRESS_ROUTES,
  ...CERTIFICATE_ROUTES,
  ...CROWDSEC_ROUTES,
  ...FEEDS_ROUTES,
  ...FIREWALL_ROUTES,
  ...IMPORT_ROUTES,
  ...NOTIFY_ROUTES,
  ...OVERVIEW_ROUTES,
  ...RECORDS_ROUTES,
  ...VIEWS_ROUTES,
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof ROUTES

const instant = z.iso.datetime()
const targets = z.array(target).min(1).max(TARGETS_PER_REQUEST)
const reason = z.string().trim().min(1, 'a reason is needed').max(1000)
const nothing = z.strictObject({})

const allowView = z.object({
  id: z.string(),
  target: z.string(),
  reason: z.string(),
  createdAt: instant,
  createdBy: z.string(),
  expiresAt: instant.nullable(),
})

/** What became of one target. `refused` is for safety: the target is protected or too wide. */
const change = z.object({
  target: z.string(),
  outcome: z.enum(['done', 'unchanged', 'not-found', 'refused']),
  /** One sentence: what was done, or why not. */
  message: z.string(),
  /** Refused because the network is wide: `confirmWide` says that it is meant. */
  canConfirm: z.boolean().optional(),
})
const changes = z.object({ dryRun: z.boolean(), results: z.array(change) })

const finding = z.object({ code: z.string(), message: z.string(), mend: z.string() })
const counters = z.record(z.string(), z.number())

const statusView = z.object({
  version: z.string(),
  processId: z.int(),
  startedAt: instant,
  dataFolder: z.string(),
  engine: z.object({
    on: z.boolean(),
    changedAt: instant.nullable(),
    changedBy: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  freeze: z.object({
    frozen: z.boolean(),
    changedAt: instant.nullable(),
    changedBy: z.string().nullable(),
    reason: z.string().nullable(),
  }),
  inputs: z.array(
    z.object({
      name: z.string(),
      address: z.string().nullable(),
      counters,
      findings: z.array(finding),
    }),
  ),
  parser: counters,
  detector: counters,
  /** Segments and log store: stored records, waiting and quarantined segments. */
  store: z.object({ state: z.string(), counters }),
  list: z.object({
    url: z.string().nullable(),
    entries: z.int(),
    changedAt: instant.nullable(),
    lastFetchedAt: instant.nullable(),
    lastFetchedBy: z.string().nullable(),
  }),
  decisions: z.object({ blocked: z.int(), held: z.int(), shadow: z.int(), allowed: z.int() }),
  devices: z.array(
    z.object({
      device: z.string(),
      lastSeenAt: instant,
      records: z.int(),
      unparsed: z.int(),
      clockOffsetMs: z.number().nullable(),
      clockInsane: z.boolean(),
      timeZone: z.string().nullable(),
    }),
  ),
  /** Who sends log lines. Pending: not known by `senders.known`; their lines are used or only stored. */
  senders: z.object({
    known: z.int(),
    pending: z.int(),
    /** Lines of unknown senders since the start. */
    pendingLines: z.int(),
    /** Times that one was forgotten because there were too many. */
    forgotten: z.int(),
    unknown: z.enum(['use', 'store']),
    /** Unknown ones first, the last heard first. */
    list: z.array(
      z.object({
        sender: z.string(),
        transport: z.string(),
        /** The name in its client certificate. */
        identity: z.string().nullable(),
        known: z.boolean(),
        firstSeenAt: instant,
        lastSeenAt: instant,
        lines: z.int(),
        unparsed: z.int(),
      }),
    ),
  }),
  /** The other syslog server that gets every line; null while it is switched off. */
  relay: z
    .object({
      to: z.string(),
      state: z.enum(['connecting', 'connected', 'failing', 'refused']),
      reason: z.string(),
      sentLines: z.int(),
      shedLines: z.int(),
      failedLines: z.int(),
      waitingLines: z.int(),
      waitingBytes: z.int(),
    })
    .nullable(),
  /** Gaps in the firewalls' own numbering per device and log type, the most lossy first. */
  losses: z.array(
    z.object({
      device: z.string(),
      type: z.string(),
      records: z.int(),
      duplicates: z.int(),
      lost: z.int(),
    }),
  ),
  /** Lines that could not be read by sender and shape, the most frequent first: which format was closest, and why. */
  unknownLines: z.array(
    z.object({
      sender: z.string(),
      count: z.int(),
      sample: z.string(),
      reason: z.string(),
      closest: z.string().nullable(),
      failed: z.string(),
      advice: z.string(),
    }),
  ),
  /** What stands in the way now, with its mend. */
  findings: z.array(finding),
})

/** What a rule counts for a source. */
const countView = z.object({
  rule: z.enum(RULES),
  /** As it is counted: an address, an IPv6 prefix, or a subnet. */
  source: z.string(),
  /** `ports of 203.0.113.10`. */
  what: z.string(),
  count: z.number(),
  threshold: z.number(),
  /** `more`: fires above the threshold; `reached`: at it. */
  fires: z.enum(['more', 'reached']),
  windowSeconds: z.number(),
  lastAt: instant.nullable(),
  /** Devices whose thresholds these are; empty: all without settings of their own. */
  devices: z.array(z.string()),
})

const exceptionReply = z.object({
  /** From 1, in the order of detection.exceptions. */
  number: z.int(),
  conditions: z.string(),
  /** Null: all rules. */
  rules: z.array(z.enum(RULES)).nullable(),
  reason: z.string(),
  /** Records that it kept from counting. */
  records: z.number(),
})

const explanation = z.object({
  address: z.string(),
  verdict: z.enum(['blocked', 'held', 'shadow', 'allowed', 'protected', 'grace', 'not-blocked']),
  /** Plain sentences in the order to be read: what was seen, which rule, which guard, since when, until when. */
  sentences: z.array(z.string()),
  /** The same by code and values, one for each. */
  said: z.array(sentence),
  /** Raw lines that convicted, oldest first, whole. */
  evidence: z.array(z.string()),
  block: blockView.nullable(),
  /** The way of its block to the firewalls; null when it is on no list. */
  enforcement: enforcementView.nullable(),
  /** What rules count of it now, the nearest to its threshold first. */
  counts: z.array(countView),
  /** All exceptions with what they have spared. */
  exceptions: z.array(exceptionReply),
})

/** A line or stored record through all stages. */
const lineExplanation = z.object({
  understood: z.boolean(),
  format: z.string().nullable(),
  /** Of a line that could not be read. */
  diagnosis: z.object({ closest: z.string().nullable(), failed: z.string(), advice: z.string() }).nullable(),
  flags: z.array(z.string()),
  /** The record's fields that are known, by name. */
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string()), z.null()])),
  /** Whether it counts for any rule, and the name of the reason. */
  counts: z.boolean(),
  reason: z.string(),
  guards: z.array(
    z.object({
      name: z.string(),
      outcome: z.enum(['passed', 'stopped', 'off', 'not-asked']),
      sentence: z.string(),
    }),
  ),
  /** Those that it meets. */
  exceptions: z.array(exceptionReply),
  /** As how many values it counts in scan rules. */
  weight: z.number(),
  /** What rules had counted of its source then, by the settings of now. */
  rules: z.array(countView),
  sentences: z.array(z.string()),
  /** Of its source; null without one. */
  explanation: explanation.nullable(),
})

const settingView = z.object({
  key: z.string(),
  /** The value as text; `(secret)` where it must not be shown. */
  value: z.string(),
  default: z.string(),
  origin: z.string(),
  /** Given by file, environment or command line: cannot be changed here. */
  fixed: z.boolean(),
  /** A change acts at once. */
  live: z.boolean(),
  takes: z.string(),
  description: z.string(),
})

const changeTargets = z.strictObject({ targets, reason, dryRun: z.boolean() })
const addTargets = changeTargets.extend({ until: instant.nullable() })
/** A network wider than /24 (IPv4) or /48 (IPv6) is refused unless it is confirmed. */
const addWideTargets = addTargets.extend({ confirmWide: z.boolean().optional() })
const switchReason = z.string().trim().max(1000)

/** `input`: the body; `reply`: the object, or one row of the stream. */
export const CONTRACT = {
  status: { input: nothing, reply: statusView },
  listBlocks: {
    input: z.strictObject({
      mode: z.enum(['block', 'hold', 'shadow']).optional(),
      rule: z.enum(RULES).optional(),
      origin: z.enum(['detector', 'manual', 'feed']).optional(),
      device: z.string().optional(),
      /** Blocks that share an address with it. */
      target: target.optional(),
      since: instant.optional(),
      /** A word that people put on them, whatever its case. */
      tag: z.string().max(64).optional(),
      ended: z.boolean().optional(),
      /** Those with a smaller id: the pages after the first. */
      before: z.string().max(64).optional(),
    }),
    /** In falling order of ids, which is the order of making. */
    reply: blockView,
  },
  addBlocks: { input: addWideTargets, reply: changes },
  /** Another end for blocks that stand; null: until removed. */
  extendBlocks: { input: addTargets, reply: changes },
  /** Words to find blocks by; who is blocked does not depend on them. */
  tagBlocks: {
    input: z
      .strictObject({
        targets,
        add: z.array(tag).max(10).default([]),
        remove: z.array(tag).max(10).default([]),
        reason: z.string().trim().max(1000).default(''),
        dryRun: z.boolean(),
      })
      .refine(({ add, remove }) => add.length + remove.length > 0, 'say which tags: add or remove'),
    reply: changes,
  },
  /** The words on what is blocked, held or noted now, the most frequent first. */
  listTags: { input: nothing, reply: z.object({ tag: z.string(), count: z.int() }) },
  removeBlocks: { input: changeTargets, reply: changes },
  releaseHeld: { input: changeTargets, reply: changes },
  refuseHeld: { input: changeTargets, reply: changes },
  listAllow: { input: nothing, reply: allowView },
  addAllow: { input: addWideTargets, reply: changes },
  removeAllow: { input: changeTargets, reply: changes },
  checkAllow: {
    input: z.strictObject({ targets }),
    reply: z.object({
      results: z.array(
        z.object({
          target: z.string(),
          /** Would a block of it be refused? */
          allowed: z.boolean(),
          /** One sentence: by which entry or guard, or that nothing allows it. */
          message: z.string(),
        }),
      ),
    }),
  },
  withdraw: {
    input: z
      .strictObject({
        since: instant.optional(),
        /** A rule, or `manual` for what people added. */
        rule: z.enum([...RULES, 'manual']).optional(),
        device: z.string().min(1).optional(),
        reason,
        dryRun: z.boolean(),
      })
      .refine(
        (input) => input.since !== undefined || input.rule !== undefined || input.device !== undefined,
        'say what to withdraw: since, rule or device',
      ),
    /** `targets` holds the first 1000. */
    reply: z.object({ dryRun: z.boolean(), count: z.int(), targets: z.array(z.string()).max(1000) }),
  },
  setFreeze: {
    input: z.strictObject({ frozen: z.boolean(), reason: switchReason }),
    reply: z.object({ changed: z.boolean(), message: z.string() }),
  },
  setEngine: {
    input: z.strictObject({ action: z.enum(['on', 'off', 'reset']), reason: switchReason }),
    reply: z.object({ changed: z.boolean(), message: z.string() }),
  },
  explain: { input: z.strictObject({ address: target }), reply: explanation },
  explainLine: {
    input: z.union([
      z.strictObject({ line: z.string().min(1).max(65_536), sender: z.string().max(255).optional() }),
      z.strictObject({
        /** Id of a stored record, as searches tell it: SEGMENT:POSITION. */
        record: z
          .string()
          .regex(
            /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}:\d{1,9}$/,
            'expected the id of a stored record',
          ),
      }),
    ]),
    reply: lineExplanation,
  },
  backtest: { input: backtestInput, reply: backtestRow },
  backtestLines: { input: backtestLinesInput, reply: backtestLinesReply },
  listSettings: { input: nothing, reply: settingView },
  changeSettings: {
    input: z.strictObject({
      /** Text as after `--set KEY=`; null goes back to the default. */
      changes: z.record(z.string(), z.string().nullable()),
      reason: switchReason,
    }),
    reply: z.object({ results: z.array(z.object({ key: z.string(), needsRestart: z.boolean() })) }),
  },
  reload: {
    input: nothing,
    reply: z.object({ changed: z.array(z.string()), needsRestart: z.array(z.string()) }),
  },
  stop: { input: nothing, reply: z.object({ message: z.string() }) },
  ...ACCOUNT_CONTRACT,
  ...ADDRESS_CONTRACT,
  ...CERTIFICATE_CONTRACT,
  ...CROWDSEC_CONTRACT,
  ...FEEDS_CONTRACT,
  ...FIREWALL_CONTRACT,
  ...IMPORT_CONTRACT,
  ...NOTIFY_CONTRACT,
  ...OVERVIEW_CONTRACT,
  ...RECORDS_CONTRACT,
  ...VIEWS_CONTRACT,
} as const satisfies Record<RouteName, { input: z.ZodType; reply: z.ZodType }>

export type Input<Name extends RouteName> = z.infer<(typeof CONTRACT)[Name]['input']>
export type Reply<Name extends RouteName> = z.infer<(typeof CONTRACT)[Name]['reply']>
export type RowRoute = {
  [Name in RouteName]: (typeof ROUTES)[Name]['reply'] extends 'rows' ? Name : never
}[RouteName]
export type ObjectRoute = Exclude<RouteName, RowRoute>

export type BlockView = z.infer<typeof blockView>
export type AllowView = z.infer<typeof allowView>
export type ChangeResult = z.infer<typeof change>
export type StatusView = z.infer<typeof statusView>
export type Explanation = z.infer<typeof explanation>
export type LineExplanation = z.infer<typeof lineExplanation>
export type CountView = z.infer<typeof countView>
export type ExceptionReply = z.infer<typeof exceptionReply>
export type SettingView = z.infer<typeof settingView>

/** Who asks. On the control socket the operating-system user, who may do everything; over HTTPS a user or a token. */
export interface Caller {
  readonly user: string
  /** Over HTTPS only. */
  readonly role?: Role
  readonly userId?: string
  /** Of a browser. */
  readonly sessionId?: string
  /** Aborts when whoever asks is gone: work for them may end. */
  readonly signal?: AbortSignal
}

/**
 * What the service does for the control API. Input has passed its schema. Throw AppError for what cannot be done: its
 * code and message reach the user. Rows are read as fast as the client takes them.
 */
export type ServiceActions = {
  [Name in ObjectRoute]: (input: Input<Name>, caller: Caller) => Promise<Reply<Name>> | Reply<Name>
} & {
  [Name in RowRoute]: (
    input: Input<Name>,
    caller: Caller,
  ) => Iterable<Reply<Name>> | AsyncIterable<Reply<Name>> | Promise<Iterable<Reply<Name>>>
}
