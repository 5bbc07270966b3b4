/** A feed's definition and credentials as people type them. Faults are AppError `usage` that say what was expected. */
import { readFileSync } from 'node:fs'
import type { Input } from '../api/control-contract.ts'
import type { FeedDefinitionInput } from '../api/contract/feeds.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import { DURATION_FORMS, parseDuration } from '../lib/time-text.ts'
import { CAPACITY_PRESETS } from '../publish/feeds/capacity.ts'
import { FILTER_RULES, filterRuleOf } from '../publish/feeds/feed-filter.ts'

/** As commander gives them; `false` comes of a `--no-` option. */
export interface DefinitionOptions {
  readonly path?: string
  readonly format?: string
  readonly rules?: string
  readonly severity?: string
  readonly proof?: string
  readonly maxAge?: string
  readonly devices?: string
  readonly countries?: string
  readonly exceptCountries?: string
  readonly families?: string
  readonly hostsOnly?: boolean
  readonly capacity?: string
  readonly scope?: string
  readonly headroom?: string
  readonly aggregate?: string
  readonly shards?: string
  readonly open?: boolean
  readonly from?: readonly string[]
  /** A file; false: none any more. */
  readonly clientCa?: string | false
  readonly clientName?: readonly string[]
  readonly comments?: boolean
  readonly timeouts?: boolean
  readonly listName?: string
  readonly dryRun?: boolean
}

export interface CredentialOptions {
  readonly basic?: string
  readonly bearer?: string
  readonly pathToken?: string
  /** NAME=FINGERPRINT. */
  readonly certificate?: string
}

type Definition = { -readonly [Key in keyof FeedDefinitionInput]: FeedDefinitionInput[Key] }
type Filter = NonNullable<Definition['filter']>

export function definitionOf(options: DefinitionOptions): Definition {
  const definition: Definition = {}
  if (options.path !== undefined) definition.path = options.path
  if (options.format !== undefined) definition.format = options.format
  if (options.capacity !== undefined) definition.capacity = capacityOf(options.capacity, options.scope)
  if (options.headroom !== undefined) definition.headroomPercent = wholeNumber('--headroom', options.headroom)
  if (options.aggregate !== undefined) definition.aggregate = aggregateOf(options.aggregate)
  if (options.shards !== undefined) definition.shards = wholeNumber('--shards', options.shards)
  if (options.open !== undefined) definition.open = options.open
  if (options.from !== undefined) definition.sources = options.from.filter((text) => text !== 'any')
  const certificates = certificatesOf(options)
  if (certificates !== undefined) definition.certificates = certificates
  if (options.comments !== undefined) definition.comments = options.comments
  if (options.timeouts !== undefined) definition.timeouts = options.timeouts
  if (options.listName !== undefined) definition.listName = options.listName
  const filter = filterOf(options)
  if (Object.keys(filter).length > 0) definition.filter = filter
  return definition
}

function certificatesOf({ clientCa, clientName }: DefinitionOptions): Definition['certificates'] {
  if (clientCa === false) return null
  if (clientCa === undefined && clientName === undefined) return undefined
  return {
    ...(clientCa === undefined ? {} : { authority: textOfFile('--client-ca', clientCa) }),
    ...(clientName === undefined ? {} : { names: [...clientName] }),
  }
}

function textOfFile(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new AppError('usage', `${option} ${path}: ${messageOf(error)}`, error)
  }
}

const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const
const PROOFS = ['handshake', 'spoofable'] as const
const FAMILIES = ['both', 'v4', 'v6'] as const

function filterOf(options: DefinitionOptions): Filter {
  const filter: { -readonly [Key in keyof Filter]: Filter[Key] } = {}
  const { rules, severity, proof, maxAge, devices, countries, exceptCountries, families, hostsOnly } = options
  if (rules !== undefined) filter.rules = rules === 'all' ? null : rules.split(',').map(ruleOf)
  if (severity !== undefined)
    filter.minSeverity = severity === 'any' ? null : oneOf('--severity', severity, SEVERITIES)
  if (proof !== undefined) filter.proof = proof === 'any' ? null : oneOf('--proof', proof, PROOFS)
  if (maxAge !== undefined) filter.maxAgeHours = maxAge === 'any' ? null : hoursOf(maxAge)
  if (devices !== undefined) filter.devices = devices === 'all' ? null : listOf(devices)
  if (countries !== undefined) filter.countries = countries === 'any' ? null : listOf(countries)
  if (exceptCountries !== undefined)
    filter.exceptCountries = exceptCountries === 'none' ? null : listOf(exceptCountries)
  if (families !== undefined) filter.families = oneOf('--families', families, FAMILIES)
  if (hostsOnly !== undefined) filter.hostsOnly = hostsOnly
  return filter
}

/** What stands between commas. */
function listOf(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

function ruleOf(text: string): (typeof FILTER_RULES)[number] {
  const rule = filterRuleOf(text.trim())
  if (rule === null)
    throw new AppError('usage', `--rules ${text}: expected ${FILTER_RULES.join(', ')}, or all`)
  return rule
}

function oneOf<Word extends string>(option: string, text: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === text)
  if (word === undefined) throw new AppError('usage', `${option} ${text}: expected ${words.join(', ')}`)
  return word
}

function hoursOf(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new AppError('usage', `--max-age ${text}: expected ${DURATION_FORMS}, or any`)
  return ms / 3_600_000
}

function capacityOf(text: string, scope: string | undefined): Definition['capacity'] {
  if (text === 'none') return null
  const preset = CAPACITY_PRESETS.find(({ name }) => name === text)
  if (preset !== undefined) return { preset: preset.name }
  const names = CAPACITY_PRESETS.map(({ name }) => name).join(', ')
  if (!/^\d{1,9}$/.test(text))
    throw new AppError('usage', `--capacity ${text}: expected a number, none, ${names}`)
  return { entries: Number(text), scope: oneOf('--scope', scope ?? 'firewall', ['firewall', 'list']) }
}

function aggregateOf(text: string): NonNullable<Definition['aggregate']> {
  if (text === 'none' || text === 'lossless') return text
  if (/^\d{1,6}$/.test(text)) return { collateralPerPrefix: Number(text) }
  throw new AppError(
    'usage',
    `--aggregate ${text}: expected none, lossless, or how many addresses a prefix may cover beside`,
  )
}

export function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new AppError('usage', `${option} ${text}: expected a whole number`)
  return Number(text)
}

export function credentialsOf(
  options: CredentialOptions,
  withFingerprint = true,
): Input<'rotateFeedToken'>['credential'][] {
  const { basic, bearer, pathToken, certificate } = options
  const plain = [
    ['basic', basic],
    ['bearer', bearer],
    ['path-token', pathToken],
  ] as const
  const made = plain.flatMap(([kind, name]) =>
    name === undefined ? [] : [{ kind, name, fingerprint: null }],
  )
  if (certificate === undefined) return made
  const [name = '', fingerprint] = certificate.split('=')
  if (withFingerprint && fingerprint === undefined)
    throw new AppError('usage', '--certificate: expected NAME=FINGERPRINT, the SHA-256 of the certificate')
  return [...made, { kind: 'client-certificate', name, fingerprint: fingerprint ?? null }]
}
