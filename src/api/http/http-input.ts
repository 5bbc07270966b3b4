/** The input of an operation from path, query and body: text becomes what the schema expects, then the schema judges. */
import { z } from 'zod'

export type InputResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string; readonly field: string | null }

/** `query`: a value may come several times. Fields given twice are refused rather than one of them chosen. */
export function readInput(
  schema: z.ZodType,
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string | readonly string[]>>,
  body: unknown,
): InputResult {
  const fields = fieldKinds(schema)
  const input: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  if (body !== undefined && body !== null) {
    if (typeof body !== 'object' || Array.isArray(body))
      return { ok: false, detail: 'the body must be a JSON object', field: null }
    Object.assign(input, body)
  }
  for (const [name, value] of [...Object.entries(query), ...Object.entries(params)]) {
    if (name in input) return { ok: false, detail: `${name} is given twice`, field: name }
    input[name] = fromText(value, fields.get(name) ?? 'other')
  }
  const result = schema.safeParse({ ...input })
  if (result.success) return { ok: true, value: result.data }
  const [issue] = result.error.issues
  const field = issue === undefined || issue.path.length === 0 ? null : issue.path.map(String).join('.')
  const what = issue?.message ?? 'the input does not fit'
  return { ok: false, detail: field === null ? what : `${field}: ${what}`, field }
}

type Kind = 'number' | 'boolean' | 'array' | 'other'

const kinds = new WeakMap<z.ZodType, ReadonlyMap<string, Kind>>()

/** What each field of an object schema is, read once per schema. */
function fieldKinds(schema: z.ZodType): ReadonlyMap<string, Kind> {
  const known = kinds.get(schema)
  if (known !== undefined) return known
  const found = new Map<string, Kind>()
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  for (const [name, property] of Object.entries(properties ?? {})) {
    const type = typeof property === 'object' ? property.type : undefined
    if (type === 'number' || type === 'integer') found.set(name, 'number')
    else if (type === 'boolean' || type === 'array') found.set(name, type)
  }
  kinds.set(schema, found)
  return found
}

/** Text that is no number or truth value stays text: the schema says what it expected. */
function fromText(value: string | readonly string[], kind: Kind): unknown {
  if (kind === 'array') return typeof value === 'string' ? [value] : value
  if (typeof value !== 'string') return value
  if (kind === 'number' && /^-?\d+(?:\.\d+)?$/.test(value)) return Number(value)
  if (kind === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}
