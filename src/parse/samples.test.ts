/** Real lines kept outside the repository: the other parsers' expected results are a second opinion. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { LogRecord } from '../model/log-record.ts'
import { Parser } from './parser.ts'

const FOLDER = '/work/shared/samples'
const skip = existsSync(FOLDER) ? false : `no sample lines in ${FOLDER}`

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

function linesOf(file: string): string[] {
  return readFileSync(`${FOLDER}/${file}`, 'utf8').split('\n')
}

test('every sample line of every vendor is read without harm, PAN-OS CSV is understood', { skip }, () => {
  const parser = new Parser({ timeZone: 'UTC', deviceZones: {}, referenceMs: Date.UTC(2025, 5, 1) })
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.log'))) {
    for (const line of linesOf(file).filter((text) => text !== '')) {
      const { ok } = parser.parseLine(line)
      if (file.startsWith('panos_csv')) assert.ok(ok, `${file}: ${line}`)
    }
  }
})

test('at least 98 % of the expected PAN-OS fields agree', { skip }, () => {
  const parser = new Parser({ timeZone: 'UTC', deviceZones: {}, referenceMs: Date.UTC(2025, 5, 1) })
  const files = new Map<string, string[]>()
  let agreed = 0
  let total = 0
  for (const text of linesOf('expected.jsonl').filter((line) => line.includes('"panos_csv'))) {
    const expected = JSON.parse(text) as Record<string, unknown>
    const file = String(expected['file'])
    const lines = files.get(file) ?? linesOf(file)
    files.set(file, lines)
    const parsed = parser.parseLine(lines[Number(expected['line_no']) - 1] ?? '')
    if (!parsed.ok || !['TRAFFIC', 'THREAT'].includes(parsed.record.type ?? '')) continue
    for (const [name, field] of Object.entries(FIELDS)) {
      if (!(name in expected)) continue
      total++
      // Port 0 is "no port" here.
      if (String(parsed.record[field] ?? 0).toLowerCase() === String(expected[name]).toLowerCase()) agreed++
    }
  }
  assert.ok(total > 1000 && agreed / total >= 0.98, `${agreed} of ${total}`)
})
