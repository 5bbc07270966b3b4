import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError } from './errors.ts'
import { DataFolderLock } from './lock.ts'

test('a second service on the same data folder is refused and told who holds it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ads-lock-'))
  try {
    const lock = DataFolderLock.take(folder, 4711)
    assert.throws(
      () => DataFolderLock.take(folder, 4712),
      (error) =>
        error instanceof AppError &&
        error.code === 'data-folder-locked' &&
        /process 4711/.test(error.message),
    )
    lock.release()
    DataFolderLock.take(folder, 4712).release()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
