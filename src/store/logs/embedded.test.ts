import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../lib/clock.ts'
import { EmbeddedLogStore } from './embedded.ts'

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
