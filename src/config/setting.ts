/** What a row of the settings table is made of: the definition, and the forms of values that several rows share. */
import { z } from 'zod'
import { parseNetwork } from '../lib/address.ts'
import { RULE_MODES, SPOOFABLE_POLICIES, type SpoofablePolicy } from '../model/detection.ts'
import { splitTemplate, templateOf } from '../model/paloalto-template.ts'

/** `host:port`, `:port` (every address) or `[v6]:port`; empty switches the listener off. Port 0 takes a free one. */
export const listen = z
  .string()
  .regex(/^$|^(?:\[[0-9a-f:.]+\]|[^\s:[\]]*):\d{1,5}$/i, 'expected HOST:PORT, :PORT or nothing')
  .refine(
    (text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535,
    'expected a port from 0 to 65535',
  )
export const networks = z.array(
  z
    .string()
    .refine((text) => parseNetwork(text) !== null, 'expected an address or network such as 192.0.2.0/24'),
)
export const templates = z.array(
  z
    .union([
      z.string(),
      z.strictObject({
        template: z.string(),
        escapedCharacters: z.string().optional(),
        escapeCharacter: z.string().optional(),
      }),
    ])
    .superRefine((given, context) => {
      const split = splitTemplate(templateOf(given))
      const message = split.ok ? '' : `expected custom formats as PAN-OS shows them; ${split.message}`
      if (!split.ok) context.addIssue({ code: 'custom', message })
    }),
)
export const whole = (min: number, max: number): z.ZodNumber => z.int().min(min).max(max)
export const zone = z.string().refine(isTimeZone, 'expected an IANA time zone such as Europe/Berlin')

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false // an unknown zone is a RangeError by definition
  }
}

export interface SettingDefinition<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema
  readonly default: z.infer<Schema>
  /** Unit or form of the value, for documents and error messages. */
  readonly unit: string
  readonly description: string
  /** True when a change acts at once; else it needs a restart. */
  readonly live: boolean
}

export function setting<Schema extends z.ZodType>(
  schema: Schema,
  defaultValue: z.infer<Schema>,
  unit: string,
  description: string,
  live = false,
): SettingDefinition<Schema> {
  return { schema, default: defaultValue, unit, description, live }
}

export const mode = (defaultMode: (typeof RULE_MODES)[number], rule: string) =>
  setting(
    z.enum(RULE_MODES),
    defaultMode,
    'off | shadow | enforce',
    `${rule}: shadow reports what it would block and blocks nothing.`,
    true,
  )

export const spoofable = (policy: SpoofablePolicy, rule: string) =>
  setting(
    z.enum(SPOOFABLE_POLICIES),
    policy,
    'block | brief | hold',
    `${rule}: what becomes of a source that could be forged (no session was established): blocked, blocked for decisions.briefHours, or held for review.`,
    true,
  )
