/** For tests: the log store with its real engine, in a folder of its own. One child process, meant for all tests of a file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../lib/clock.ts'
import { EmbeddedLogStore } from './embedded.ts'
import { LogStore } from './log-store.ts'

const MEMORY_BYTES = 1 << 30

export interface TestStore {
  readonly folder: string
  readonly engine: EmbeddedLogStore
  /** With its table, which is empty. */
  readonly store: LogStore
  /** Ends the engine and removes the folder. */
  readonly close: () => Promise<void>
}

/** Takes a second or two. */
export async function openTestStore(): Promise<TestStore> {
  const folder = await mkdtemp(join(tmpdir(), 'ads-store-'))
  const engine = new EmbeddedLogStore({
    folder,
    memoryBytes: MEMORY_BYTES,
    clock: systemClock,
    report: () => {},
  })
  await engine.start()
  const store = new LogStore({ socketPath: engine.socketPath })
  await store.prepare()
  return {
    folder,
    engine,
    store,
    close: async () => {
      await store.close()
      await engine.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
