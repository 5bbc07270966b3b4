import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../lib/errors.ts'
import { loadConfiguration } from './load.ts'
import { checkChange, settingViews } from './view.ts'

const configuration = loadConfiguration(
  { workingDirectory: '/nonexistent', environment: {}, sets: ['web.listen=:1', 'metrics.token=hush'] },
  new Map<string, unknown>([['networks.own', ['192.0.2.0/24', '203.0.113.0/24']]]),
)
const view = (key: string) => settingViews(configuration).find((found) => found.key === key)
const refusal = (key: string, text: string | null): AppError => {
  try {
    checkChange(configuration, key, text)
  } catch (thrown) {
    assert.ok(thrown instanceof AppError)
    return thrown
  }
  throw new assert.AssertionError({ message: `${key} was not refused` })
}

test('settings are shown as they would be typed, with their origin, and secrets never', () => {
  assert.equal(view('networks.own')?.value, '192.0.2.0/24,203.0.113.0/24')
  assert.equal(view('networks.own')?.origin, 'state')
  assert.equal(view('networks.own')?.fixed, false)
  assert.equal(view('web.listen')?.fixed, true)
  assert.equal(view('metrics.token')?.value, '(secret)')
  assert.equal(view('data.dir')?.fixed, true)
  assert.equal(view('detection.portScan.ports')?.live, true)
})

test('a change is checked like any other source', () => {
  assert.deepEqual(checkChange(configuration, 'detection.portScan.ports', '20'), {
    key: 'detection.portScan.ports',
    value: 20,
    needsRestart: false,
  })
  assert.deepEqual(checkChange(configuration, 'logs.keepRaw', null), {
    key: 'logs.keepRaw',
    value: undefined,
    needsRestart: true,
  })
  assert.match(
    refusal('detection.portScan.ports', 'x').message,
    /^bad value "x" for .*expected a whole number from 1/,
  )
  assert.match(
    refusal('detection.portScan.port', '1').message,
    /nearest known one is detection\.portScan\.ports/,
  )
})

test('what file, environment or --set give is fixed, and so is what the state must not say', () => {
  assert.equal(refusal('web.listen', ':2').code, 'unsafe')
  assert.match(refusal('web.listen', ':2').message, /it is given by --set/)
  for (const key of ['data.dir', 'files.folders'])
    assert.match(refusal(key, '/x').message, /only file, environment and command line say it/)
})
