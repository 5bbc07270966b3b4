import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { systemClock } from '../../lib/clock.ts'
import { type EmbeddedEvent, EmbeddedLogStore } from './embedded.ts'

test('a data folder whose socket path is too long is refused with its length', () => {
  const folder = join(tmpdir(), 'x'.repeat(110))
  assert.throws(
    () => new EmbeddedLogStore({ folder, memoryBytes: 1e9, clock: systemClock, report: () => {} }),
    /bytes and a socket's may have 107/,
  )
})

/** Running and no zombie. */
async function isAlive(pid: number): Promise<boolean> {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z') // gone between the two looks
  return !stat.includes(') Z')
}

/** The answer of the log store to a statement. */
async function ask(socketPath: string, sql: string): Promise<string> {
  const path = `/?query=${encodeURIComponent(sql)}`
  const [reply] = (await once(get({ socketPath, path }), 'response')) as [IncomingMessage]
  return text(reply)
}

test('the log store starts without a word, and its allocator took the settings', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ads-embedded-'))
  const said: string[] = []
  const report = (event: EmbeddedEvent): void => {
    if (event.kind === 'log-store-said') said.push(event.text)
  }
  const store = new EmbeddedLogStore({ folder, memoryBytes: 1e9, clock: systemClock, report })
  try {
    await store.start()
    const stats = await ask(store.socketPath, 'SELECT * FROM system.jemalloc_stats')
    assert.match(stats, /opt\.dirty_decay_ms: 200\b/)
    assert.match(stats, /opt\.prof: false\b/)
  } finally {
    await store.stop()
    await rm(folder, { recursive: true, force: true })
  }
  assert.deepEqual(said, [])
})

test('the log store process ends when its parent is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ads-embedded-'))
  const source = `
    const { EmbeddedLogStore } = await import(${JSON.stringify(new URL('./embedded.ts', import.meta.url).href)})
    const clock = { nowMs: () => 0, monotonicMs: () => 0 }
    const store = new EmbeddedLogStore({ folder: ${JSON.stringify(folder)}, memoryBytes: 1e9, clock, report() {} })
    await store.start()
    console.log(store.status().pid)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string]
  const pid = Number(line)
  assert.ok(await isAlive(pid))
  parent.kill('SIGKILL')
  while (await isAlive(pid)) await new Promise((r) => setTimeout(r, 10))
  await rm(folder, { recursive: true, force: true })
})
