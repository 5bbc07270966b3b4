/**
 * All parsers and framers on broken and hostile input. FUZZ_CASES says how many changed lines (CI takes a million),
 * FUZZ_SEED which; a failure prints the line as JSON text in latin1.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Fuzzer } from './run.ts'
import { seedLines } from './seeds.ts'

const CASES = Number(process.env['FUZZ_CASES'] ?? 30_000)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_250_220)
/** Caches of the parser and of the engine fill while it runs; what grows with the cases would be far more. */
const GROWTH_LIMIT_BYTES = 24 * 2 ** 20
const MEMORY_CASES = 8192

const seeds = seedLines()

function bytesInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}

function assertClean(fuzzer: Fuzzer): void {
  assert.deepEqual(fuzzer.failures, [])
  assert.equal(fuzzer.slow, 0)
}

test('every line of every fixture may be cut at every offset, from both ends', (context) => {
  // The fast run takes a part of the lines.
  const some = CASES >= 500_000 ? seeds : seeds.filter((_, i) => i % 32 === SEED % 32)
  const fuzzer = new Fuzzer(some, SEED)
  fuzzer.runCuts()
  assertClean(fuzzer)
  assert.ok(fuzzer.cases > some.length * 2 && fuzzer.read > 0)
  context.diagnostic(`${fuzzer.cases} cases of ${some.length} lines, ${fuzzer.read} read`)
})

test('lines changed at random and by grammar never throw, hang, leak or change what other lines say', (context) => {
  assert.ok(seeds.length > 100)
  const fuzzer = new Fuzzer(seeds, SEED)
  fuzzer.runChanges(Math.min(MEMORY_CASES, CASES))
  const before = bytesInUse()
  fuzzer.runChanges(CASES - fuzzer.cases)
  const grown = bytesInUse() - before
  assertClean(fuzzer)
  assert.ok(fuzzer.cases >= CASES && fuzzer.read > CASES / 10)
  assert.ok(grown < GROWTH_LIMIT_BYTES, `memory grew by ${grown} bytes`)
  context.diagnostic(`${fuzzer.cases} cases, ${fuzzer.read} read, memory grew by ${grown} bytes`)
})
