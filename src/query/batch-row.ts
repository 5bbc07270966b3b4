/** A row of a record batch as the evaluator reads it. One object serves all rows: set `row`, then ask. */
import type { Address } from '../lib/address.ts'
import { type AddressField, FORMATS, type PortField, type TextField } from '../model/log-record.ts'
import { ADDRESS_SLOT, type RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import type { FilterRow } from './evaluate.ts'
import type { CodeColumn, NumberColumn, TextColumn, TimeColumn } from './fields.ts'

export class BatchRow implements FilterRow {
  readonly batch: RecordBatch
  row = 0

  constructor(batch: RecordBatch) {
    this.batch = batch
  }

  text(column: TextColumn): string {
    const { batch, row } = this
    if (column === 'raw') return batch.rawAt(row)
    if (column === 'sender') return batch.senderAt(row) ?? ''
    if (column === 'vendor') return FORMATS[batch.format[row] as number]?.vendor ?? ''
    const text = batch.textAt(row, TEXT_SLOT[column satisfies TextField])
    return text ?? (column === 'device' ? (batch.senderAt(row) ?? '') : '')
  }

  code(column: CodeColumn): number {
    return this.batch[column][this.row] as number
  }

  port(column: PortField): number {
    return this.batch[column][this.row] as number
  }

  number(column: NumberColumn): number {
    const value = this.batch[column][this.row] as number
    return column === 'threatId' && value === 0 ? Number.NaN : value
  }

  address(column: AddressField): Address | null {
    return this.batch.addressAt(this.row, ADDRESS_SLOT[column])
  }

  timeMs(column: TimeColumn): number {
    if (column === 'receivedAt') return this.batch.raw.receivedAtMs
    const ms = this.batch.eventTimeMs[this.row] as number
    return Number.isNaN(ms) ? this.batch.raw.receivedAtMs : ms
  }

  flags(): number {
    return this.batch.flags[this.row] as number
  }
}
