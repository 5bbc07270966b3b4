/** `blocks import FILE|-`: a pasted list or CSV to the service, and what became of each line. */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { ImportRow } from '../api/contract/feeds.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import type { CliIo } from './io.ts'
import { clientOf, printing, type ServiceOptions, untilOf } from './options.ts'
import { jsonLine } from './safe-text.ts'
import { Table } from './table.ts'

const MOST_BYTES = 2_900_000

export interface ImportOptions extends ServiceOptions {
  readonly reason: string
  readonly lift?: boolean
  readonly dryRun?: boolean
  readonly until?: string
  readonly for?: string
}

/** Exit code 7 when a line was refused for safety's sake, 1 when one was not understood or not found. */
export async function importBlocks(io: CliIo, file: string, options: ImportOptions): Promise<number> {
  const until = untilOf(io, options)
  const text = file === '-' ? await textOfStdin(io) : await textOfFile(resolve(io.workingDirectory, file))
  const reply = await clientOf(io, options).call('importBlocks', {
    action: options.lift ? 'lift' : 'add',
    text,
    until,
    reason: options.reason,
    dryRun: options.dryRun ?? false,
  })
  await printing(io, async (output) => {
    const table = new Table(output, ['LINE', 'TARGET', 'OUTCOME', 'WHAT'])
    for (const row of reply.rows) {
      if (options.json) await output.line(jsonLine({ ...row, dryRun: reply.dryRun }))
      else await table.row([String(row.line), row.target, row.outcome, row.message])
    }
    await table.end()
    if (options.json) return
    const counts = Object.entries(reply.counts).map(([outcome, count]) => `${count} ${outcome}`)
    await output.line(`${counts.join(', ')}${reply.dryRun ? '; nothing was changed' : ''}`)
  })
  const has = (outcome: ImportRow['outcome']): boolean => (reply.counts[outcome] ?? 0) > 0
  if (has('refused')) return new AppError('unsafe', '').exitCode
  return has('invalid') || has('not-found') ? new AppError('not-found', '').exitCode : 0
}

async function textOfFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size > MOST_BYTES) throw tooLong()
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('usage', `cannot read ${path}: ${messageOf(error)}`, error)
  }
}

async function textOfStdin(io: CliIo): Promise<string> {
  let text = ''
  for await (const chunk of io.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.length > MOST_BYTES) throw tooLong()
  }
  return text
}

function tooLong(): AppError {
  return new AppError('usage', `more than ${MOST_BYTES} bytes at once: split the list`)
}
