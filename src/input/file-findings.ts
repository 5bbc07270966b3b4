/**
 * What stands in the way of following a file, in words that say how to mend it.
 */
import { userInfo } from 'node:os'
import { basename } from 'node:path'
import type { Finding } from './context.ts'

/** Why a path is not read now, and when it is tried again. */
export interface FileFailure {
  /** The system's error code, or `refused`. */
  readonly code: string
  readonly message: string
  readonly retryAtMs: number
  readonly delayMs: number
}

/** The finding for a path that failed. */
export function findingOf(path: string, failure: FileFailure): Finding {
  const base = basename(path)
  switch (failure.code) {
    case 'refused':
      return {
        code: 'file-refused',
        message: `${path} is not followed: ${failure.message}`,
        mend: `put a regular file there, or take ${base} out of files.watch`,
      }
    case 'ENOENT':
      return {
        code: 'folder-missing',
        message: `the folder ${path} does not exist; its files are followed as soon as it does`,
        mend: `mkdir -p ${path}, or set files.watch to where the log files are`,
      }
    case 'EACCES':
    case 'EPERM':
      return {
        code: 'file-not-readable',
        message: `cannot read ${path}: permission denied`,
        mend:
          `usermod -aG adm ${userInfo().username} and start the service anew (rsyslog's files belong to the ` +
          `group adm), or chgrp and chmod ${path} so that this user may read it`,
      }
    default:
      return {
        code: 'file-failed',
        message: `cannot read ${path}: ${failure.message}`,
        mend: 'see the message',
      }
  }
}
