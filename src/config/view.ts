/**
 * Settings for people and the control API: every key with its value as text, where it came from and whether it can
 * be changed while the service runs; and the check of such a change.
 */
import { AppError } from '../lib/errors.ts'
import { checkText, definitionOf, describeKind } from './coerce.ts'
import type { Configuration, Origin } from './load.ts'
import { BOOTSTRAP_KEYS, DEFAULT_NOTES, SECRET_KEYS, SETTING_KEYS, type SettingKey } from './schema.ts'
import { unknownSetting } from './sources.ts'

interface View {
  readonly key: string
  readonly value: string
  readonly default: string
  readonly origin: Origin
  readonly fixed: boolean
  readonly live: boolean
  readonly takes: string
  readonly description: string
}

/** One view per setting, in the order of the table. Secrets are not shown. */
export function settingViews(configuration: Configuration): View[] {
  return SETTING_KEYS.map((key) => {
    const { live, description, default: defaultValue } = definitionOf(key)
    const value = configuration.settings[key]
    const origin = configuration.origins[key]
    return {
      key,
      value: SECRET_KEYS.includes(key) && value !== '' ? '(secret)' : valueText(value),
      default: DEFAULT_NOTES[key] ?? valueText(defaultValue),
      origin,
      fixed: isFixed(key, origin),
      live,
      takes: describeKind(key),
      description,
    }
  })
}

function isFixed(key: SettingKey, origin: Origin): boolean {
  return BOOTSTRAP_KEYS.includes(key) || (origin !== 'default' && origin !== 'state')
}

/** A value as it would stand behind `--set KEY=`. */
function valueText(value: unknown): string {
  const isObject = (item: unknown): boolean => typeof item === 'object' && item !== null
  if (Array.isArray(value)) return value.some(isObject) ? JSON.stringify(value) : value.join(',')
  if (typeof value !== 'object' || value === null) return String(value)
  if (Object.values(value).some(isObject)) return JSON.stringify(value)
  return Object.entries(value)
    .map(([name, item]) => `${name}=${String(item)}`)
    .join(',')
}

/**
 * Checks a change of a kept setting: text as behind `--set KEY=`, or null for "back to the default". Answers the key
 * and the value to keep (undefined: forget it). Throws AppError: `bad-configuration` for an unknown key or a value
 * that does not fit, `unsafe` for a key that file, environment or command line fix.
 */
export function checkChange(
  configuration: Configuration,
  name: string,
  text: string | null,
): { key: SettingKey; value: unknown; needsRestart: boolean } {
  const key = SETTING_KEYS.find((known) => known === name)
  if (key === undefined) throw new AppError('bad-configuration', unknownSetting(name, 'settings'))
  const origin = configuration.origins[key]
  if (isFixed(key, origin)) {
    const where = BOOTSTRAP_KEYS.includes(key)
      ? 'only file, environment and command line say it'
      : `it is given by ${origin}`
    throw new AppError('unsafe', `${key} cannot be changed here: ${where}; change it there and restart`)
  }
  const needsRestart = !definitionOf(key).live
  if (text === null) return { key, value: undefined, needsRestart }
  const checked = checkText(key, text)
  if (checked.ok) return { key, value: checked.value, needsRestart }
  const shown = SECRET_KEYS.includes(key) ? 'bad value' : `bad value ${JSON.stringify(text)}`
  throw new AppError('bad-configuration', `${shown} for ${key}: expected ${checked.expected}`)
}
