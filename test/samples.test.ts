/**
 * Real lines kept outside the repository, through the command line as a user types it. The folder is ADS_SAMPLES, or
 * ../shared/samples beside the checkout; without it these tests are skipped. The other parsers' expected results are a
 * second opinion: what we read otherwise stands with its reason in the table of docs/parsing.md, and nowhere else.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { testWorld } from '../src/cli/testing.ts'
import { formatAddress, parseAddress } from '../src/lib/address.ts'
import type { LogRecord } from '../src/model/log-record.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = process.env['ADS_SAMPLES'] ?? join(ROOT, '../shared/samples')
const skip = existsSync(FOLDER) ? false : `no sample lines in ${FOLDER} (ADS_SAMPLES names another folder)`

const FIELDS: Readonly<Record<string, keyof LogRecord>> = {
  src_ip: 'sourceAddress',
  dst_ip: 'destinationAddress',
  src_port: 'sourcePort',
  dst_port: 'destinationPort',
  action: 'action',
  rule: 'rule',
  severity: 'severity',
  threat_name: 'threatName',
  threat_id: 'threatId',
  log_type: 'type',
  subtype: 'subtype',
  src_country: 'sourceCountry',
  dst_country: 'destinationCountry',
}
/** Not lines of firewalls: what is known of the lines, and lines with line feeds inside. */
const OTHER_FILES = /^(?:expected|multiline_cases|scan_truth)\.jsonl$/

interface Parsed {
  readonly file: string
  readonly line: number
  readonly ok: boolean
  readonly reason?: string
  readonly record?: LogRecord
}

function sampleFiles(): string[] {
  return readdirSync(FOLDER).filter((name) => /\.(?:log|jsonl|csv)$/.test(name) && !OTHER_FILES.test(name))
}

const parsedFiles = new Map<string, readonly Parsed[]>()

/** What `active-defense parse` prints for a file. */
async function parsedLinesOf(file: string): Promise<readonly Parsed[]> {
  const known = parsedFiles.get(file)
  if (known !== undefined) return known
  const { run, stdout, stderr } = testWorld({ workingDirectory: FOLDER })
  assert.equal(await run('parse', file, '--set', 'time.zone=UTC'), 0)
  assert.equal(stderr(), '')
  const parsed = stdout()
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Parsed)
  parsedFiles.set(file, parsed)
  return parsed
}

test('parse prints one object per line that is not blank, in order', { skip }, async () => {
  const files = sampleFiles()
  assert.ok(files.length > 0)
  for (const file of files) {
    const numbers = readFileSync(join(FOLDER, file), 'latin1')
      .split('\n')
      .flatMap((text, index) => (/[^\s\0]/.test(text) ? [index + 1] : []))
    const parsed = await parsedLinesOf(file)
    assert.deepEqual(
      parsed.map(({ line }) => line),
      numbers,
    )
    for (const { file: name, ok, reason, record } of parsed) {
      assert.equal(name, file)
      assert.equal(ok, reason === undefined)
      assert.equal(ok, record !== undefined)
    }
  }
})

test('at least 98 % of the lines of every kind of firewall are read', { skip }, async (context) => {
  let lines = 0
  let read = 0
  const reasons = new Map<string, number>()
  for (const file of sampleFiles()) {
    const parsed = await parsedLinesOf(file)
    const ok = parsed.filter((line) => line.ok).length
    lines += parsed.length
    read += ok
    context.diagnostic(`${((100 * ok) / parsed.length).toFixed(1)} % of ${parsed.length} lines: ${file}`)
    for (const { ok: isRead, reason } of parsed) {
      if (!isRead) reasons.set(reason ?? '', (reasons.get(reason ?? '') ?? 0) + 1)
    }
  }
  for (const [reason, count] of reasons) context.diagnostic(`${count} not read: ${reason}`)
  assert.ok(read / lines >= 0.98, `${read} of ${lines}`)
})

/** `file line field` of each disagreement that docs/parsing.md lists with its reason. */
function knownDisagreements(): Set<string> {
  const known = new Set<string>()
  for (const row of readFileSync(join(ROOT, 'docs/parsing.md'), 'utf8').split('\n')) {
    const [, file = '', lines = '', fields = '', , , reason] = row
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''))
    if (!/\.(?:log|jsonl)$/.test(file) || reason === undefined) continue
    for (const part of lines.split(',')) {
      const [from = '', to = from] = part.trim().split('-')
      for (const field of fields.split(','))
        for (let line = Number(from); line <= Number(to); line++) known.add(`${file} ${line} ${field.trim()}`)
    }
  }
  return known
}

/**
 * The other parsers give the firewall's own word or digit for severity. What it is on our scale, as the vendors document
 * their levels: syslog levels of Cisco and FortiOS, priorities of Suricata, words of PAN-OS. Written here anew, so that a
 * mistake in the product's table shows.
 */
const LEVELS = [
  ['critical', '0', 'emergency'],
  ['critical', '1', 'alert'],
  ['critical', '2', 'critical'],
  ['high', '3', 'error'],
  ['medium', '4', 'warning'],
  ['low', '5', 'notice'],
  ['informational', '6', 'information'],
  ['informational', '7', 'debug'],
] as const
const SEVERITY_OF: readonly (readonly [kind: RegExp, words: ReadonlyMap<string, string>])[] = [
  [/cisco|asa/, new Map(LEVELS.map(([ours, digit]) => [digit, ours]))],
  [/fortigate/, new Map(LEVELS.map(([ours, , word]) => [word, ours]))],
  [
    /suricata/,
    new Map([
      ['1', 'high'],
      ['2', 'medium'],
      ['3', 'low'],
      ['4', 'informational'],
    ]),
  ],
  [
    /panos/,
    new Map(['informational', 'low', 'medium', 'high', 'critical'].map((word) => [word, word] as const)),
  ],
]

/** What is spelt alike but for case, blanks and hyphens; no port and port 0. */
function spellingOf(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : String(Number(value ?? 0))
  return text.toLowerCase().replaceAll(' ', '-')
}

/** One form for what means the same: addresses as RFC 5952 has them, characters for their escapes, no full stop behind a sentence. */
function valueOf(value: unknown): string {
  const spelling = spellingOf(value)
  const address = parseAddress(spelling)
  if (address !== null) return formatAddress(address)
  return spelling
    .replace(/\\+u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\.+$/, '')
}

function severityOf(file: string, value: unknown): string {
  const scale = SEVERITY_OF.find(([kind]) => kind.test(file))?.[1]
  const severity = scale?.get(spellingOf(value))
  assert.ok(severity !== undefined, `no table for the severity ${String(value)} of ${file}`)
  return severity
}

/**
 * Whether the record says the same. Besides one form for one value: a severity on our scale; a rule by its name or by its
 * number, which are two fields of ours and one of theirs; `Name(id)` as the name and the id; `allow` for `allowed`.
 */
function isEqualValue(record: LogRecord, file: string, name: string, theirs: unknown): boolean {
  const field = FIELDS[name] as keyof LogRecord
  const ours = valueOf(record[field])
  if (name === 'severity') return ours === severityOf(file, theirs)
  const wanted = valueOf(theirs)
  if (ours === wanted) return true
  if (name === 'rule') return valueOf(record.ruleId) === wanted
  if (name === 'threat_id') return `${valueOf(record.threatName)}(${ours})` === wanted
  return name === 'action' && ours === 'allowed' && wanted === 'allow'
}

interface Comparison {
  readonly place: string
  readonly theirs: unknown
  readonly ours: unknown
  readonly isSpeltAlike: boolean
  readonly isEqual: boolean
}

async function comparisons(): Promise<readonly Comparison[]> {
  const all: Comparison[] = []
  for (const text of readFileSync(join(FOLDER, 'expected.jsonl'), 'utf8').split('\n')) {
    if (text === '') continue
    const expected = JSON.parse(text) as Record<string, unknown>
    const file = String(expected['file'])
    const line = Number(expected['line_no'])
    const record = (await parsedLinesOf(file)).find((parsed) => parsed.line === line)?.record
    for (const [name, field] of Object.entries(FIELDS)) {
      if (!(name in expected)) continue
      const theirs = expected[name]
      const ours = record?.[field]
      all.push({
        place: `${file} ${line} ${name}`,
        theirs,
        ours,
        isSpeltAlike: record !== undefined && spellingOf(ours) === spellingOf(theirs),
        isEqual: record !== undefined && isEqualValue(record, file, name, theirs),
      })
    }
  }
  return all
}

test("at least 99 % of the other parsers' fields have the same value, and every other disagreement is listed", {
  skip,
}, async (context) => {
  const all = await comparisons()
  const known = knownDisagreements()
  const total = all.length
  const alike = all.filter(({ isSpeltAlike }) => isSpeltAlike).length
  const different = all.filter(({ isEqual }) => !isEqual)
  const equal = total - different.length
  const others = different.filter(({ place }) => !known.has(place))
  const share = (count: number): string => `${count} of ${total} (${((100 * count) / total).toFixed(2)} %)`
  context.diagnostic(`spelt alike: ${share(alike)}; of equal value: ${share(equal)}`)
  context.diagnostic(`${different.length} different: ${different.length - others.length} listed`)
  for (const { place, theirs, ours } of others)
    context.diagnostic(`${place}: theirs ${String(theirs)}, ours ${String(ours)}`)
  assert.ok(total > 3000)
  assert.ok(equal / total >= 0.99, share(equal))
  // Of other lines than those that the document speaks of, some are in no list.
  if (process.env['ADS_SAMPLES'] === undefined)
    assert.equal(others.length, 0, 'docs/parsing.md has to list them')
})

test('docs/parsing.md lists no disagreement where there is none', { skip }, async () => {
  const different = new Set((await comparisons()).filter(({ isEqual }) => !isEqual).map(({ place }) => place))
  const files = new Set(sampleFiles())
  const stale = [...knownDisagreements()].filter(
    (place) => files.has(place.split(' ')[0] ?? '') && !different.has(place),
  )
  assert.deepEqual(stale, [])
})
