import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../lib/clock.ts'
import { type AlarmInput, Alarms, MAX_ALARMS } from './alarms.ts'

const finding = (code: string, severity: AlarmInput['severity'] = 'warning'): AlarmInput => ({
  code,
  severity,
  message: `${code} is wrong`,
  mend: 'mend it',
})

test('an alarm raised again keeps its start and counts', () => {
  const clock = new ManualClock(1000)
  const changes: string[] = []
  const alarms = new Alarms({ clock, onChange: (change, alarm) => changes.push(`${change} ${alarm.code}`) })
  alarms.raise(finding('a'))
  clock.advance(500)
  alarms.raise({ ...finding('a'), message: 'still wrong' })
  assert.deepEqual(alarms.active(), [
    { ...finding('a'), message: 'still wrong', sinceMs: 1000, lastMs: 1500, count: 2 },
  ])
  alarms.clear('a')
  alarms.clear('a')
  assert.deepEqual(alarms.active(), [])
  assert.deepEqual(changes, ['raised a', 'renewed a', 'cleared a'])
})

test('an alarm that grows worse is told anew', () => {
  const changes: string[] = []
  const alarms = new Alarms({ clock: new ManualClock(0), onChange: (change) => changes.push(change) })
  alarms.raise(finding('a', 'warning'))
  alarms.raise(finding('a', 'critical'))
  assert.deepEqual(changes, ['raised', 'raised'])
})

test('the worst and oldest come first, and severities are counted', () => {
  const clock = new ManualClock(0)
  const alarms = new Alarms({ clock })
  for (const [code, severity] of [
    ['i', 'info'],
    ['w1', 'warning'],
    ['w2', 'warning'],
    ['c', 'critical'],
  ] as const) {
    alarms.raise(finding(code, severity))
    clock.advance(1)
  }
  assert.deepEqual(
    alarms.active().map((alarm) => alarm.code),
    ['c', 'w1', 'w2', 'i'],
  )
  assert.deepEqual(alarms.counts(), { info: 1, warning: 2, critical: 1 })
})

test('codes beyond the limit are counted and not kept', () => {
  const alarms = new Alarms({ clock: new ManualClock(0) })
  for (let i = 0; i < MAX_ALARMS + 3; i++) alarms.raise(finding(`code-${i}`))
  assert.equal(alarms.active().length, MAX_ALARMS)
  assert.equal(alarms.dropped, 3)
})
