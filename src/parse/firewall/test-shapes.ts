/** For tests of readers that remember the shape of a line: each line must be read as if it were the first one. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { LogRecord } from '../../model/log-record.ts'
import { RawBatch } from '../../model/raw-batch.ts'
import { RecordBatch } from '../../model/record-batch.ts'
import { Parser } from '../parser.ts'
import { parseBatch, SYDNEY } from '../test-lines.ts'
import { forgetShapes } from './shape-memory.ts'

const ARRIVAL_MS = Date.UTC(2025, 2, 1)

const raw = new RawBatch(4096)
const single = new RecordBatch(raw)
const fresh = new Parser(SYDNEY)

/** The record of a line when nothing is remembered. */
export function longWay(line: string): LogRecord {
  forgetShapes()
  raw.reset()
  raw.senders = ['198.51.100.1']
  raw.receivedAtMs = ARRIVAL_MS
  const bytes = Buffer.from(line, 'latin1')
  raw.reserve(bytes.length)
  raw.add(bytes, 0, bytes.length, 0)
  fresh.parse(raw, single)
  return single.recordAt(0)
}

/** Read one after the other the lines give the records that each gives alone. */
export function assertSame(lines: readonly string[]): void {
  const expected = lines.map(longWay)
  forgetShapes()
  const records = parseBatch(
    new Parser(SYDNEY),
    lines.map((line) => Buffer.from(line, 'latin1')),
    ARRIVAL_MS,
  )
  for (const [i, record] of expected.entries()) assert.deepEqual(records.recordAt(i), record)
}

/** A line with the values at some places changed, the first place being 0. */
export type Change = (line: string, values: ReadonlyMap<number, string>) => string

/** Reads lines in which a few places change often, as in a firewall's, and any place now and then. */
export function assertChangesAreRead(
  lines: readonly string[],
  { value, places, withValues }: { value: fc.Arbitrary<string>; places: number; withValues: Change },
): void {
  const changes = fc.array(fc.tuple(fc.nat(places), value), { maxLength: 3 })
  fc.assert(
    fc.property(
      fc.constantFrom(...lines),
      changes,
      fc.array(changes, { minLength: 6, maxLength: 14 }),
      (line, often, others) => {
        assertSame([
          line,
          line,
          ...others.flatMap((some) => [
            withValues(line, new Map(some)),
            withValues(line, new Map([...often, ...some.slice(1)])),
          ]),
          line,
        ])
      },
    ),
    { numRuns: 400 },
  )
}
