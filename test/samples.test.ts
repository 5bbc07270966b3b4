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

/** `file line field` of each disagreement of docs/parsing.md; `all` where a field differs by its scale in every line. */
function knownDisagreements(): Set<string> {
  const known = new Set<string>()
  for (const row of readFileSync(join(ROOT, 'docs/parsing.md'), 'utf8').split('\n')) {
    const [, file = '', lines = '', fields = ''] = row
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', ''))
    if (!/\.(?:log|jsonl)$/.test(file)) continue
    for (const part of lines.split(',')) {
      const [from = '', to = from] = part.trim().split('-')
      for (const field of fields.split(',')) {
        if (from === 'all') known.add(`${file} all ${field.trim()}`)
        else
          for (let line = Number(from); line <= Number(to); line++)
            known.add(`${file} ${line} ${field.trim()}`)
      }
    }
  }
  return known
}

/** One form for what means the same: addresses as RFC 5952 has them, lower case, hyphens for blanks, no port as 0. */
function formOf(value: unknown): string {
  const text = typeof value === 'string' ? value.trim() : String(Number(value ?? 0))
  const address = parseAddress(text)
  if (address !== null) return formatAddress(address)
  return text.toLowerCase().replaceAll(' ', '-')
}

test("at least 99 % of the other parsers' fields are equal but for the listed disagreements", {
  skip,
}, async (context) => {
  const known = knownDisagreements()
  let equal = 0
  let listed = 0
  let total = 0
  const others: string[] = []
  for (const text of readFileSync(join(FOLDER, 'expected.jsonl'), 'utf8').split('\n')) {
    if (text === '') continue
    const expected = JSON.parse(text) as Record<string, unknown>
    const file = String(expected['file'])
    const line = Number(expected['line_no'])
    const record = (await parsedLinesOf(file)).find((parsed) => parsed.line === line)?.record
    for (const [name, field] of Object.entries(FIELDS)) {
      if (!(name in expected)) continue
      total++
      const place = `${file} ${line} ${name}`
      if (record !== undefined && formOf(record[field]) === formOf(expected[name])) equal++
      else if (known.has(place) || (known.has(`${file} all ${name}`) && record?.[field] != null)) listed++
      else others.push(`${place}: theirs ${String(expected[name])}, ours ${String(record?.[field])}`)
    }
  }
  context.diagnostic(`${equal} of ${total} fields equal, ${listed} listed, ${others.length} others`)
  for (const other of others) context.diagnostic(other)
  assert.ok(total > 3000 && equal / (total - listed) >= 0.99, `${equal} of ${total - listed}`)
})
