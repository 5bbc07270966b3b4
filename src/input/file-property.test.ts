/**
 * One random life of a log file after another: written to, rotated in every way, followed, stopped, killed with only
 * some batches stored. Whatever happens, each line must be stored exactly once.
 */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FilePosition } from '../model/raw-batch.ts'
import { FollowedFolder, numbersOf, upTo } from './testing/followed-folder.ts'
import { eventually } from './testing/harness.ts'

const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 300 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'rename' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'copytruncate' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'settle' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'stop' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('kill' as const), lost: fc.integer({ min: 0, max: 3 }) }),
  },
)

test('T01, T02: every line is stored exactly once through rotations, stops and kills', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 4, maxLength: 14 }), async (commands) => {
      const life = new Life()
      try {
        for (const each of commands) await life.run(each)
        await life.finish()
      } finally {
        await life.files.remove()
      }
    }),
    { numRuns: 40 },
  )
})

type Command = typeof command extends fc.Arbitrary<infer C> ? C : never

class Life {
  readonly files = new FollowedFolder()
  readonly #stored: string[] = []
  #positions = new Map<string, FilePosition>()
  #written = 0
  /** Batches of the run under way, not stored yet. */
  #batches: { texts: string[]; positions: FilePosition[] }[] = []
  #running: Awaited<ReturnType<FollowedFolder['follow']>> | null = null
  #age = 0
  /** Whether a position of the present file is stored: a rotation of a file never read cannot be recognised. */
  #isKnown = false

  async run(each: Command): Promise<void> {
    switch (each.kind) {
      case 'append':
        appendFileSync(this.files.log, this.files.lines(each.count, 100))
        this.#written += each.count
        return
      case 'rename':
      case 'copytruncate':
        if (!this.#isKnown) await this.#getKnown()
        return this.#rotate(each.kind)
      case 'settle':
        return this.#settle()
      case 'stop':
        return this.#end(0)
      case 'kill':
        return this.#end(each.lost)
    }
  }

  async finish(): Promise<void> {
    await this.#settle()
    await this.#end(0)
    assert.deepEqual(
      numbersOf(this.#stored).sort((a, b) => a - b),
      upTo(this.#written),
    )
  }

  async #start(): Promise<void> {
    if (this.#running !== null) return
    const both = await this.files.follow({ positions: new Map(this.#positions), rotatedGraceMs: 20 }, 64)
    this.#running = both
    let seen = 0
    both.harness.onBatch = (batch) => {
      const texts = both.harness.texts.slice(seen)
      seen += texts.length
      this.#batches.push({ texts, positions: batch.positions.map((position) => ({ ...position })) })
    }
    both.harness.consume()
  }

  /** Runs until everything written was read. */
  async #settle(): Promise<void> {
    await this.#start()
    const expected = (): number =>
      this.#stored.length + this.#batches.reduce((sum, batch) => sum + batch.texts.length, 0)
    await eventually(() => expected() >= this.#written, `${this.#written} lines are read, not ${expected()}`)
  }

  async #getKnown(): Promise<void> {
    await this.#settle()
    this.#store(this.#batches.length)
    this.#isKnown = existsSync(this.files.log) && statSync(this.files.log).size > 0
  }

  /** Ends the run; the last `lost` batches were never stored. */
  async #end(lost: number): Promise<void> {
    if (this.#running === null) return
    await this.files.stop(this.#running)
    this.#running = null
    this.#store(this.#batches.length - lost)
    this.#batches = []
  }

  #store(count: number): void {
    for (const batch of this.#batches.splice(0, Math.max(0, count))) {
      this.#stored.push(...batch.texts)
      for (const position of batch.positions) this.#positions.set(position.fileId, position)
    }
  }

  #rotate(how: 'rename' | 'copytruncate'): void {
    const { log } = this.files
    if (!existsSync(log)) return
    for (let i = 9; i >= 1; i--) if (existsSync(`${log}.${i}`)) renameSync(`${log}.${i}`, `${log}.${i + 1}`)
    if (how === 'rename') renameSync(log, `${log}.1`)
    else copyFileSync(log, `${log}.1`)
    // Rotations are hours apart; here the file system's clock is too coarse to tell them apart.
    this.#age += 10
    utimesSync(`${log}.1`, 1_763_769_600 + this.#age, 1_763_769_600 + this.#age)
    if (how === 'rename') writeFileSync(log, '')
    else truncateSync(log)
    this.#isKnown = false
  }
}
