import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LAST_COUNTED, REASONS } from '../counting.ts'
import { testSettings } from '../testing/batches.ts'
import { guardSteps } from './steps.ts'

test('each reason against counting stops exactly one step; what counts passes all', () => {
  REASONS.forEach((reason, code) => {
    const steps = guardSteps(reason, testSettings())
    const stopped = steps.filter(({ outcome }) => outcome === 'stopped')
    assert.equal(stopped.length, code <= LAST_COUNTED ? 0 : 1, reason[0])
    if (code > LAST_COUNTED) assert.equal(stopped[0]?.sentence, `it ${reason[1]}`)
    else assert.ok(steps.every(({ outcome }) => outcome === 'passed'))
  })
})

test('steps before the one that stopped were passed, those behind it were not asked, and switched ones are off', () => {
  const { guards } = testSettings()
  const settings = testSettings({ lateReplyGuard: false, guards: { ...guards, contentNetworks: false } })
  const steps = guardSteps(REASONS.find(([name]) => name === 'tooOld') ?? REASONS[0], settings)
  const outcomes = Object.fromEntries(steps.map(({ name, outcome }) => [name, outcome]))
  assert.deepEqual(outcomes, {
    readable: 'passed',
    kind: 'passed',
    addresses: 'passed',
    direction: 'passed',
    'late replies': 'off',
    resolvers: 'passed',
    'content networks': 'off',
    clock: 'stopped',
    weight: 'not-asked',
    exceptions: 'not-asked',
  })
})
