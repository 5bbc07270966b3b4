import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { ManualClock } from '../lib/clock.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { certificateStage, checkDisk, raiseDisk, SilentDevices } from './notice-monitors.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const NOON_MS = Date.UTC(2026, 10, 22, 12)

function setUp() {
  const alarms = new Alarms({ clock: new ManualClock(NOON_MS) })
  const codes = (): string[] => alarms.active().map(({ code }) => code)
  return { alarms, codes, silent: new SilentDevices(alarms) }
}

test('a firewall that sent regularly is missed when it falls silent, and the alarm ends when it speaks', () => {
  const { silent, codes, alarms } = setUp()
  let nowMs = NOON_MS
  const check = (lastSeenAtMs: number): void => silent.check([{ device: 'fw-1', lastSeenAtMs }], 30, nowMs)
  for (let minute = 0; minute < 90; minute++, nowMs += MINUTE_MS) check(nowMs)
  const lastMs = nowMs - MINUTE_MS
  for (; nowMs <= lastMs + 30 * MINUTE_MS; nowMs += MINUTE_MS) check(lastMs)
  assert.deepEqual(codes(), [])
  check(lastMs)
  assert.deepEqual(codes(), ['device-silent:fw-1'])
  assert.match(alarms.active()[0]?.message ?? '', /fw-1 has sent nothing for 31 min/)
  check(nowMs)
  assert.deepEqual(codes(), [])
})

test('one that was heard once or twice is not missed, nor when it is switched off, nor for ever', () => {
  const { silent, codes } = setUp()
  silent.check([{ device: 'once', lastSeenAtMs: NOON_MS }], 30, NOON_MS)
  silent.check([{ device: 'once', lastSeenAtMs: NOON_MS }], 30, NOON_MS + 5 * 60 * MINUTE_MS)
  assert.deepEqual(codes(), [])
  const heard = (n: number): { device: string; lastSeenAtMs: number } => ({
    device: 'often',
    lastSeenAtMs: NOON_MS + n * 30 * MINUTE_MS,
  })
  for (let n = 0; n < 4; n++) silent.check([heard(n)], 30, heard(n).lastSeenAtMs)
  silent.check([heard(3)], 30, heard(3).lastSeenAtMs + 31 * MINUTE_MS)
  assert.deepEqual(codes(), ['device-silent:often'])
  silent.check([heard(3)], 30, heard(3).lastSeenAtMs + 8 * DAY_MS)
  assert.deepEqual(codes(), [])
  for (let n = 400; n < 404; n++) silent.check([heard(n)], 30, heard(n).lastSeenAtMs)
  silent.check([heard(403)], 30, heard(403).lastSeenAtMs + 31 * MINUTE_MS)
  assert.deepEqual(codes(), ['device-silent:often'])
  silent.check([heard(403)], 0, heard(403).lastSeenAtMs + 32 * MINUTE_MS)
  assert.deepEqual(codes(), [])
})

test('made-up names fill neither memory nor the alarms, and their characters are visible', () => {
  const { silent, codes } = setUp()
  for (let n = 0; n < 4; n++) {
    const lastSeenAtMs = NOON_MS + n * 30 * MINUTE_MS
    const devices = Array.from({ length: 5000 }, (_, i) => ({ device: `x${i}\n\u202e`, lastSeenAtMs }))
    silent.check(devices, 30, lastSeenAtMs)
  }
  silent.check([], 30, NOON_MS + 150 * MINUTE_MS)
  assert.equal(codes().length, 50)
  assert.doesNotMatch(codes().join(' '), /[\n\u202e]/)
})

test('the disk is told about from the set fill on, critically at 95 percent, and clears two percent below', async () => {
  const { alarms, codes } = setUp()
  const severity = (): string | undefined => alarms.active()[0]?.severity
  raiseDisk('/data', 84.9, 2 ** 30, 85, alarms)
  assert.deepEqual(codes(), [])
  raiseDisk('/data', 85, 2 ** 30, 85, alarms)
  assert.equal(severity(), 'warning')
  raiseDisk('/data', 95, 2 ** 30, 85, alarms)
  assert.equal(severity(), 'critical')
  raiseDisk('/data', 84, 2 ** 30, 85, alarms)
  assert.deepEqual(codes(), ['disk-filling'])
  raiseDisk('/data', 82.9, 2 ** 30, 85, alarms)
  assert.deepEqual(codes(), [])
  const reports: unknown[] = []
  await checkDisk('/nowhere/at/all', 85, alarms, (error) => reports.push(error))
  assert.equal(reports.length, 1)
  raiseDisk('/data', 99, 2 ** 30, 85, alarms)
  await checkDisk(tmpdir(), 100, alarms, (error) => reports.push(error))
  assert.deepEqual(codes(), [])
})

test('a certificate is told about 30, 14, 7 and 1 day before its end, once each', () => {
  const notAfterMs = NOON_MS + 40 * DAY_MS
  let told: ReturnType<typeof certificateStage> = null
  const days: number[] = []
  for (let nowMs = NOON_MS; nowMs < notAfterMs + 3 * DAY_MS; nowMs += DAY_MS / 4) {
    const stage = certificateStage(notAfterMs, told, nowMs)
    if (stage === null) continue
    days.push(stage.days)
    told = stage
  }
  assert.deepEqual(days, [30, 14, 7, 1])
  assert.equal(certificateStage(notAfterMs + 90 * DAY_MS, told, notAfterMs), null)
  assert.equal(certificateStage(notAfterMs + 10 * DAY_MS, told, notAfterMs)?.days, 14)
})
