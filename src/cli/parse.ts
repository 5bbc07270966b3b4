/**
 * `parse [FILE|-]...`: each line as the record that the service would make of it, one JSON object per line that is not
 * blank, in order. Needs no running service.
 */
import { loadConfiguration } from '../config/load.ts'
import { FLAG } from '../model/log-record.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { Parser } from '../parse/parser.ts'
import { parserOptions } from '../parse/parser-options.ts'
import type { CliIo } from './io.ts'
import { LineSource } from './line-source.ts'
import { type ConfigurationOptions, configurationInput, printing } from './options.ts'
import { jsonLine } from './safe-text.ts'

export async function parse(
  io: CliIo,
  files: readonly string[],
  options: ConfigurationOptions,
): Promise<void> {
  const { settings } = loadConfiguration(configurationInput(io, options))
  const raw = new RawBatch()
  const records = new RecordBatch(raw)
  await printing(io, async (output) => {
    for (const file of files.length === 0 ? ['-'] : files) {
      const source = new LineSource(file, io)
      const parser = new Parser(parserOptions(settings, source.referenceMs))
      try {
        while (await source.next(raw)) {
          parser.parse(raw, records)
          for (let row = 0; row < records.count; row++) await output.line(lineOf(source.name, records, row))
        }
      } finally {
        source.close()
      }
    }
  })
}

function lineOf(file: string, records: RecordBatch, row: number): string {
  const line = records.raw.line[row] as number
  const isRead = ((records.flags[row] as number) & FLAG.unparsed) === 0
  if (isRead) return jsonLine({ file, line, ok: true, record: records.recordAt(row) })
  return jsonLine({ file, line, ok: false, reason: records.textAt(row, TEXT_SLOT.unparsedReason) })
}
