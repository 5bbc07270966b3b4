import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { contains, parseAddress, parseNetwork } from '../lib/address.ts'
import { ManualClock, systemClock } from '../lib/clock.ts'
import { DEMO_NETWORKS, DemoFirewall, playDemo } from './firewall.ts'
import { lineTime, THREAT_COLUMNS, TRAFFIC_COLUMNS, zoneOffsetMinutes } from './log-lines.ts'
import { seededRandom } from './random.ts'

const START_MS = Date.parse('2026-03-04T05:06:07Z')

function play(seed: number, seconds: number, linesPerSecond = 50): string[] {
  const clock = new ManualClock(START_MS)
  const firewall = new DemoFirewall({ clock, random: seededRandom(seed), timeZone: 'UTC' })
  return Array.from({ length: seconds * linesPerSecond }, () => {
    clock.advance(1000 / linesPerSecond)
    return firewall.next()
  })
}

/** The columns of a CSV line behind its header; quotes protect commas. */
function columns(line: string): string[] {
  const body = line.slice(line.indexOf(' 1,') + 1)
  return [...body.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map((match) => match[1] as string)
}

const csvLines = (lines: string[]): string[] => lines.filter((line) => line.includes(' edge-fw-b '))
const customValue = (line: string, key: string): string =>
  new RegExp(`; ${key}=([^;]*);`).exec(line)?.[1] ?? ''

test('the same seed and clock give the same lines, another seed gives others', () => {
  assert.deepEqual(play(7, 20), play(7, 20))
  assert.notDeepEqual(play(7, 20), play(8, 20))
})

test('default CSV lines have the columns of PAN-OS 11.1 with addresses, ports and action in their places', () => {
  const lines = csvLines(play(7, 90))
  const traffic = lines.filter((line) => line.includes(',TRAFFIC,')).map(columns)
  const threats = lines.filter((line) => line.includes(',THREAT,')).map(columns)
  assert.ok(traffic.length > 500 && threats.length > 0)
  for (const row of traffic) assert.equal(row.length, TRAFFIC_COLUMNS)
  for (const row of threats) assert.equal(row.length, THREAT_COLUMNS)
  for (const row of [...traffic, ...threats]) {
    assert.notEqual(parseAddress(row[7] as string), null)
    assert.notEqual(parseAddress(row[8] as string), null)
    assert.match(row[25] as string, /^\d{1,5}$/)
    assert.match(row[30] as string, /^(allow|drop|reset-both)$/)
  }
  for (const row of traffic) assert.match(row[102] as string, /^2026-03-04T05:0\d:\d\d\.\d{3}\+00:00$/)
  for (const row of threats) {
    assert.match(row[32] as string, /\(\d+\)$/)
    assert.match(row[34] as string, /^(critical|high)$/)
    assert.equal(row[35], 'client-to-server')
    assert.match(row[107] as string, /^2026-03-04T/)
  }
})

test('lines of one type are numbered without a gap, each type on its own', () => {
  const lines = csvLines(play(7, 90))
  for (const [type, column] of [
    ['TRAFFIC', 39],
    ['THREAT', 36],
  ] as const) {
    const numbers = lines
      .filter((line) => line.includes(`,${type},`))
      .map((line) => Number(columns(line)[column]))
    assert.ok(numbers.length > 1)
    for (const [i, number] of numbers.entries()) assert.equal(number, (numbers[0] as number) + i)
  }
})

test('every address is a documentation address', () => {
  const ranges = DEMO_NETWORKS.public.map((text) => parseNetwork(text))
  for (const line of play(3, 120)) {
    const found = line.includes('SrcIP=')
      ? [customValue(line, 'SrcIP'), customValue(line, 'DstIP')]
      : columns(line).slice(7, 9)
    for (const text of found) {
      const words = parseAddress(text)
      assert.ok(words !== null && ranges.some((range) => range !== null && contains(range, words)), line)
    }
  }
})

test('a port scanner passes 10 ports within 10 s, a sweeper 10 hosts and a critical threat come within 30 s', () => {
  const first10 = play(1, 10).filter((line) => line.includes('sensor') && line.includes('192.0.2.'))
  const ports = new Set(
    first10.map((line) => `${customValue(line, 'SrcIP')} ${customValue(line, 'DstPort')}`),
  )
  assert.ok(ports.size > 10, `${ports.size}`)
  const first30 = play(1, 30)
  const hostsBySweeper = new Map<string, Set<string>>()
  for (const row of csvLines(first30).map(columns)) {
    if (row[30] !== 'drop' || !(row[7] as string).startsWith('192.0.2.')) continue
    const key = `${row[7]} ${row[25]}`
    hostsBySweeper.set(key, (hostsBySweeper.get(key) ?? new Set()).add(row[8] as string))
  }
  for (const line of first30.filter((text) => text.includes('Subtype=drop'))) {
    const key = `${customValue(line, 'SrcIP')} ${customValue(line, 'DstPort')}`
    hostsBySweeper.set(key, (hostsBySweeper.get(key) ?? new Set()).add(customValue(line, 'DstIP')))
  }
  assert.ok([...hostsBySweeper.values()].some((hosts) => hosts.size >= 10))
  assert.ok(first30.some((line) => /Severity=critical|,critical,/.test(line)))
})

test('late replies come from port 53 or 443 to many ephemeral ports', () => {
  const replies = play(5, 120).filter(
    (line) => /198\.51\.100\.(?:53|210)/.test(line) && line.includes('sensor'),
  )
  const ports = new Set(
    replies.map((line) => (line.includes('SrcIP=') ? customValue(line, 'DstPort') : columns(line)[25])),
  )
  assert.ok(ports.size > 20, `${ports.size}`)
})

test('local times follow the zone, also across a change to summer time', () => {
  assert.equal(zoneOffsetMinutes('Australia/Sydney', Date.parse('2026-01-01T00:00:00Z')), 660)
  assert.equal(zoneOffsetMinutes('Australia/Sydney', Date.parse('2026-07-01T00:00:00Z')), 600)
  assert.equal(zoneOffsetMinutes('America/St_Johns', Date.parse('2026-01-01T00:00:00Z')), -210)
  assert.equal(zoneOffsetMinutes('UTC', START_MS), 0)
  assert.deepEqual(lineTime(START_MS, -210), {
    header: 'Mar  4 01:36:07',
    local: '2026/03/04 01:36:07',
    highResolution: '2026-03-04T01:36:07.000-03:30',
  })
})

test('playDemo sends to the listener and ends when told', async () => {
  const listener = createSocket('udp4')
  listener.bind(0, '127.0.0.1')
  await once(listener, 'listening')
  const stop = new AbortController()
  const playing = playDemo({
    host: '127.0.0.1',
    port: listener.address().port,
    linesPerSecond: 500,
    signal: stop.signal,
    clock: systemClock,
    random: seededRandom(1),
  })
  const [message] = (await once(listener, 'message')) as [Buffer]
  stop.abort()
  await playing
  listener.close()
  assert.match(message.toString(), /^<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d edge-fw-[ab] /)
})
