/**
 * One service per data folder. The lock is SQLite's own exclusive file lock on `<data>/lock`, which the kernel drops
 * when the process ends in any way, so a crash never leaves a stale one. The process id lies beside it for messages.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError, messageOf } from './errors.ts'

export class DataFolderLock {
  readonly #database: DatabaseSync

  private constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Takes the lock or throws AppError `data-folder-locked`, naming the process that holds it. */
  static take(folder: string, processId: number): DataFolderLock {
    const pidFile = join(folder, 'service.pid')
    const database = new DatabaseSync(join(folder, 'lock'))
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    } catch (error) {
      database.close()
      const holder = readHolder(pidFile)
      throw new AppError(
        'data-folder-locked',
        `another service (process ${holder}) is running on ${folder}: stop it first, or give this one its own folder with --data`,
        messageOf(error),
      )
    }
    writeFileSync(pidFile, `${processId}\n`, { mode: 0o600 })
    return new DataFolderLock(database)
  }

  release(): void {
    this.#database.close()
  }
}

function readHolder(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim()
  } catch {
    return 'unknown' // the other process has not written it yet; the lock alone decides
  }
}
