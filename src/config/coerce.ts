/**
 * Values of settings: what kind each key wants, text turned into that kind (`--set`, environment, YAML scalars), and
 * the check against the schema with a message that says what was expected and in which unit.
 */
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { SECRET_KEYS, SETTINGS, type SettingKey } from './schema.ts'
import type { SettingDefinition } from './setting.ts'

export type SettingKind = 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'map'

/** A value that passed the schema, or a sentence that says what was expected. */
export type Checked =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly expected: string }

export function definitionOf(key: SettingKey): SettingDefinition {
  return SETTINGS[key]
}

export function kindOf(key: SettingKey): SettingKind {
  const { schema } = definitionOf(key)
  if (schema instanceof z.ZodNumber) return 'number'
  if (schema instanceof z.ZodBoolean) return 'boolean'
  if (schema instanceof z.ZodEnum) return 'choice'
  if (schema instanceof z.ZodArray) return 'list'
  if (schema instanceof z.ZodRecord) return 'map'
  return 'text'
}

/** Turns text into the kind the key wants and checks it. */
export function checkText(key: SettingKey, text: string): Checked {
  return checkValue(key, fromText(key, text))
}

/** Checks a value; text is turned into the kind the key wants first. */
export function checkValue(key: SettingKey, value: unknown): Checked {
  const typed = typeof value === 'string' ? fromText(key, value) : value
  const result = definitionOf(key).schema.safeParse(typed)
  if (result.success) return { ok: true, value: result.data }
  return { ok: false, expected: expectation(key, typed, result.error) }
}

/** Text that does not fit its kind is handed on as it is: the schema refuses it and the message names it. */
function fromText(key: SettingKey, text: string): unknown {
  const trimmed = text.trim()
  switch (kindOf(key)) {
    case 'text':
    case 'choice':
      return trimmed
    case 'number':
      return numberFromText(trimmed, definitionOf(key).unit)
    case 'boolean':
      return booleanFromText(trimmed)
    case 'list':
      return listFromText(trimmed)
    case 'map':
      return mapFromText(trimmed)
  }
}

const BYTE_UNITS: Readonly<Record<string, number>> = { KiB: 1 << 10, MiB: 1 << 20, GiB: 1 << 30 }

function numberFromText(text: string, unit: string): unknown {
  if (/^-?\d+$/.test(text)) return Number(text)
  const bytes = unit === 'bytes' ? /^(\d+) ?(KiB|MiB|GiB)$/.exec(text) : null
  return bytes === null ? text : Number(bytes[1]) * (BYTE_UNITS[bytes[2] ?? ''] ?? Number.NaN)
}

function booleanFromText(text: string): unknown {
  if (['true', 'yes', 'on', '1'].includes(text.toLowerCase())) return true
  if (['false', 'no', 'off', '0'].includes(text.toLowerCase())) return false
  return text
}

/** `a, b` or YAML `[a, b]`. Commas inside braces belong to a glob. */
function listFromText(text: string): unknown {
  if (text === '') return []
  if (text.startsWith('[')) return yamlOrText(text)
  return text
    .split(/,(?![^{]*\})/)
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** `name=value, name=value` or YAML `{name: value}`. */
function mapFromText(text: string): unknown {
  if (text === '') return {}
  if (text.startsWith('{')) return yamlOrText(text)
  const entries = text.split(',').map((item) => {
    const cut = item.indexOf('=')
    return cut === -1 ? null : ([item.slice(0, cut).trim(), item.slice(cut + 1).trim()] as const)
  })
  return entries.some((entry) => entry === null)
    ? text
    : Object.fromEntries(entries.filter((entry) => entry !== null))
}

function yamlOrText(text: string): unknown {
  try {
    return parseYaml(text)
  } catch {
    return text // not YAML: the schema refuses the text, with a message that says what was expected
  }
}

function expectation(key: SettingKey, value: unknown, error: z.ZodError): string {
  const issue = error.issues[0]
  const own = issue?.code === 'custom' || issue?.code === 'invalid_format' ? issue.message : ''
  const at = issue?.path.length ? ` (wrong: ${quoteElement(key, value, issue.path)})` : ''
  return `${own.startsWith('expected ') ? own.slice('expected '.length) : describeKind(key)}${at}`
}

function quoteElement(key: SettingKey, value: unknown, path: readonly PropertyKey[]): string {
  if (SECRET_KEYS.includes(key)) return path.map(String).join('.')
  const element = path.reduce<unknown>(
    (part, step) => (typeof part === 'object' && part !== null ? Reflect.get(part, step) : undefined),
    value,
  )
  return JSON.stringify(element) ?? path.map(String).join('.')
}

/** What the key takes, in words, with its unit: `a whole number from 1 to 65535 (ports)`. */
export function describeKind(key: SettingKey): string {
  const { schema, unit } = definitionOf(key)
  switch (kindOf(key)) {
    case 'number': {
      const { minValue, maxValue } = schema as z.ZodNumber
      return `a whole number from ${minValue} to ${maxValue} (${unit})`
    }
    case 'boolean':
      return 'true or false'
    case 'choice':
      return `one of ${(schema as z.ZodEnum).options.join(', ')}`
    case 'list':
      return `a ${unit}, separated by commas`
    case 'map':
      return `a list of NAME=VALUE (${unit}), separated by commas`
    case 'text':
      return `a ${unit}`
  }
}
