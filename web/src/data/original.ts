/**
 * Takes over a file of the older system that was read in the browser: its blocks in several requests, its mail recipients,
 * its settings. With `dryRun` it only tells what would be done. Throws ApiError, and AppError for a file that is none.
 */
import {
  namesForAddresses,
  settingsOfMail,
  settingsOfNumbers,
} from '../../../src/decide/import/original-settings.ts'
import { type Original, readOriginalText } from '../../../src/decide/import/original-tables.ts'
import { call, type Reply, rows } from './api.ts'

const ROWS_PER_REQUEST = 5000

export interface OriginalChoice {
  readonly text: string
  readonly fileName: string
  readonly timeZone: string
  readonly takesSettings: boolean
  readonly takesRecipients: boolean
  readonly reason: string
  readonly dryRun: boolean
}

export interface OriginalReport {
  readonly kind: Original['kind']
  readonly dryRun: boolean
  readonly rows: number
  readonly added: number
  readonly leftOut: Reply<'importOriginal'>['leftOut']
  readonly unreadable: readonly string[]
  readonly recipients: readonly string[]
  /** `key=value`, without the password. */
  readonly settings: readonly string[]
}

export async function takeOver(choice: OriginalChoice): Promise<OriginalReport> {
  const { dryRun, reason } = choice
  const original = readOriginalText(choice.text, choice.fileName, choice.timeZone)
  const leftOut = new Map<string, Reply<'importOriginal'>['leftOut'][number]>()
  const unreadable: string[] = []
  let added = 0
  for (let at = 0; at < original.rows.length; at += ROWS_PER_REQUEST) {
    const part = original.rows.slice(at, at + ROWS_PER_REQUEST).map((row) => ({ ...row }))
    const reply = await call('importOriginal', { rows: part, reason, dryRun })
    added += reply.added
    unreadable.push(...reply.unreadable)
    for (const one of reply.leftOut) {
      const known = leftOut.get(one.reason)
      leftOut.set(one.reason, known === undefined ? one : { ...known, count: known.count + one.count })
    }
  }
  const recipients = choice.takesRecipients ? await newRecipients(original.recipients) : []
  const changes = choice.takesSettings
    ? {
        ...settingsOfNumbers(original.numbers),
        ...(original.mail === null ? {} : settingsOfMail(original.mail)),
      }
    : {}
  if (!dryRun) {
    for (const { id, address } of recipients)
      await call('addRecipient', { id, to: { channel: 'mail', address }, reason })
    if (Object.keys(changes).length > 0) await call('changeSettings', { changes, reason })
  }
  return {
    kind: original.kind,
    dryRun,
    rows: original.rows.length,
    added,
    leftOut: [...leftOut.values()],
    unreadable,
    recipients: recipients.map(({ address }) => address),
    settings: Object.entries(changes).flatMap(([key, value]) =>
      key === 'smtp.password' ? [] : [`${key}=${value}`],
    ),
  }
}

/** Those that are not told by mail already. */
async function newRecipients(
  addresses: readonly string[],
): Promise<readonly { readonly id: string; readonly address: string }[]> {
  if (addresses.length === 0) return []
  const { items } = await rows('listRecipients', {})
  const told = new Set(items.flatMap(({ channel, to }) => (channel === 'mail' ? [to.toLowerCase()] : [])))
  const fresh = addresses.filter((address) => !told.has(address.toLowerCase()))
  return namesForAddresses(
    fresh,
    items.map(({ id }) => id),
  )
}
