/**
 * Passwords: argon2id (RFC 9106; 19 MiB, 2 passes, as OWASP's cheat sheet advises), kept in the PHC text form. A check
 * costs about 100 ms and 19 MiB on purpose, so few run at once and few may wait: a flood of sign-ins is refused before
 * it costs memory.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const PASSES = 2
const MEMORY_KIB = 19_456
const SALT_BYTES = 16
const HASH_BYTES = 32
const AT_ONCE = 2
const WAITING_MOST = 32
export const SHORTEST_PASSWORD = 12
const LONGEST_PASSWORD = 256

const hashOf = promisify(argon2)

/** Too many checks are waiting already: try again later. */
export class Busy extends Error {
  constructor() {
    super('too many sign-ins at once')
    this.name = 'Busy'
  }
}

/** Why a password is not good enough, or null. Long is good; no rules of digits and signs. */
export function passwordProblem(password: string, userName: string): string | null {
  if (password.length < SHORTEST_PASSWORD)
    return `a password needs at least ${SHORTEST_PASSWORD} characters; several words are good`
  if (password.length > LONGEST_PASSWORD) return `a password has at most ${LONGEST_PASSWORD} characters`
  if (new Set(password).size < 5) return 'the password repeats few characters: use several words'
  const plain = password.toLowerCase()
  if (userName.length > 2 && plain.includes(userName.toLowerCase()))
    return 'the password contains the user name'
  const rest = COMMON.reduce((left, word) => left.replaceAll(word, ''), plain)
  if (rest.length < 4) return 'the password is one of the first that are tried'
  return null
}

/** What lists of leaked passwords begin with; a long password of nothing else is no better. */
const COMMON = [
  'password',
  'passwort',
  'qwertyuiop',
  'qwerty',
  'qwertz',
  '123456',
  'letmein',
  'administrator',
  'admin',
  'welcome',
  'changeme',
  'firewall',
]

export class PasswordHasher {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. Rejects with Busy. */
  async hash(password: string): Promise<string> {
    const salt = randomBytes(SALT_BYTES)
    const hash = await this.#run(password, salt, MEMORY_KIB, PASSES)
    return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=1$${base64(salt)}$${base64(hash)}`
  }

  /** Whether the password is that of the text form; false for one that cannot be read. Rejects with Busy. */
  async verify(password: string, stored: string): Promise<boolean> {
    const match = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=1\$([\w+/]+)\$([\w+/]+)$/.exec(stored)
    if (match === null || password.length > LONGEST_PASSWORD) return false
    const [, memory, passes, salt = '', expected = ''] = match
    const wanted = Buffer.from(expected, 'base64')
    const hash = await this.#run(password, Buffer.from(salt, 'base64'), Number(memory), Number(passes))
    return hash.length === wanted.length && timingSafeEqual(hash, wanted)
  }

  /** Costs as much as a check, so that the time does not tell whether a user exists. */
  async pretend(password: string): Promise<void> {
    await this.#run(password.slice(0, LONGEST_PASSWORD), Buffer.alloc(SALT_BYTES), MEMORY_KIB, PASSES)
  }

  async #run(password: string, salt: Buffer, memory: number, passes: number): Promise<Buffer> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= WAITING_MOST) throw new Busy()
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#running++
    try {
      const message = Buffer.from(password.normalize('NFC'))
      return await hashOf('argon2id', {
        message,
        nonce: salt,
        parallelism: 1,
        tagLength: HASH_BYTES,
        memory,
        passes,
      })
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
