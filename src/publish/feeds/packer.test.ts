import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { formatNetwork, type Network } from '../../lib/address.ts'
import type { FeedEntry } from './feed-entry.ts'
import { entry, NOW_MS, network } from './feed-fixture.ts'
import { Packer, type PackerOptions, type PackRequest } from './packer.ts'

const HOSTS = Array.from({ length: 64 }, (_, i) => entry(`198.51.100.${i}`))

const request = (entries: readonly FeedEntry[], parts: Partial<PackRequest> = {}): PackRequest => ({
  entries,
  matches: () => true,
  refuse: () => null,
  never: [],
  spared: [],
  options: { aggregate: 'lossless', capacity: null, capacityScope: 'firewall', shards: 1 },
  nowMs: NOW_MS,
  ...parts,
})

const packerOf = (t: TestContext, options: PackerOptions = { inlineEntries: 0 }): Packer => {
  const packer = new Packer(options)
  t.after(() => packer.close())
  return packer
}

/** A worker that does what the test wants. */
async function workerOf(t: TestContext, source: string): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'ads-packer-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'worker.mjs')
  await writeFile(path, `import { parentPort } from 'node:worker_threads'\n${source}\n`)
  return pathToFileURL(path)
}

const texts = (rows: readonly { network: Network }[]): string[] =>
  rows.map((row) => formatNetwork(row.network))

test('in the thread and at once it is the same result', async (t) => {
  const asked = request([...HOSTS, entry('2001:db8::1'), entry('198.51.100.200')], {
    options: { aggregate: 'lossless', capacity: 2, capacityScope: 'firewall', shards: 1 },
    refuse: (target) => (formatNetwork(target) === '198.51.100.200' ? 'it is your own' : null),
  })
  const inThread = await packerOf(t).pack(asked)
  assert.deepEqual(await packerOf(t, {}).pack(asked), inThread)
  assert.deepEqual(texts(inThread.rows), ['198.51.100.0/26', '2001:db8::1'])
  assert.equal(inThread.rows[0]?.decisions, 64)
  assert.equal(inThread.matched, 65)
  assert.deepEqual(
    inThread.refused.map(({ reason }) => reason),
    ['it is your own'],
  )
  assert.equal(inThread.refusedCount, 1)
  assert.deepEqual(inThread.shardStart, [0, 2])
})

test('what has no place is told with its number, the most valuable first', async (t) => {
  const entries = [
    entry('198.51.100.0', { hits: 0 }),
    entry('198.51.100.4', { hits: 9 }),
    entry('198.51.100.8', { proof: 'handshake' }),
    entry('198.51.100.12', { origin: 'manual', rule: null, proof: null }),
  ]
  const options = { aggregate: 'lossless', capacity: 1, capacityScope: 'firewall', shards: 1 } as const
  const outcome = await packerOf(t).pack(request(entries, { options }))
  assert.deepEqual(texts(outcome.rows), ['198.51.100.12'])
  assert.deepEqual(texts(outcome.leftOut), ['198.51.100.8', '198.51.100.4', '198.51.100.0'])
  assert.deepEqual([outcome.leftOutRows, outcome.leftOutDecisions], [3, 3])
})

test('when not all fit, recency, severity, proof, lines while blocked and repeats each decide what stays', async (t) => {
  const packer = packerOf(t)
  const options = { aggregate: 'lossless', capacity: 1, capacityScope: 'firewall', shards: 1 } as const
  const equal = { lastSeenAtMs: NOW_MS - 3_600_000, hits: 0, offences: 1 }
  for (const more of [
    { lastSeenAtMs: NOW_MS },
    { severity: 'critical' },
    { severity: 'medium' },
    { proof: 'handshake' },
    { hits: 3 },
    { offences: 2 },
  ] as const) {
    // The better one comes last in the order of addresses, which decides where all is equal.
    const entries = [entry('198.51.100.1', equal), entry('198.51.100.9', { ...equal, ...more })]
    const { rows, leftOut } = await packer.pack(request(entries, { options }))
    assert.deepEqual(
      [texts(rows), texts(leftOut)],
      [['198.51.100.9'], ['198.51.100.1']],
      JSON.stringify(more),
    )
  }
})

test('the filter and the allowlist are asked before packing, and no merging covers an allowlisted address', async (t) => {
  const outcome = await packerOf(t).pack(
    request(HOSTS, {
      matches: ({ network: { words } }) => (words[3] & 255) !== 3,
      never: [network('198.51.100.7')],
    }),
  )
  assert.deepEqual(texts(outcome.rows).slice(0, 4), [
    '198.51.100.0/31',
    '198.51.100.2',
    '198.51.100.4/31',
    '198.51.100.6',
  ])
  assert.equal(outcome.matched, 63)
  assert.equal(outcome.refusedCount, 1)
  assert.match(outcome.refused[0]?.reason ?? '', /allowlisted or protected/)
})

test('several wait for the thread and all are answered; too many are refused', async (t) => {
  const packer = packerOf(t, { inlineEntries: 0, mostWaiting: 3 })
  const asked = Array.from({ length: 6 }, () => packer.pack(request(HOSTS)))
  const settled = await Promise.allSettled(asked)
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
  )
  assert.equal((await packer.pack(request(HOSTS))).rows.length, 1, 'and it goes on')
})

test('options that cannot be packed are an error of that packing alone', async (t) => {
  const packer = packerOf(t)
  const options = { aggregate: 'lossless', capacity: 0, capacityScope: 'firewall', shards: 1 } as const
  await assert.rejects(packer.pack(request(HOSTS, { options })), /capacity/)
  assert.equal((await packer.pack(request(HOSTS))).rows.length, 1)
})

test('a thread that dies fails what it packed, with the cause, and the next gets a new thread', async (t) => {
  const workerUrl = await workerOf(t, "parentPort.on('message', () => { throw new Error('out of luck') })")
  const packer = packerOf(t, { inlineEntries: 0, workerUrl })
  for (let i = 0; i < 2; i++) await assert.rejects(packer.pack(request(HOSTS)), /thread ended: out of luck/)
})

test('a thread that hangs is ended after the limit', async (t) => {
  const workerUrl = await workerOf(t, "parentPort.on('message', () => { for (;;); })")
  const packer = packerOf(t, { inlineEntries: 0, workerUrl, limitMs: 50 })
  await assert.rejects(packer.pack(request(HOSTS)), /longer than 50 ms/)
})

test('closing ends what runs and refuses the rest', async (t) => {
  const workerUrl = await workerOf(t, "parentPort.on('message', () => {})")
  const packer = packerOf(t, { inlineEntries: 0, workerUrl })
  const running = [packer.pack(request(HOSTS)), packer.pack(request(HOSTS))]
  const settled = Promise.allSettled(running)
  await new Promise((resolve) => setImmediate(resolve))
  await packer.close()
  for (const one of await settled) assert.equal(one.status, 'rejected')
  await assert.rejects(packer.pack(request(HOSTS)), /closed/)
})
