/**
 * Labelled scans of real firewalls, kept outside the repository (see samples.test.ts): `replay` finds each, at the
 * second at which a plain sliding-window count crosses ten, or a named guard excuses it. Real internet background, which
 * the classic rule misses: slow scan and subnet scan find what is slow and spread, and answers of servers convict nobody.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { testWorld } from '../src/cli/testing.ts'
import { parseAddress } from '../src/lib/address.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = process.env['ADS_SAMPLES'] ?? join(ROOT, '../shared/samples')
const skip = existsSync(join(FOLDER, 'scan_truth.jsonl')) ? false : `no labelled lines in ${FOLDER}`

interface Truth {
  file: string
  kind: 'port_scan' | 'host_sweep'
  src_ip: string
  dst_ip?: string
  dst_port?: number
  first_crossed: string
  src_is_private: boolean
}

interface Line {
  rule: string
  source: string
  destination: string | null
  port: number | null
  count: number
  windowSeconds: number
  detectedAt: string
  decision: string
  reason: string
}

async function replay(file: string, ...settings: string[]): Promise<Line[]> {
  const { run, stdout } = testWorld({ workingDirectory: FOLDER })
  const given = ['time.zone=UTC', ...settings].flatMap((setting) => ['--set', setting])
  assert.equal(await run('replay', file, ...given), 0)
  return stdout()
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line)
}

/** Labelled, and left out by a guard on purpose: [source, the guard's reason]. */
const EXCUSED = new Map([
  ['127.0.0.1', 'loopback: no host on a network can have sent it (counter skippedNoHost)'],
  ['127.0.0.2', 'loopback: no host on a network can have sent it (counter skippedNoHost)'],
])

test('every labelled scan is found at the second it crosses ten, or a named guard excuses it', {
  skip,
}, async (t) => {
  const truths = readFileSync(join(FOLDER, 'scan_truth.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Truth)
  for (const truth of truths) {
    const found = await replay(truth.file, 'detection.portScan.ports=9', 'detection.hostSweep.addresses=10')
    const rule = truth.kind === 'port_scan' ? 'port-scan' : 'host-sweep'
    const hit = found.find(
      (line) =>
        line.rule === rule &&
        isOf(line.source, truth.src_ip) &&
        (truth.kind === 'port_scan' ? line.destination === truth.dst_ip : line.port === truth.dst_port),
    )
    const excuse = EXCUSED.get(truth.src_ip)
    t.diagnostic(`${truth.file} ${truth.kind} ${excuse === undefined ? 'found' : `excused: ${excuse}`}`)
    if (excuse !== undefined) {
      assert.equal(hit, undefined)
      continue
    }
    assert.ok(hit, `${truth.file}: ${truth.kind} of ${truth.src_ip}`)
    // The labels assume the year 2022: month to second.
    assert.equal(hit.detectedAt.slice(5, 19).replace('T', ' '), truth.first_crossed.slice(5), truth.file)
    const isConvicted = hit.decision === 'block' || /is already blocked since/.test(hit.reason)
    assert.equal(isConvicted, !truth.src_is_private, `${truth.file}: ${hit.reason}`)
  }
  assert.equal(truths.length, 10)
})

/** Whether a detection's source (an address, or a prefix for IPv6) is that of the address. */
function isOf(source: string, address: string): boolean {
  if (source === address) return true
  const prefix = parseAddress(source.split('/')[0] ?? '')
  const words = parseAddress(address)
  return source.includes('/') && prefix?.[0] === words?.[0] && prefix?.[1] === words?.[1]
}

const BACKGROUND = join(FOLDER, 'ufw_internet_background_older__plemma.log')
const UFW = join(FOLDER, 'ufw_iso_time__cs456.log')
const LONG_RULES = ['slowScan', 'subnetScan', 'randomScan'].map((rule) => `detection.${rule}.mode=enforce`)

function missing(path: string): string | false {
  return existsSync(path) ? false : `no ${path}`
}

/** Sources by rule; private ones are only reported and stay out. */
async function convictedBy(path: string, ...settings: string[]): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>()
  for (const { rule, source, decision, reason } of await replay(path, ...settings)) {
    if (decision !== 'block' && !/is already blocked since/.test(reason)) continue
    found.set(rule, (found.get(rule) ?? new Set()).add(source))
  }
  return found
}

test('on real internet background slow and subnet scan find what port scan misses, and spare the benign', {
  skip: missing(BACKGROUND),
}, async (t) => {
  const plain = await convictedBy(BACKGROUND)
  const long = await convictedBy(BACKGROUND, ...LONG_RULES)
  const of = (rule: string): string[] => [...(long.get(rule) ?? [])]
  t.diagnostic([...long].map(([rule, sources]) => `${rule} ${sources.size}`).join(', '))

  assert.deepEqual(
    [...plain].map(([rule, sources]) => [rule, sources.size]),
    [['port-scan', 1]],
  )
  assert.equal(of('slow-scan').length, 8)
  assert.equal(of('slow-scan').filter((source) => !plain.get('port-scan')?.has(source)).length, 7)
  // the one /24 that FIELD.md names as an attacker's, and nobody else's
  assert.equal(of('subnet-scan').length, 7)
  assert.deepEqual([...new Set(of('subnet-scan').map(prefixOf))], ['79.124.62'])
  assert.ok(of('slow-scan').filter((source) => prefixOf(source) === '79.124.62').length >= 6)

  // the research network that FIELD.md names did send
  const text = readFileSync(BACKGROUND, 'utf8')
  assert.match(text, /SRC=171\.67\./)
  const convicted = new Set([...long.values()].flatMap((sources) => [...sources]))
  for (const source of convicted) assert.doesNotMatch(source, /^171\.67\./)
  // who sent answers of web and QUIC servers only is not convicted either
  const answering = [...text.matchAll(/SRC=(\S+) .*? SPT=443 /g)].map(([, source]) => source as string)
  assert.ok(answering.length > 20)
  assert.deepEqual(
    answering.filter((source) => convicted.has(source)),
    [],
  )
})

test('lines that UFW writes twice and three times for one packet convict no public source', {
  skip: missing(UFW),
}, async () => {
  const text = readFileSync(UFW, 'utf8')
  assert.match(text, /UFW AUDIT/)
  assert.match(text, /UFW ALLOW/)
  assert.deepEqual([...(await convictedBy(UFW, ...LONG_RULES))], [])
})

/** The first three bytes of an IPv4 address, as text. */
function prefixOf(address: string): string {
  return address.split('.').slice(0, 3).join('.')
}
