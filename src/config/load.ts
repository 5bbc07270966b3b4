/**
 * Builds the settings from all their sources. Later wins: defaults, settings kept in the state database, the YAML
 * file, `ADS__` names in the environment, `--set`. The result says for every key where its value came from.
 * All faults are reported at once, each with the key, the place and what would be right.
 */
import { resolve } from 'node:path'
import { AppError } from '../lib/errors.ts'
import { checkValue, definitionOf } from './coerce.ts'
import {
  BOOTSTRAP_KEYS,
  SECRET_KEYS,
  SETTING_KEYS,
  SETTINGS,
  type SettingKey,
  type Settings,
} from './schema.ts'
import {
  configCandidates,
  type Entry,
  readEnvironment,
  readSets,
  readYamlFile,
  type Source,
} from './sources.ts'

/** Where to look. A relative path is meant from `workingDirectory`. */
export interface ConfigurationInput {
  readonly workingDirectory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `--config`: this file and no other; it must exist. */
  readonly configFile?: string | undefined
  /** `--data`: short for `--set data.dir=...`. */
  readonly dataDir?: string | undefined
  /** `--set`, each `KEY=VALUE`. */
  readonly sets?: readonly string[] | undefined
}

/** `default`, `state`, `file PATH:LINE`, `environment NAME`, `--set` or `--data`. */
export type Origin = string

export interface Configuration {
  readonly settings: Settings
  readonly origins: Readonly<Record<SettingKey, Origin>>
  /** The YAML file that was read, or null. */
  readonly configFile: string | null
  /** Kept settings that no longer fit (after an upgrade): ignored, to be shown to the operator. */
  readonly warnings: readonly string[]
}

/** Faults named in one message; more would hide the first. */
const SHOWN_FAULTS = 5

/**
 * Reads every source and resolves them. `state` holds the settings kept in the state database; pass it on the second
 * call, once the data folder is known and open. Throws AppError `bad-configuration`, or `usage` for a malformed --set.
 */
export function loadConfiguration(
  input: ConfigurationInput,
  state: ReadonlyMap<string, unknown> = new Map(),
): Configuration {
  const direct = readDirect(input)
  const early = dataDirOf(direct) ?? SETTINGS['data.dir'].default
  const { path, source } = readFirstFile(input, early)
  const resolved = new Resolution()
  resolved.addState(state)
  for (const part of [source, direct.environment, direct.sets]) resolved.add(part)
  if (path !== null && path === configCandidates(undefined, early, input.workingDirectory)[0]) {
    resolved.refuseMovedData(early, input.workingDirectory)
  }
  return resolved.finish(path)
}

/** The data folder as an absolute path, whatever else is wrong with the configuration: for clients of a service. */
export function dataFolderOf(input: ConfigurationInput): string {
  const direct = readDirect(input)
  let dataDir = dataDirOf(direct)
  if (dataDir === null) {
    const { source } = readFirstFile(input, SETTINGS['data.dir'].default)
    dataDir = lastDataDir(source.entries) ?? SETTINGS['data.dir'].default
  }
  return resolve(input.workingDirectory, dataDir)
}

interface DirectSources {
  readonly environment: Source
  readonly sets: Source
}

function readDirect(input: ConfigurationInput): DirectSources {
  const sets = readSets(input.sets ?? [], input.workingDirectory)
  if (input.dataDir !== undefined) {
    sets.entries.push({ key: 'data.dir', name: null, value: input.dataDir, origin: '--data' })
  }
  return { environment: readEnvironment(input.environment, input.workingDirectory), sets }
}

function lastDataDir(entries: readonly Entry[]): string | null {
  const entry = entries.findLast((found) => found.key === 'data.dir')
  return entry === undefined || entry.value === '' ? null : String(entry.value)
}

const dataDirOf = (direct: DirectSources): string | null =>
  lastDataDir([...direct.environment.entries, ...direct.sets.entries])

function readFirstFile(input: ConfigurationInput, dataDir: string): { path: string | null; source: Source } {
  for (const path of configCandidates(input.configFile, dataDir, input.workingDirectory)) {
    const source = readYamlFile(path, input.workingDirectory)
    if (source !== null) return { path, source }
  }
  if (input.configFile === undefined) return { path: null, source: { entries: [], faults: [] } }
  throw new AppError(
    'bad-configuration',
    `the configuration file ${input.configFile} (--config) does not exist`,
  )
}

class Resolution {
  readonly #values = new Map<SettingKey, unknown>(SETTING_KEYS.map((key) => [key, definitionOf(key).default]))
  readonly #origins = new Map<SettingKey, Origin>(SETTING_KEYS.map((key) => [key, 'default']))
  readonly #faults: string[] = []
  readonly #warnings: string[] = []

  addState(state: ReadonlyMap<string, unknown>): void {
    for (const [key, value] of state) {
      const known = SETTING_KEYS.find((name) => name === key)
      const checked = known === undefined ? null : checkValue(known, value)
      if (known !== undefined && checked?.ok && !BOOTSTRAP_KEYS.includes(key))
        this.#set(known, checked.value, 'state')
      else this.#warnings.push(`the kept setting ${key} does not fit this version and is ignored`)
    }
  }

  add(source: Source): void {
    this.#faults.push(...source.faults)
    for (const entry of source.entries) {
      const value = entry.name === null ? entry.value : this.#withName(entry.key, entry.name, entry.value)
      const checked = checkValue(entry.key, value)
      if (checked.ok) this.#set(entry.key, checked.value, entry.origin)
      else this.#faults.push(badValue(entry, checked.expected))
    }
  }

  #withName(key: SettingKey, name: string, value: unknown): unknown {
    const whole = this.#values.get(key)
    return { ...(typeof whole === 'object' ? whole : {}), [name]: value }
  }

  #set(key: SettingKey, value: unknown, origin: Origin): void {
    this.#values.set(key, value)
    this.#origins.set(key, origin)
  }

  /** A file found in the data folder cannot say that the data folder is elsewhere. */
  refuseMovedData(dataDir: string, folder: string): void {
    const now = String(this.#values.get('data.dir'))
    if (resolve(folder, now) === resolve(folder, dataDir)) return
    this.#faults.push(
      `data.dir (${this.#origins.get('data.dir')}) points elsewhere than the folder its file lies in; use --data or --config`,
    )
  }

  finish(configFile: string | null): Configuration {
    const text = (key: SettingKey): string => String(this.#values.get(key))
    if ((text('web.tls.cert') === '') !== (text('web.tls.key') === '')) {
      const given = text('web.tls.cert') === '' ? 'web.tls.key' : 'web.tls.cert'
      const missing = given === 'web.tls.key' ? 'web.tls.cert' : 'web.tls.key'
      this.#faults.push(`${given} (${this.#origins.get(given)}) needs ${missing} beside it`)
    }
    if (this.#faults.length > 0) throw new AppError('bad-configuration', joinFaults(this.#faults))
    return {
      settings: Object.fromEntries(this.#values) as unknown as Settings,
      origins: Object.fromEntries(this.#origins) as Record<SettingKey, Origin>,
      configFile,
      warnings: this.#warnings,
    }
  }
}

function badValue(entry: Entry, expected: string): string {
  const shown = SECRET_KEYS.includes(entry.key) ? 'bad value' : `bad value ${JSON.stringify(entry.value)}`
  const name = entry.name === null ? entry.key : `${entry.key}.${entry.name}`
  return `${shown} for ${name} (${entry.origin}): expected ${expected}`
}

function joinFaults(faults: readonly string[]): string {
  const more = faults.length - SHOWN_FAULTS
  return faults.slice(0, SHOWN_FAULTS).join('; ') + (more > 0 ? `; and ${more} more` : '')
}
