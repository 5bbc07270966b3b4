/**
 * `explain ADDRESS`, `explain --line TEXT` (`-` reads the line from stdin) and `explain --record ID`: why an address is
 * blocked or not, and what becomes of a line at each stage, in plain sentences with the lines that prove it.
 */
import { AppError } from '../lib/errors.ts'
import type { CliIo } from './io.ts'
import { clientOf, printing, type ServiceOptions, targetsOf } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'

export interface ExplainOptions extends ServiceOptions {
  readonly line?: string
  readonly record?: string
  /** Address that sent the line: stands for the device where the line names none. */
  readonly sender?: string
}

const LINE_LIMIT = 65_536

export async function explain(
  io: CliIo,
  address: string | undefined,
  options: ExplainOptions,
): Promise<void> {
  const { line, record, sender } = options
  if ([address, line, record].filter((given) => given !== undefined).length !== 1)
    throw new AppError('usage', 'expected one of: an address or network, --line TEXT, --record ID')
  const client = clientOf(io, options)
  const reply =
    address !== undefined
      ? await client.call('explain', { address: (await targetsOf(io, [address]))[0] ?? address })
      : record !== undefined
        ? await client.call('explainLine', { record })
        : await client.call('explainLine', {
            line: line === '-' ? await lineOfStdin(io) : (line ?? ''),
            ...(sender === undefined ? {} : { sender }),
          })
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine(reply))
      return
    }
    for (const sentence of reply.sentences) await output.line(safeText(sentence))
  })
}

/** The first line that is not empty. */
async function lineOfStdin(io: CliIo): Promise<string> {
  let text = ''
  for await (const chunk of io.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk
    if (text.trimStart().includes('\n') || text.length > LINE_LIMIT) break
  }
  const [line = ''] = text.trimStart().split('\n')
  if (line.trim() === '') throw new AppError('usage', '--line -: there is no line on stdin')
  return line
}
