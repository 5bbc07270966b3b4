/**
 * Secrets that the service must be able to read again (an API key of a firewall, the password of a mail server, the seed
 * of a second factor) are kept in the state sealed with a key that lies in a file of its own, readable by the owner
 * only. Whoever gets a copy of the state without that file has nothing. AES-256-GCM; what a secret belongs to is bound
 * in, so that a sealed text moved to another row does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { AppError, messageOf, systemCodeOf } from './errors.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1'

export class SecretBox {
  readonly #key: Buffer

  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new TypeError(`a key has ${KEY_BYTES} bytes`)
    this.#key = key
  }

  /**
   * Reads the key file, or makes it on first use. Throws AppError `failed` when it cannot be read or is damaged: a new
   * key would make every kept secret unreadable, so none is made then.
   */
  static open(path: string): SecretBox {
    const key = readKey(path) ?? makeKey(path)
    if (key.length !== KEY_BYTES)
      throw new AppError(
        'failed',
        `${path} is damaged: put back the one of your backup, or remove it and enter all secrets anew`,
      )
    return new SecretBox(key)
  }

  /** Seals a text for one purpose, such as `firewall:<id>`; the same words open it. */
  seal(text: string, purpose: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(purpose))
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${VERSION}.${sealed.toString('base64url')}`
  }

  /** Null when it was sealed with another key, for another purpose, or was changed. */
  unseal(sealed: string, purpose: string): string | null {
    const [version, text] = sealed.split('.')
    const bytes = Buffer.from(text ?? '', 'base64url')
    if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) return null
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-TAG_BYTES))
    try {
      const opened = [decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]
      return Buffer.concat(opened).toString('utf8')
    } catch {
      return null // GCM's only failure: the tag does not fit
    }
  }
}

function readKey(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw new AppError('failed', `cannot read ${path}: ${messageOf(error)}`, error)
  }
}

/** Whole or not at all, and never over another's: two starts at once end with one key. */
function makeKey(path: string): Buffer {
  const key = randomBytes(KEY_BYTES)
  const draft = `${path}.${process.pid}.tmp`
  try {
    const file = openSync(draft, 'wx', 0o600)
    try {
      writeSync(file, key)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    linkSync(draft, path)
    return key
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') {
      const other = readKey(path)
      if (other !== null) return other
    }
    throw new AppError('failed', `cannot write ${path}: ${messageOf(error)}`, error)
  } finally {
    rmSync(draft, { force: true })
  }
}
