/** Row 6: a million decisions packed for a firewall of 150,000 entries, and how long that keeps the main thread from other work. */
import { networkOf } from '../../../src/lib/address.ts'
import type { FeedEntry } from '../../../src/publish/feeds/feed-entry.ts'
import { Packer, type PackOutcome } from '../../../src/publish/feeds/packer.ts'
import type { Aggregation } from '../../../src/publish/feeds/pack.ts'
import type { Figure, Part } from '../part.ts'

const DECISIONS = 1_000_000
const CAPACITY = 150_000
const ROUNDS = 3
const NOW_MS = Date.parse('2026-03-04T05:06:07Z')
/** How often the main thread is asked whether it is free. */
const TICK_MS = 2

/** Linear congruential, so that every run packs the same. */
function randomWords(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
}

/** Four fifths IPv4 hosts of 10.0.0.0/8, half of them in a few crowded networks, so that halves meet; one fifth /64s. */
function makeEntries(): FeedEntry[] {
  const next = randomWords(1)
  return Array.from({ length: DECISIONS }, (_, i) => {
    const word = next()
    const low = i % 2 === 0 ? word >>> 8 : (word >>> 13) & 0x7ffff
    const network =
      i % 5 === 0 ? networkOf([0x20010db8, word, 0, 0], 64) : networkOf([0, 0, 0xffff, 0x0a000000 + low], 128)
    return {
      network,
      decisionId: `019c9a00-0000-7000-8000-${i.toString(16).padStart(12, '0')}`,
      origin: 'detector',
      rule: 'port-scan',
      severity: null,
      proof: word % 3 === 0 ? 'handshake' : 'spoofable',
      createdAtMs: NOW_MS - (word % 2_592_000_000),
      lastSeenAtMs: NOW_MS - (word % 86_400_000),
      expiresAtMs: NOW_MS + 86_400_000,
      devices: [],
      hits: word % 100,
      offences: 1,
      tags: [],
      reason: 'benchmark',
      country: null,
    }
  })
}

interface Timing {
  readonly wallMs: number
  /** Of both threads. */
  readonly cpuMs: number
  /** The longest that other work on the main thread had to wait. */
  readonly longestMs: number
  readonly outcome: PackOutcome
}

async function timed(packer: Packer, entries: readonly FeedEntry[], aggregate: Aggregation): Promise<Timing> {
  let longestMs = 0
  let lastMs = performance.now()
  const ticks = setInterval(() => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - lastMs - TICK_MS)
    lastMs = nowMs
  }, TICK_MS)
  const startMs = performance.now()
  const before = process.cpuUsage()
  const outcome = await packer.pack({
    entries,
    matches: () => true,
    refuse: () => null,
    never: [],
    spared: [],
    options: { aggregate, capacity: CAPACITY, capacityScope: 'firewall', shards: 1 },
    nowMs: NOW_MS,
  })
  const wallMs = performance.now() - startMs
  const { user, system } = process.cpuUsage(before)
  clearInterval(ticks)
  return { wallMs, cpuMs: (user + system) / 1000, longestMs, outcome }
}

export const packing: Part = async ({ say }) => {
  say(`making ${DECISIONS} decisions`)
  const entries = makeEntries()
  const packer = new Packer()
  const figures: Figure[] = []
  for (const [what, aggregate] of [
    ['lossless', 'lossless'],
    ['with up to 8 addresses of collateral a prefix', { collateralPerPrefix: 8 }],
  ] as const) {
    say(what)
    const runs: Timing[] = []
    for (let round = 0; round < ROUNDS; round++) runs.push(await timed(packer, entries, aggregate))
    const best = runs.reduce((a, b) => (b.wallMs < a.wallMs ? b : a))
    const { rows, leftOutDecisions } = best.outcome
    figures.push({
      row: 6,
      what: `${DECISIONS} decisions packed into ${CAPACITY} entries, ${what}`,
      value: best.wallMs / 1000,
      unit: 's',
      target: { atMost: 2 },
      work: null,
      note: `best of ${ROUNDS}; CPU ${(best.cpuMs / 1000).toFixed(2)} s; ${rows.length} entries, ${leftOutDecisions} decisions left out; main thread held ${best.longestMs.toFixed(0)} ms at most`,
    })
  }
  await packer.close()
  return figures
}
