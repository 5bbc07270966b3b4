/** Filters over the real store: what SQL finds is what the evaluator finds, and what is printed means the same. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type Address, formatNetwork, parseAddress, parseNetwork } from '../lib/address.ts'
import { systemClock } from '../lib/clock.ts'
import { CATEGORIES, FLAGS } from '../model/log-record.ts'
import type { RecordBatch } from '../model/record-batch.ts'
import type { LogStore } from '../store/logs/log-store.ts'
import { SegmentSpool } from '../store/logs/segment-spool.ts'
import { SegmentWriter } from '../store/logs/segment-writer.ts'
import { TextValues } from '../store/logs/text-values.ts'
import { batchOf, everyField, type TestRecord } from '../store/logs/test-batches.ts'
import { openTestStore, type TestStore } from '../store/logs/test-store.ts'
import { BatchRow } from './batch-row.ts'
import { asksContained, type CompileContext, compileFilter } from './compile.ts'
import { type EvaluateContext, matcherOf } from './evaluate.ts'
import { FIELDS, type Field, type Operator, OPERATORS_OF, SEARCHED_TEXTS } from './fields.ts'
import { parseFilter } from './parse-filter.ts'
import { printFilter } from './print-filter.ts'
import type { Filter, Value } from './tree.ts'
import { readValue, RULE_HITS, searchValue } from './values.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const RECORDS = 300
const FILTERS = 250

const ADDRESSES = [
  '198.51.100.7',
  '198.51.100.200',
  '203.0.113.9',
  '192.0.2.1',
  '2001:db8::7',
  '2001:db8:1::9',
]
const NETWORKS = [
  '198.51.100.0/24',
  '203.0.113.8/29',
  '2001:db8::/32',
  '0.0.0.0/0',
  '::/0',
  '::',
  '2001:db8:1::/48',
]
const TEXTS = [
  '',
  'tcp',
  'DENY',
  'deny',
  'TRAFFIC',
  "o'brien",
  'CORP\\alice',
  'Österreich',
  'a b',
  '%',
  '_',
  'é',
  'rule 1',
  '{p1:String}',
]
const BLOCKED = new Map([
  ['198.51.100.7', 'port-scan'],
  ['203.0.113.8/29', 'manual'],
  ['2001:db8:1::/64', 'threat'],
])

const pick = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })
const small = fc.nat(5)

const record: fc.Arbitrary<TestRecord> = fc
  .record({
    raw: fc.constantFrom('a Line', 'DENY it', 'é', ''),
    eventTimeMs: maybe(fc.integer({ min: NOW - 7_200_000, max: NOW })),
    sourceAddress: maybe(pick(ADDRESSES)),
    destinationAddress: maybe(pick(ADDRESSES)),
    natSourceAddress: maybe(pick(ADDRESSES)),
    sourcePort: fc.constantFrom(0, 1, 80, 1024, 65_535),
    destinationPort: fc.constantFrom(0, 22, 80, 443, 8080),
    bytesSent: maybe(fc.constantFrom(0, 1, 1000, 9_007_199_254_740_991)),
    threatId: fc.constantFrom(0, 1, 30_001),
    repeatCount: fc.constantFrom(1, 2, 100),
    severity: small,
    disposition: fc.nat(3),
    attacker: fc.nat(2),
    outcome: fc.nat(2),
    category: fc.nat(CATEGORIES.length - 1),
    format: fc.nat(10),
    flags: fc.nat(255),
    device: maybe(pick(TEXTS)),
    rule: maybe(pick(TEXTS)),
    action: maybe(pick(['deny', 'allow', 'drop'])),
    type: maybe(pick(['TRAFFIC', 'THREAT'])),
    protocol: maybe(pick(['tcp', 'udp'])),
    sourceUser: maybe(pick(TEXTS)),
    url: maybe(pick(TEXTS)),
    sourceCountry: maybe(pick(TEXTS)),
  })
  .map(
    (fields) =>
      Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as TestRecord,
  )

function valueText(field: Field): fc.Arbitrary<string> {
  switch (field.kind) {
    case 'address':
      return pick([...ADDRESSES, ...NETWORKS])
    case 'port':
      return pick(['22', '80', '1', '65535', '1000-2000', '80-443'])
    case 'text':
      return pick(TEXTS)
    case 'number':
      return pick(['0', '1', '30001', '1000', '9007199254740991'])
    case 'code':
    case 'ordinal':
      return pick(field.names.map((name) => name ?? ''))
    case 'time':
      return pick(['now-1h', 'last-30-minutes', 'last-hour', '2026/11/22 11:30:00', 'now'])
    case 'flags':
      return pick(FLAGS)
    case 'blocked':
      return pick(['yes', 'no'])
    case 'rule-hit':
      return pick(RULE_HITS)
  }
}

const comparison: fc.Arbitrary<Filter> = pick(FIELDS).chain((field) =>
  pick(OPERATORS_OF[field.kind]).chain((operator: Operator) =>
    fc
      .array(valueText(field), { minLength: 1, maxLength: operator === 'in' || operator === 'notin' ? 3 : 1 })
      .map((texts): Filter => {
        const values = texts.flatMap((text): Value[] => {
          const value = readValue(field, operator, text)
          return value.type === 'wrong' ? [] : [value]
        })
        return values.length === 0 ? { kind: 'all' } : { kind: 'compare', field, operator, values }
      }),
  ),
)
const search: fc.Arbitrary<Filter> = pick([
  '198.51.100.7',
  '203.0.113.0/24',
  '80',
  'deny',
  "o'b",
  'ö',
  'and',
  'rule',
]).map((text) => ({ kind: 'search', value: searchValue(text, false) }))
const filter: fc.Arbitrary<Filter> = fc.letrec<{ tree: Filter }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof({ weight: 5, arbitrary: comparison }, { weight: 1, arbitrary: search }),
    fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((parts) => chain('and', parts)),
    fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((parts) => chain('or', parts)),
    tie('tree').map((part): Filter => (part.kind === 'all' ? part : { kind: 'not', part })),
  ),
})).tree

/** As the parser makes it: no empty parts, chains of one kind in one level. */
function chain(kind: 'and' | 'or', parts: readonly Filter[]): Filter {
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : part.kind === 'all' ? [] : [part]))
  const [only] = flat
  return only === undefined ? { kind: 'all' } : flat.length === 1 ? only : { kind, parts: flat }
}

test('what is printed is read as the same tree', () => {
  fc.assert(
    fc.property(filter, (tree) => assert.deepEqual(parseFilter(printFilter(tree)), tree)),
    { numRuns: 1000 },
  )
})

test('no text of any kind ends the parser in another way than by a FilterError', () => {
  const words = fc.constantFrom(
    '(',
    ')',
    'and',
    'or',
    '!',
    'not',
    'addr',
    'in',
    'eq',
    "'",
    '"',
    '\\',
    ',',
    'x',
    '198.51.100.7',
    ' ',
  )
  fc.assert(
    fc.property(fc.array(words, { maxLength: 60 }), (parts) => {
      try {
        parseFilter(parts.join(' '))
      } catch (error) {
        assert.equal((error as Error).name, 'FilterError')
      }
    }),
    { numRuns: 1000 },
  )
})

let opened: TestStore
let folder = ''
let store: LogStore
let batch: RecordBatch
let texts: TextValues

before(async () => {
  opened = await openTestStore()
  ;({ folder, store } = opened)
  const records = [...fc.sample(record, { numRuns: RECORDS, seed: 1 }), everyField(NOW - 1000)]
  batch = batchOf(records, { receivedAtMs: NOW - 1_800_000 })
  const report = (): void => {}
  const spool = await SegmentSpool.open({ folder, maxSpoolBytes: 1e9, clock: systemClock, report })
  const writer = new SegmentWriter({ spool, clock: systemClock, keepRaw: true, report })
  assert.equal(writer.append(batch), true)
  await writer.close()
  const segment = spool.take()
  assert.ok(segment)
  await store.insertSegment(segment, segment.footer.segment, new AbortController().signal)
  texts = new TextValues(store, SEARCHED_TEXTS, systemClock)
  assert.equal(await texts.isKnown({ fromMs: NOW - 86_400_000, toMs: NOW }), true)
  await store.command(
    'CREATE TABLE blocked_now (first IPv6, prefixLength UInt8, rule String) ENGINE = Memory',
  )
  for (const [target, rule] of BLOCKED) {
    const network = parseNetwork(target)
    assert.ok(network)
    const first = formatNetwork({ ...network, prefixLength: 128 })
    await store.command('INSERT INTO blocked_now SELECT {first:IPv6}, {length:UInt8}, {rule:String}', {
      first: first.includes(':') ? first : `::ffff:${first}`,
      length: network.prefixLength,
      rule,
    })
  }
})
after(() => opened.close())

const time = { nowMs: NOW, timeZone: 'UTC' }
const context: EvaluateContext = { ...time, blockOf }

function blockOf(source: Address): string | null {
  for (const [target, rule] of BLOCKED) {
    const network = parseNetwork(target)
    if (
      network !== null &&
      source.every((word, i) => (word & maskOf(network.prefixLength, i)) >>> 0 === network.words[i])
    )
      return rule
  }
  return null
}

function maskOf(prefixLength: number, word: number): number {
  const bits = Math.min(32, Math.max(0, prefixLength - word * 32))
  return bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0
}

const blocked = { table: 'blocked_now', prefixLengths: [64, 125, 128] }

async function foundBySql(tree: Filter, mayHold?: CompileContext['mayHold']): Promise<number[]> {
  const { sql, parameters } = compileFilter(tree, {
    ...time,
    blocked,
    ...(mayHold === undefined ? {} : { mayHold }),
  })
  const rows = await store.rows<{ position: number }>(
    `SELECT position FROM logs WHERE ${sql} ORDER BY position`,
    parameters,
  )
  return rows.map(({ position }) => Number(position))
}

function foundInMemory(tree: Filter): number[] {
  const matches = matcherOf(tree, context)
  const row = new BatchRow(batch)
  const found: number[] = []
  for (row.row = 0; row.row < batch.count; row.row++) if (matches(row)) found.push(row.row)
  return found
}

test('for random filters the store finds the records that the evaluator finds', async () => {
  assert.deepEqual(parseAddress('::'), [0, 0, 0, 0])
  let hits = 0
  await fc.assert(
    fc.asyncProperty(filter, async (tree) => {
      const expected = foundInMemory(tree)
      if (expected.length > 0 && expected.length < batch.count) hits++
      assert.deepEqual(await foundBySql(tree), expected, printFilter(tree))
    }),
    { numRuns: FILTERS },
  )
  assert.ok(hits > FILTERS / 4, `${hits} filters told records apart`)
})

test('who knows which texts are stored reads fewer columns and finds the same records', async () => {
  const text = pick(['deny', "o'b", 'ö', 'rule', 'alice', 'nobody', 'TRAFFIC', 'allow', '%', 'tcp'])
  const word = text.map((value): Filter => ({ kind: 'search', value: searchValue(value, false) }))
  const within = fc.record({ field: pick(FIELDS.filter(({ kind }) => kind === 'text')), text }).map(
    ({ field, text: value }): Filter => ({
      kind: 'compare',
      field,
      operator: 'contains',
      values: [{ type: 'text', text: value }],
    }),
  )
  const asked = fc.tuple(fc.oneof(word, within), filter, fc.constantFrom('and', 'or', 'not'))
  const mayHold: CompileContext['mayHold'] = (column, value) => texts.mayHold(column, value)
  let fewer = 0
  await fc.assert(
    fc.asyncProperty(asked, async ([first, second, how]) => {
      const tree: Filter =
        how === 'not' ? { kind: 'not', part: first } : chain(how as 'and' | 'or', [first, second])
      assert.equal(asksContained(tree), true)
      const lengthOf = (context: Pick<CompileContext, 'mayHold'>): number =>
        compileFilter(tree, { ...time, blocked, ...context }).sql.length
      if (lengthOf({ mayHold }) < lengthOf({})) fewer++
      assert.deepEqual(await foundBySql(tree, mayHold), foundInMemory(tree), printFilter(tree))
    }),
    { numRuns: FILTERS / 2 },
  )
  assert.ok(fewer > FILTERS / 8, `${fewer} filters became shorter`)
})
