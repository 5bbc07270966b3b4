/**
 * A certificate that was handed over while the service runs, from the page or by command: its chain and key are kept in
 * one file of the certificates' folder, so that they are replaced together or not at all. For the owner's eyes only.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import { syncFolder } from './synced-file.ts'

const FILE = 'given.pem'
const KEY = /-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----[^-]+-----END (?:[A-Z ]+ )?PRIVATE KEY-----/

export interface GivenCertificate {
  /** PEM chain. */
  readonly cert: string
  /** PEM. */
  readonly key: string
}

/** Where it lies in the certificates' folder. */
export function givenPath(folder: string): string {
  return join(folder, FILE)
}

/** Null when none was given. Throws AppError when the file is there and cannot be read. */
export async function readGiven(folder: string): Promise<GivenCertificate | null> {
  const path = givenPath(folder)
  try {
    const text = await readFile(path, 'utf8')
    const [key = ''] = KEY.exec(text) ?? []
    return { key, cert: text.replace(key, '').trimStart() }
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw new AppError('failed', `Cannot read ${path} (${messageOf(error)}).`, error)
  }
}

/** On disk when it resolves. */
export async function writeGiven(folder: string, { cert, key }: GivenCertificate): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = givenPath(folder)
  {
    await using file = await open(`${path}.tmp`, 'w', 0o600)
    await file.chmod(0o600)
    await file.writeFile(`${key.trim()}\n${cert.trim()}\n`)
    await file.sync()
  }
  await rename(`${path}.tmp`, path)
  await syncFolder(folder)
}

/** Gone from the disk when it resolves. */
export async function removeGiven(folder: string): Promise<void> {
  await rm(givenPath(folder), { force: true })
  await syncFolder(folder)
}
