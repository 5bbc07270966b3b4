/**
 * `doctor parse [FILE|-]...`: why lines are not understood. Per file how many lines were read in which format, then for
 * each shape of line that was not: how often, the first of them, the closest format, what failed, and what to change on
 * the firewall. Needs no running service.
 */
import { loadConfiguration } from '../config/load.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch } from '../model/record-batch.ts'
import { Parser, type ParserCounters } from '../parse/parser.ts'
import { parserOptions } from '../parse/parser-options.ts'
import type { CliIo, LineOutput } from './io.ts'
import { LineSource } from './line-source.ts'
import { type ConfigurationOptions, configurationInput, printing } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'

export interface DoctorParseOptions extends ConfigurationOptions {
  readonly json?: boolean
}

/** Rejects with AppError `failed` when a file cannot be read. */
export async function doctorParse(
  io: CliIo,
  files: readonly string[],
  options: DoctorParseOptions,
): Promise<void> {
  const { settings } = loadConfiguration(configurationInput(io, options))
  const raw = new RawBatch()
  const records = new RecordBatch(raw)
  await printing(io, async (output) => {
    for (const file of files.length === 0 ? ['-'] : files) {
      const source = new LineSource(file, io)
      const parser = new Parser(parserOptions(settings, source.referenceMs))
      try {
        while (await source.next(raw)) parser.parse(raw, records)
      } finally {
        source.close()
      }
      const print = options.json === true ? printJson : printText
      await print(output, source.name, parser.counters())
    }
  })
}

async function printJson(output: LineOutput, file: string, counters: ParserCounters): Promise<void> {
  const formats = Object.fromEntries(Object.entries(counters.parsed).filter(([, count]) => count > 0))
  const { read, unread } = sumsOf(counters)
  await output.line(jsonLine({ file, lines: read + unread, read, unread, formats }))
  for (const { sender: _, ...shape } of counters.unknown) await output.line(jsonLine({ file, ...shape }))
}

async function printText(output: LineOutput, file: string, counters: ParserCounters): Promise<void> {
  const { read, unread } = sumsOf(counters)
  const formats = Object.entries(counters.parsed)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([format, count]) => `${format} ${count}`)
  const byFormat = formats.length === 0 ? '' : ` (${formats.join(', ')})`
  await output.line(
    safeText(`${file}: ${read + unread} lines, ${read} read${byFormat}, ${unread} not understood`),
  )
  for (const { count, sample, closest, reason, failed, advice } of counters.unknown) {
    await output.line('')
    await output.line(safeText(`${count} x  ${sample}`))
    await output.line(safeText(`  closest:  ${closest ?? 'none'}`))
    await output.line(safeText(`  reason:   ${reason}`))
    if (failed !== reason) await output.line(safeText(`  failed:   ${failed}`))
    await output.line(safeText(`  advice:   ${advice}`))
  }
  if (counters.unknownOthers > 0) {
    await output.line('')
    await output.line(`and ${counters.unknownOthers} lines of further shapes`)
  }
}

function sumsOf({ parsed, unparsed }: ParserCounters): { read: number; unread: number } {
  const sum = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((total, count) => total + count, 0)
  return { read: sum(parsed), unread: sum(unparsed) }
}
