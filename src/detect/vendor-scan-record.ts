/**
 * Which records are the firewall's own verdict "this is a scan or a flood": PAN-OS zone protection threats (ids
 * 8001-8099 scans and host sweeps, 8500-8599 floods; FIELD.md B.5), and the subtypes `scan` and `flood`.
 */
import { type RecordBatch, TEXT_SLOT, TEXT_STRIDE } from '../model/record-batch.ts'

const SUBTYPES = ['scan', 'flood'].map((word) => Buffer.from(word, 'latin1'))

/** Of a threat record. A few ns: most threats have another id and a longer subtype. */
export function isVendorScan(batch: RecordBatch, row: number): boolean {
  const id = batch.threatId[row] as number
  if ((id >= 8001 && id <= 8099) || (id >= 8500 && id <= 8599)) return true
  const at = row * TEXT_STRIDE + TEXT_SLOT.subtype
  const start = batch.text[at] as number
  const length = (batch.text[at + 1] as number) - start
  return SUBTYPES.some(
    (word) => word.length === length && word.equals(batch.raw.bytes.subarray(start, start + length)),
  )
}
