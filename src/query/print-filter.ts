/** A filter's canonical text: the same tree is read from it again. */
import { formatNetwork } from '../lib/address.ts'
import { fieldNamed, operatorNamed } from './fields.ts'
import type { Comparison, Filter, Value } from './tree.ts'

export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'all':
      return ''
    case 'and':
    case 'or':
      return filter.parts
        .map((part) =>
          part.kind === 'and' || part.kind === 'or' ? `( ${printFilter(part)} )` : printFilter(part),
        )
        .join(` ${filter.kind} `)
    case 'not': {
      const { part } = filter
      return part.kind === 'and' || part.kind === 'or'
        ? `not ( ${printFilter(part)} )`
        : `not ${printFilter(part)}`
    }
    case 'compare':
      return `( ${filter.field.name} ${filter.operator} ${printValues(filter)} )`
    case 'search':
      return filter.value.type === 'text' ? printWord(filter.value.text) : printValue(filter.value)
  }
}

function printValues({ values }: Comparison): string {
  const texts = values.map(printValue)
  return texts.length === 1 ? (texts[0] ?? '') : `(${texts.join(', ')})`
}

function printValue(value: Value): string {
  switch (value.type) {
    case 'network':
      return formatNetwork(value.network)
    case 'range':
      return value.first === value.last ? String(value.first) : `${value.first}-${value.last}`
    case 'text':
    case 'instant':
    case 'span':
      return quoted(value.text)
    case 'code':
    case 'flag':
      return quoted(value.name)
    case 'truth':
      return value.isTrue ? 'yes' : 'no'
  }
}

/** A word may stand bare; what could be read as something else is quoted. */
export function quoted(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : inQuotes(text)
}

/** A bare word must not be taken for a field, an operator, an address or a port. */
function printWord(text: string): string {
  const isSafe = /^[A-Za-z_][\w.-]*$/.test(text) && !['and', 'or', 'not'].includes(text.toLowerCase())
  return isSafe && fieldNamed(text) === null && operatorNamed(text) === null ? text : inQuotes(text)
}

function inQuotes(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
