/** Fields of the filter language as columns for counting, and counted values as people read them. */
import { formatAddress, parseAddress } from '../lib/address.ts'
import { AppError } from '../lib/errors.ts'
import { FIELDS, type Field, FIELD_NAMES, fieldNamed } from '../query/fields.ts'
import { nearestWord } from '../query/filter-error.ts'
import { quoted } from '../query/print-filter.ts'

/** Short names of top lists. */
const SHORT: Readonly<Record<string, string>> = {
  src: 'addr.src',
  dst: 'addr.dst',
  port: 'port.dst',
  threat: 'name-of-threatid',
}

export interface CountedField {
  readonly field: Field
  /** Of ours, for SQL. */
  readonly expression: string
}

/** The field of a name whose values can be counted. Throws AppError `usage`. */
export function countedField(name: string): CountedField {
  const field = fieldNamed(SHORT[name] ?? name)
  if (field === null) {
    const near = nearestWord(name, FIELD_NAMES)
    throw new AppError('usage', `there is no field ${name}${near === null ? '' : `; did you mean ${near}?`}`)
  }
  const column = 'columns' in field && field.columns.length === 1 ? field.columns[0] : null
  if (column === null || column === 'raw' || field.kind === 'time') {
    const can = FIELDS.filter((one) => 'columns' in one && one.columns.length === 1 && one.name !== 'raw')
    throw new AppError(
      'usage',
      `values of ${field.name} cannot be counted; of these they can: ${can.map((one) => one.name).join(', ')}`,
    )
  }
  if (field.name === 'src.net24')
    return {
      field,
      expression:
        "tupleElement(IPv6CIDRToRange(sourceAddress, if(startsWith(toString(sourceAddress), '::ffff:'), 120, 48)), 1)",
    }
  return { field, expression: column }
}

/** A value as the store prints it, as the record has it; null: unknown. */
export function shownValue(field: Field, text: string): string | number | null {
  switch (field.kind) {
    case 'address': {
      const words = parseAddress(text)
      if (words === null || words.every((word) => word === 0)) return null
      return field.widen
        ? `${formatAddress(words)}/${text.startsWith('::ffff:') ? 24 : 48}`
        : formatAddress(words)
    }
    case 'port':
    case 'number': {
      const value = Number(text)
      return text === '' || Number.isNaN(value) || (value === 0 && field.name !== 'bytes_sent') ? null : value
    }
    case 'text':
    case 'code':
    case 'ordinal':
    case 'time':
    case 'flags':
    case 'blocked':
    case 'rule-hit':
      return text === '' ? null : text
  }
}

/** The condition that finds a value of a field; of an unknown one, what is left when all known are away. */
export function filterOf(field: Field, value: string | number | null): string {
  if (value !== null) return `( ${field.name} eq ${quoted(String(value))} )`
  if (field.kind === 'address') return `( ${field.name} eq :: )`
  if (field.kind === 'port') return `not ( ${field.name} geq 1 )`
  if (field.kind === 'number') return `not ( ${field.name} geq 0 )`
  return `( ${field.name} eq '' )`
}
