/**
 * E02 of RELIABILITY.md: a process that publishes lists is killed by kill -9 at any moment, again and again on one folder.
 * What it serves right after the next start is always one whole revision of every feed and never empty.
 * `KILLS` says how often (the paper asks for 200: about a minute); a few by default.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../src/demo/random.ts'
import { COUNT, type Served, servedFrom } from './feed-kill-child.ts'
import { temporaryFolder } from './harness.ts'

const SEED = 20_261_122
const KILLS = Number(process.env['KILLS'] ?? 16)
/** Chains of kills side by side, each on its own folder. */
const CHAINS = 2
const LATEST_KILL_MS = 120
const CHILD = new URL('./feed-kill-child.ts', import.meta.url).pathname
const FEEDS = ['blacklist', 'edge', 'siem']

describe('kill -9 while lists are published', () => {
  test(`E02: after each of ${KILLS} kills every feed serves its last whole revision, never an empty one`, async (t) => {
    const random = seededRandom(SEED)
    const revisions: number[] = []
    await Promise.all(
      Array.from({ length: CHAINS }, async () => {
        const folder = await temporaryFolder(t)
        let isFirst = true
        for (let kill = 0; kill < KILLS / CHAINS; kill++) {
          const served = await publishAndKill(folder, random() * LATEST_KILL_MS, (child) =>
            t.after(() => end(child)),
          )
          if (!isFirst) check(served, revisions)
          isFirst = false
        }
        check(await servedFrom(folder), revisions)
      }),
    )
    t.diagnostic(`${KILLS} kills; the highest revision served after a start is ${Math.max(...revisions)}`)
  })
})

function check(served: readonly Served[], revisions: number[]): void {
  assert.deepEqual(
    served.map(({ feed }) => feed),
    FEEDS,
  )
  for (const { feed, origin, revision, count, fault } of served) {
    assert.equal(fault, null, feed)
    assert.equal(origin, 'file', `${feed} is the last good copy`)
    assert.equal(count, COUNT, `${feed} is whole`)
    revisions.push(revision)
  }
}

/** Starts the process on the folder, kills it so long after it began to publish; answers what it served at its start. */
async function publishAndKill(
  folder: string,
  afterMs: number,
  onStart: (child: ChildProcess) => void,
): Promise<readonly Served[]> {
  const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  onStart(child)
  const exited = once(child, 'exit')
  let served: readonly Served[] | null = null
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'publishing') {
      served = JSON.parse(line) as Served[]
      continue
    }
    // The first time it must have written every feed once: until then there is nothing that could be served.
    if (served?.length === 1) await untilKept(folder)
    await sleep(afterMs)
    child.kill('SIGKILL')
  }
  const [, signal] = (await exited) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', 'it ended by itself')
  return served ?? assert.fail('it said nothing of what it served')
}

async function untilKept(folder: string): Promise<void> {
  for (;;) {
    const served = await servedFrom(folder)
    if (served.length === FEEDS.length && served.every(({ count }) => count === COUNT)) return
    await sleep(50)
  }
}

function end(child: ChildProcess): void {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}
