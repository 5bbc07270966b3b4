/**
 * For the tests of following files: a temporary folder watched by a file input, numbered lines to write into it, and
 * a consumer that keeps what it said about positions, as a store would.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../lib/clock.ts'
import type { FilePosition } from '../../model/raw-batch.ts'
import { FileInput, type FileOptions } from '../file.ts'
import { Harness } from './harness.ts'

export interface Running {
  readonly input: FileInput
  readonly harness: Harness
}

export class FollowedFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'ads-file-'))
  /** `fw.log` in the folder. */
  readonly log = join(this.path, 'fw.log')
  #number = 0
  /** Stopped after the test, so that a failing one leaves nothing running. */
  #running: Running[] = []

  /** Text of so many lines, numbered on and on. */
  lines(count: number, size = 60): string {
    return Array.from({ length: count }, () => `${++this.#number} ${'x'.repeat(size)}\n`).join('')
  }

  async follow(
    options: Partial<FileOptions> = {},
    batches = 8,
    clock: Clock = systemClock,
  ): Promise<Running> {
    const harness = new Harness(batches, clock)
    const input = new FileInput(
      {
        globs: [join(this.path, '*.log')],
        afterRead: 'keep',
        positions: new Map(),
        rescanMs: 10,
        partialLineMs: 60_000,
        emptyEveryMs: 0,
        ...options,
      },
      harness,
    )
    harness.onBatch = (batch) => {
      for (const position of batch.positions) input.stored(position)
    }
    await input.start()
    const both = { input, harness }
    this.#running.push(both)
    return both
  }

  /** Stops and returns the positions as a store would have them. */
  async stop(both: Running): Promise<Map<string, FilePosition>> {
    this.#running = this.#running.filter((each) => each !== both)
    await both.input.stop()
    await both.harness.finish()
    return both.harness.positions
  }

  /** Follows until so many lines came, then stops; returns the texts and the positions as stored. */
  async readUntil(
    count: number,
    options: Partial<FileOptions> = {},
  ): Promise<[string[], Map<string, FilePosition>]> {
    const both = await this.follow(options)
    both.harness.consume()
    await both.harness.until(count)
    const positions = await this.stop(both)
    return [both.harness.texts, positions]
  }

  async remove(): Promise<void> {
    for (const both of this.#running) await this.stop(both)
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** The numbers of lines that `lines` made. */
export function numbersOf(texts: readonly string[]): number[] {
  return texts.map((text) => Number(text.split(' ')[0]))
}

export function upTo(last: number, first = 1): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
