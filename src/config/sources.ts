/**
 * Where settings are written: YAML files, `ADS__` names in the environment, `--set` and `--data`. Each source becomes
 * a list of entries that say key, value and where it stood; what cannot be read becomes a fault with the same.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import { kindOf } from './coerce.ts'
import { nearestName } from './nearest.ts'
import { SECRET_KEYS, SETTING_KEYS, type SettingKey } from './schema.ts'

export interface Entry {
  readonly key: SettingKey
  /** One name of a map (`time.deviceZones.fw-1`); else the whole value is meant. */
  readonly name: string | null
  /** Text, or what YAML made of it. */
  readonly value: unknown
  /** For people: `file /etc/x.yaml:3`, `environment ADS__...`, `--set`. */
  readonly origin: string
}

export interface Source {
  readonly entries: Entry[]
  /** One sentence each. */
  readonly faults: string[]
}

const ENVIRONMENT_PREFIX = 'ADS__'
const CONFIG_LIMIT_BYTES = 1 << 20

const isKey = (name: string): name is SettingKey => (SETTING_KEYS as string[]).includes(name)
const secretOf = (name: string, suffix: string): SettingKey | null => {
  const base = name.endsWith(suffix) ? name.slice(0, -suffix.length) : ''
  return SECRET_KEYS.includes(base) && isKey(base) ? base : null
}

/** The entry of a dotted name, `<secret>File` and map names included, or a fault. Reads the file of a secret. */
function entryOf(name: string, value: unknown, origin: string, folder: string, into: Source): void {
  if (isKey(name)) {
    into.entries.push({ key: name, name: null, value, origin })
    return
  }
  const secret = secretOf(name, 'File')
  if (secret !== null) {
    readSecret(secret, String(value), origin, folder, into)
    return
  }
  const map = SETTING_KEYS.find((key) => kindOf(key) === 'map' && name.startsWith(`${key}.`))
  if (map !== undefined) into.entries.push({ key: map, name: name.slice(map.length + 1), value, origin })
  else into.faults.push(unknownSetting(name, origin))
}

export function unknownSetting(name: string, origin: string): string {
  return `unknown setting "${name}" (${origin}); the nearest known one is ${nearestName(name, SETTING_KEYS)}`
}

function readSecret(key: SettingKey, path: string, origin: string, folder: string, into: Source): void {
  try {
    const value = readFileSync(resolve(folder, path), 'utf8').replace(/\r?\n$/, '')
    into.entries.push({ key, name: null, value, origin })
  } catch (thrown) {
    into.faults.push(`cannot read the file of ${key} (${origin}): ${messageOf(thrown)}`)
  }
}

/** `KEY=VALUE` texts, later ones win. Throws AppError `usage` for a text without `=`. */
export function readSets(sets: readonly string[], folder: string): Source {
  const source: Source = { entries: [], faults: [] }
  for (const text of sets) {
    const cut = text.indexOf('=')
    if (cut < 1)
      throw new AppError('usage', `--set ${text}: expected KEY=VALUE, such as --set web.listen=:443`)
    entryOf(text.slice(0, cut).trim(), text.slice(cut + 1), '--set', folder, source)
  }
  return source
}

/** Names such as `ADS__DETECTION__PORTSCAN__PORTS`, matched to keys without regard to case; others are not ours. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  folder: string,
): Source {
  const source: Source = { entries: [], faults: [] }
  const byEnvironmentName = new Map<string, string>(SETTING_KEYS.map((key) => [key.toLowerCase(), key]))
  for (const key of SECRET_KEYS) byEnvironmentName.set(`${key.toLowerCase()}_file`, `${key}File`)
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !name.toUpperCase().startsWith(ENVIRONMENT_PREFIX)) continue
    const dotted = name.slice(ENVIRONMENT_PREFIX.length).replaceAll('__', '.').toLowerCase()
    const known = byEnvironmentName.get(dotted)
    const origin = `environment ${name}`
    if (known !== undefined) entryOf(known, value, origin, folder, source)
    else {
      const nearest = nearestName(dotted, SETTING_KEYS)
      source.faults.push(
        `unknown setting in ${origin}; the nearest known one is ${environmentName(nearest)} (${nearest})`,
      )
    }
  }
  return source
}

/** `detection.portScan.ports` as `ADS__DETECTION__PORTSCAN__PORTS`. */
export function environmentName(key: string): string {
  return ENVIRONMENT_PREFIX + key.replaceAll('.', '__').toUpperCase()
}

/** A YAML file, or null when it does not exist. Keys may be nested, dotted, or both. */
export function readYamlFile(path: string, folder: string): Source | null {
  const source: Source = { entries: [], faults: [] }
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return null
    // Nobody may have named a file: then this is how a data folder of another user shows first.
    const what = `cannot read the configuration file ${path}: ${messageOf(thrown)}`
    const mend = `give ${dirname(path)} to the user of the service, or name another folder with --data`
    source.faults.push(systemCodeOf(thrown) === 'EACCES' ? `${what}; ${mend}` : what)
    return source
  }
  if (text.length > CONFIG_LIMIT_BYTES)
    source.faults.push(`the configuration file ${path} is larger than 1 MiB`)
  else readYaml(text, path, folder, source)
  return source
}

function readYaml(text: string, path: string, folder: string, into: Source): void {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const originAt = (offset: number): string => `file ${path}:${lineCounter.linePos(offset).line}`
  for (const error of document.errors) {
    const [firstLine = ''] = error.message.replace(/ at line \d+, column \d+:?/, '').split('\n')
    into.faults.push(`${firstLine.trim()} (${originAt(error.pos[0])})`)
  }
  if (into.faults.length > 0 || document.contents === null) return

  const visit = (node: Node | null, prefix: string): void => {
    if (!isMap(node)) {
      into.faults.push(`expected settings such as "web: {listen: ':8443'}" (file ${path}:1)`)
      return
    }
    for (const pair of node.items as Pair<Node, Node | null>[]) {
      const name = prefix + String(isScalar(pair.key) ? pair.key.value : '')
      const origin = originAt(pair.key.range?.[0] ?? 0)
      const value = isAlias(pair.value) ? (pair.value.resolve(document) ?? null) : pair.value
      if (!isKey(name) && isMap(value) && value.items.length > 0) visit(value, `${name}.`)
      else if (isKey(name) || !isSection(name) || hasText(value)) {
        entryOf(name, plainValue(value), origin, folder, into)
      }
    }
  }
  visit(document.contents, '')
}

const isSection = (name: string): boolean => SETTING_KEYS.some((key) => key.startsWith(`${name}.`))
const hasText = (node: Node | null): boolean => isScalar(node) && node.value !== null

/** Scalars as they are written, so that `token: 0123` keeps its zero; nothing after the colon is the empty text. */
function plainValue(node: Node | null): unknown {
  if (isSeq(node)) return node.items.map((item) => plainValue(item as Node))
  if (isMap(node)) {
    const items = node.items as Pair<Node, Node | null>[]
    return Object.fromEntries(items.map((pair) => [String(plainValue(pair.key)), plainValue(pair.value)]))
  }
  if (!isScalar(node) || node.value === null) return ''
  return typeof node.value === 'string' ? node.value : (node.source ?? JSON.stringify(node.value))
}

/** The files to try, in order: `--config` alone, or the data folder's, or the working directory's. */
export function configCandidates(configFile: string | undefined, dataDir: string, folder: string): string[] {
  if (configFile !== undefined) return [resolve(folder, configFile)]
  return [join(resolve(folder, dataDir), 'config.yaml'), resolve(folder, 'active-defense.yaml')]
}
