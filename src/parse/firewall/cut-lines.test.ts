/** FortiGate, Check Point and Cisco lines cut or changed by others must never show another address or port. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogRecord } from '../../model/log-record.ts'
import { Parser } from '../parser.ts'
import { recordOf, SYDNEY } from '../test-lines.ts'

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures')
const FOLDERS = ['fortigate-kv-traffic', 'fortigate-kv-threats', 'checkpoint-meaning', 'cisco-events']
const lines = FOLDERS.flatMap((folder) =>
  readFileSync(join(FIXTURES, folder, 'input.log'), 'utf8').split('\n'),
).filter((line) => line !== '' && !line.includes('192.0.2.99'))
const SIDES = [
  'sourceAddress',
  'destinationAddress',
  'sourcePort',
  'destinationPort',
  'natDestinationPort',
] as const

test('a cut line shows the same addresses and ports as the whole one, or none', () => {
  const parser = new Parser(SYDNEY)
  for (const line of lines) {
    const whole = recordOf(line)
    for (let length = 1; length < line.length; length++) {
      const parsed = parser.parseLine(line.slice(0, length))
      if (!parsed.ok) continue
      for (const side of SIDES) {
        const value: string | number | null = parsed.record[side]
        if (value !== null) assert.equal(value, whole[side], `${side} of ${line.slice(0, length)}`)
      }
    }
  }
})

/** What an outsider may put into a value, for each way in which its format escapes it. */
const PIECES = ['a', 'b', '=', ';', ':', '|', ']', '[', '"', '\\', ',', ' ', "'", '/', '(', ')', '<', '>']
const KEYS = ['srcip=192.0.2.99', 'src:"192.0.2.99"', 'SrcIP: 192.0.2.99', '; src: 9', '"; src:"192.0.2.99']
const hostile = fc.string({ unit: fc.constantFrom(...PIECES, ...KEYS), maxLength: 12 })
const escaped = (text: string): string => text.replaceAll(/["\\\]]/g, (mark) => `\\${mark}`)

const FORTIGATE = (value: string): string =>
  `date=2025-02-20 time=12:00:00 devname="FW" devid="FG1" logid="1" type="utm" subtype="ips" severity="critical" srcip=198.51.100.7 srcport=40000 dstip=203.0.113.10 dstport=80 action="dropped" url="${escaped(value)}" direction="outgoing" attack="X" attackid=1`
const CHECK_POINT = (value: string): string =>
  `<134>1 2025-02-20T12:00:00Z gw CheckPoint 1 - [action:"Drop"; src:"198.51.100.7"; s_port:"40000"; user:"${escaped(value)}"; dst:"203.0.113.10"; service:"80"; proto:"6"; product:"VPN-1 & FireWall-1"; ]`

test('what stands in an escaped value changes no other field', () => {
  const withoutValue = (record: LogRecord): object => ({ ...record, url: '', sourceUser: '', raw: '' })
  for (const make of [FORTIGATE, CHECK_POINT]) {
    const plain = withoutValue(recordOf(make('x')))
    fc.assert(
      fc.property(hostile, (value) => {
        assert.deepEqual(withoutValue(recordOf(make(value))), plain)
      }),
      { numRuns: 500 },
    )
  }
})

test('an unescaped value that brings keys makes the line ambiguous', () => {
  const injected = FORTIGATE('x').replace('url="x"', 'url="x" srcip=192.0.2.99 y=""')
  const { flags, sourceAddress } = recordOf(injected)
  assert.deepEqual(flags, ['ambiguous'])
  assert.equal(sourceAddress, '198.51.100.7')
})
