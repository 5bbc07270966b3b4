/**
 * What the contract says of stored records, carried out: filters are read, bounded in time and handed to the search.
 * Where `records.maskUsers` is set, viewers see no names of users, nor can they ask for them.
 */
import type { Caller, Input, Reply, ServiceActions } from '../api/control-contract.ts'
import type { Settings } from '../config/schema.ts'
import type { Decider } from '../decide/decider.ts'
import { parseNetwork } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import { DISPOSITIONS, type LogRecord, SEVERITIES } from '../model/log-record.ts'
import {
  asksBlocked,
  asksContained,
  asksUsers,
  asksWords,
  type BlockedTable,
  compileFilter,
  type Condition,
} from '../query/compile.ts'
import { completeFilter } from '../query/complete.ts'
import type { Field } from '../query/fields.ts'
import { FilterError, type FilterFault } from '../query/filter-error.ts'
import { parseFilter } from '../query/parse-filter.ts'
import { printFilter } from '../query/print-filter.ts'
import { arrivalBounds } from '../query/ranges.ts'
import type { Filter, TimeContext } from '../query/tree.ts'
import type { StoredRecord } from '../store/logs/stored-batch.ts'
import type { TextValues } from '../store/logs/text-values.ts'
import { BlockedTableKeeper, ruleHitOf } from './blocked-table.ts'
import { LiveHub } from './live-hub.ts'
import type { Parts } from './parts.ts'
import { type Bounds, type Cursor, RecordSearch } from './record-search.ts'
import { countedField, filterOf, shownValue } from './record-views.ts'

type RecordActions = Pick<
  ServiceActions,
  | 'queryRecords'
  | 'histogram'
  | 'facets'
  | 'topList'
  | 'recordById'
  | 'exportRecords'
  | 'checkFilter'
  | 'tailRecords'
  | 'addressStates'
>

const DEFAULT_SPAN_MS = 86_400_000
const MASK = '(masked)'
/** Series of a histogram by the firewall's own words. */
const MOST_SERIES = 10
const SHOWN_DEVICES = 50

interface Asked extends Bounds {
  readonly canonical: string
  readonly condition: Condition
}

type Range = Pick<Input<'queryRecords'>, 'filter' | 'since' | 'until'>

/** `decider` throws while there is none yet. */
export function recordActions(parts: Parts, settings: () => Settings, decider: () => Decider): RecordActions {
  const desk = new RecordDesk(parts, settings, decider)
  return {
    queryRecords: (input, caller) => desk.query(input, caller),
    histogram: (input, caller) => desk.histogram(input, caller),
    facets: (input, caller) => desk.facets(input, caller),
    topList: (input, caller) => desk.top(input, caller),
    recordById: ({ id }, caller) => desk.byId(id, caller),
    exportRecords: (input, caller) => desk.all(input, caller),
    tailRecords: (input, caller) => desk.tail(input, caller),
    addressStates: ({ addresses }) => ({ states: addresses.flatMap((one) => stateOf(decider(), one)) }),
    checkFilter: ({ filter, at }) => checkFilter(parts, filter, at ?? filter.length),
  }
}

class RecordDesk {
  readonly #parts: Parts
  readonly #settings: () => Settings
  readonly #decider: () => Decider
  #search: RecordSearch | null = null
  #blocked: BlockedTableKeeper | null = null

  constructor(parts: Parts, settings: () => Settings, decider: () => Decider) {
    this.#parts = parts
    this.#settings = settings
    this.#decider = decider
  }

  async query(input: Input<'queryRecords'>, caller: Caller): Promise<Reply<'queryRecords'>> {
    const asked = await this.#asked(input, caller)
    const wanted = wantedFields(input.fields)
    const options = {
      limit: input.limit + 1,
      cursor: cursorOf(input.cursor),
      withRaw: wanted?.has('raw') === true,
    }
    const found = await this.#records().newest(asked.condition, asked, options, caller.signal)
    const shown = found.slice(0, input.limit)
    const last = shown.at(-1)
    const { withRaw } = options
    return {
      ...spanOf(asked),
      items: shown.map((record) => {
        const { raw, ...rest } = this.#view(record, wanted, caller)
        return withRaw ? { ...rest, raw: raw ?? '' } : rest
      }),
      nextCursor: found.length > input.limit && last !== undefined ? cursorText(last) : null,
    }
  }

  async histogram(input: Input<'histogram'>, caller: Caller): Promise<Reply<'histogram'>> {
    const asked = await this.#asked(input, caller)
    const { fromMs, toMs } = asked
    const bucketMs = Math.max(1, Math.ceil((toMs - fromMs + 1) / input.buckets))
    const rows = await this.#records().histogram(asked.condition, asked, bucketMs, input.by, caller.signal)
    const buckets = Math.ceil((toMs - fromMs + 1) / bucketMs)
    const series = new Map<string, { total: number; counts: number[] }>()
    for (const { bucket, name, count } of rows) {
      const one = series.get(name) ?? { total: 0, counts: Array<number>(buckets).fill(0) }
      one.total += count
      one.counts[bucket] = (one.counts[bucket] ?? 0) + count
      series.set(name, one)
    }
    const named = [...series].map(([name, one]) => ({ name: seriesName(input.by, name), ...one }))
    return {
      ...spanOf(asked),
      bucketMs,
      total: named.reduce((sum, { total }) => sum + total, 0),
      series: withOther(named.sort((a, b) => b.total - a.total)),
    }
  }

  async facets(input: Input<'facets'>, caller: Caller): Promise<Reply<'facets'>> {
    const asked = await this.#asked(input, caller)
    const facets: Reply<'facets'>['facets'] = []
    for (const name of new Set(input.fields)) {
      const { field, expression } = this.#counted(name, caller)
      const rows = await this.#records().top(asked.condition, asked, expression, input.limit, caller.signal)
      facets.push({
        field: field.name,
        values: rows.map(({ value, count }) => countedView(field, value, count)),
      })
    }
    return { ...spanOf(asked), facets }
  }

  async top(input: Input<'topList'>, caller: Caller): Promise<Reply<'topList'>> {
    const asked = await this.#asked(input, caller)
    const { field, expression } = this.#counted(input.field, caller)
    const rows = await this.#records().topWithMore(
      asked.condition,
      asked,
      expression,
      input.limit,
      caller.signal,
    )
    const items = rows.map(({ value, count, firstAtMs, lastAtMs, sources, destinations }) => ({
      ...countedView(field, value, count),
      firstAt: iso(firstAtMs),
      lastAt: iso(lastAtMs),
      sources,
      destinations,
    }))
    return { ...spanOf(asked), field: field.name, items }
  }

  async byId(id: string, caller: Caller): Promise<Reply<'recordById'>> {
    const [segment = '', position = ''] = id.split(':')
    const record = await this.#records().byId(segment, Number(position), caller.signal)
    if (record === null)
      throw new AppError(
        'not-found',
        `there is no stored record ${id}: it may be older than retention.logMonths`,
      )
    return this.#view(record, null, caller)
  }

  async *all(input: Input<'exportRecords'>, caller: Caller): AsyncGenerator<Reply<'exportRecords'>> {
    const asked = await this.#asked(input, caller)
    const wanted = wantedFields(input.fields)
    const options = { limit: input.limit ?? null, withRaw: wanted === null || wanted.has('raw') }
    for await (const records of this.#records().all(asked.condition, asked, options, caller.signal))
      for (const record of records) yield this.#view(record, wanted, caller)
  }

  /** Events from now on; with `lastId` from where an earlier view was left. */
  async *tail(
    { filter, lastId }: Input<'tailRecords'>,
    caller: Caller,
  ): AsyncGenerator<Reply<'tailRecords'>> {
    const tree = readFilter(filter)
    const isMasked = this.#isMasked(caller)
    if (isMasked && (asksUsers(tree) || asksWords(tree)))
      throw new AppError('usage', 'names of users are masked for viewers: filter by fields other than those')
    this.#parts.live ??= new LiveHub(this.#parts, this.#decider())
    const question = { filter: printFilter(tree), user: caller.userId ?? caller.user, lastId: lastId ?? null }
    const signal = caller.signal ?? new AbortController().signal
    for await (const { id, event } of this.#parts.live.events(question, signal)) {
      if (event.kind !== 'record')
        yield {
          id,
          ...event,
          ...('active' in event ? { active: [...event.active] } : {}),
        } as Reply<'tailRecords'>
      else yield { id, kind: 'record', record: isMasked ? withoutUsers(event.record) : event.record }
    }
  }

  #records(): RecordSearch {
    const { logs } = this.#parts
    if (logs?.isReady !== true)
      throw new AppError('store-unavailable', 'the log store does not answer yet: try again in a moment')
    this.#search ??= new RecordSearch(logs.client)
    return this.#search
  }

  async #asked(range: Range, caller: Caller): Promise<Asked> {
    const time = this.#time()
    const filter = readFilter(range.filter)
    const isMasked = this.#isMasked(caller)
    if (isMasked && asksUsers(filter))
      throw new AppError(
        'usage',
        'names of users and raw lines are masked for viewers, so they cannot be asked for',
      )
    const blocked: BlockedTable = asksBlocked(filter)
      ? await this.#blockedTable()
      : { table: '', prefixLengths: [] }
    const bounds = boundsOf(filter, range, time)
    const known = asksContained(filter) ? await this.#knownTexts(bounds, caller.signal) : null
    const mayHold = known === null ? {} : { mayHold: known.mayHold.bind(known) }
    return {
      ...bounds,
      canonical: printFilter(filter),
      condition: compileFilter(filter, { ...time, blocked, hidesUsers: isMasked, ...mayHold }),
    }
  }

  /** Null where not all texts of the span are known: then every column is read. */
  async #knownTexts(bounds: Bounds, signal: AbortSignal | undefined): Promise<TextValues | null> {
    const texts = this.#parts.logs?.texts
    if (texts === undefined) return null
    try {
      return (await texts.isKnown(bounds, signal)) ? texts : null
    } catch (error) {
      if (signal?.aborted === true) throw error
      return null // the search itself then says what is wrong with the store
    }
  }

  #time(): TimeContext {
    return { nowMs: this.#parts.clock.nowMs(), timeZone: this.#settings()['time.zone'] }
  }

  #blockedTable(): Promise<BlockedTable> {
    const { logs } = this.#parts
    if (logs === null) throw new AppError('store-unavailable', 'the log store is not started yet')
    this.#blocked ??= new BlockedTableKeeper(logs.client, this.#decider())
    return this.#blocked.fresh()
  }

  #isMasked({ role }: Caller): boolean {
    return role === 'viewer' && this.#settings()['records.maskUsers']
  }

  #counted(name: string, caller: Caller): ReturnType<typeof countedField> {
    const counted = countedField(name)
    if (this.#isMasked(caller) && ['sourceUser', 'destinationUser'].includes(counted.expression))
      throw new AppError('usage', 'names of users are masked for viewers, so they cannot be counted')
    return counted
  }

  #view(record: StoredRecord, wanted: ReadonlySet<string> | null, caller: Caller): Reply<'recordById'> {
    const masked = this.#isMasked(caller) ? withoutUsers(record) : record
    if (wanted === null) return masked
    return Object.fromEntries(Object.entries(masked).filter(([name]) => name === 'id' || wanted.has(name)))
  }
}

function withoutUsers<One extends LogRecord>(record: One): One {
  const masked = (text: string | null): string | null => (text === null ? null : MASK)
  return {
    ...record,
    sourceUser: masked(record.sourceUser),
    destinationUser: masked(record.destinationUser),
    raw: record.raw === '' ? '' : MASK,
  }
}

/** Names as the record has them; null: all. */
function wantedFields(names: readonly string[] | undefined): ReadonlySet<string> | null {
  return names === undefined ? null : new Set(names)
}

function seriesName(by: Input<'histogram'>['by'], name: string): string | null {
  if (by === 'action') return name === '' ? null : name
  return (by === 'severity' ? SEVERITIES : DISPOSITIONS)[Number(name)] ?? null
}

interface Series {
  name: string | null
  total: number
  counts: number[]
}

/** At most MOST_SERIES; what is rarer becomes one. */
function withOther(series: readonly Series[]): Series[] {
  if (series.length <= MOST_SERIES) return [...series]
  const rest = series.slice(MOST_SERIES - 1)
  const [first] = rest
  const other: Series = { name: 'other', total: 0, counts: Array<number>(first?.counts.length ?? 0).fill(0) }
  for (const { total, counts } of rest) {
    other.total += total
    counts.forEach((count, i) => {
      other.counts[i] = (other.counts[i] ?? 0) + count
    })
  }
  return [...series.slice(0, MOST_SERIES - 1), other]
}

function countedView(
  field: Field,
  text: string,
  count: number,
): { value: string | number | null; count: number; filter: string } {
  const value = shownValue(field, text)
  return { value, count, filter: filterOf(field, value) }
}

const iso = (ms: number): string => new Date(ms).toISOString()

function spanOf({ canonical, fromMs, toMs }: Asked): { filter: string; from: string; to: string } {
  return { filter: canonical, from: iso(fromMs), to: iso(toMs) }
}

/** What is asked for, and no more than the filter's own times; without any the last day. */
function boundsOf(filter: Filter, { since, until }: Range, time: TimeContext): Bounds {
  const own = arrivalBounds(filter, time)
  const toMs = Math.min(own.last, until === undefined ? time.nowMs : Date.parse(until))
  const givenMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since)
  const firstMs = Math.max(own.first, givenMs)
  const fromMs = Number.isFinite(firstMs) ? firstMs : toMs - DEFAULT_SPAN_MS
  if (toMs < fromMs) throw new AppError('usage', 'the time range ends before it begins')
  return { fromMs: Math.max(0, fromMs), toMs }
}

/** Throws AppError `usage` that points at the character. */
export function readFilter(text: string): Filter {
  try {
    return parseFilter(text)
  } catch (error) {
    if (error instanceof FilterError) throw new AppError('usage', `filter ${error.message}`)
    throw error
  }
}

function checkFilter(parts: Parts, text: string, at: number): Reply<'checkFilter'> {
  let canonical: string | null = null
  let fault: FilterFault | null = null
  try {
    canonical = printFilter(parseFilter(text))
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    fault = error.fault
  }
  const { from, to, choices } = completeFilter(text, at, (field) => knownValues(parts, field))
  return { canonical, fault, completion: { from, to, choices: [...choices] } }
}

/** Nothing for an address about which nothing is decided, and for what is no single address: wide ones cost O(active) each. */
function stateOf(decider: Decider, address: string): Reply<'addressStates'>['states'] {
  const target = parseNetwork(address)
  if (target?.prefixLength !== 128) return []
  const block = decider.blockOver(target)
  if (block !== null) return [{ address, state: 'blocked', rule: ruleHitOf(block) }]
  const check = decider.allow.check(address)
  return check.ok && check.value.entry !== null ? [{ address, state: 'allowed', rule: null }] : []
}

/** What is known without asking the store. */
function knownValues({ pipeline }: Parts, { name }: Field): string[] {
  const status = pipeline?.status
  if (name === 'device_name')
    return (status?.devices ?? []).slice(0, SHOWN_DEVICES).map(({ device }) => device)
  if (name === 'sender')
    return (status?.senders.list ?? []).slice(0, SHOWN_DEVICES).map(({ sender }) => sender)
  if (name === 'type') return ['TRAFFIC', 'THREAT', 'SYSTEM', 'AUTHENTICATION', 'GLOBALPROTECT', 'URL']
  if (name === 'proto') return ['tcp', 'udp', 'icmp']
  if (name === 'action')
    return ['allow', 'deny', 'drop', 'reset-client', 'reset-server', 'reset-both', 'alert']
  return []
}

const CURSOR = /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(\d{1,10})$/

function cursorText({ receivedAt, id }: StoredRecord): string {
  return Buffer.from(`${Date.parse(receivedAt ?? '')}.${id}`).toString('base64url')
}

function cursorOf(text: string | undefined): Cursor | null {
  if (text === undefined) return null
  const found = CURSOR.exec(Buffer.from(text, 'base64url').toString('utf8'))
  if (found === null) throw new AppError('usage', 'cursor must be one that a page gave')
  const [, receivedAtMs, segment = '', position] = found
  return { receivedAtMs: Number(receivedAtMs), segment, position: Number(position) }
}
