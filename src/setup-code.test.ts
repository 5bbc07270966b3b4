import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from './lib/clock.ts'
import { SetupCode } from './setup-code.ts'

test('the setup code works once, in any case of letters', () => {
  const code = new SetupCode(new ManualClock(0))
  assert.match(code.text, /^[A-Z2-9]{4}(-[A-Z2-9]{4}){3}$/)
  assert.equal(code.redeem('AAAA-AAAA-AAAA-AAAA'), false)
  assert.equal(code.redeem(` ${code.text.toLowerCase()} `), true)
  assert.equal(code.redeem(code.text), false)
})

test('the setup code ends after half an hour', () => {
  const clock = new ManualClock(0)
  const code = new SetupCode(clock)
  clock.advance(30 * 60_000)
  assert.equal(code.redeem(code.text), false)
})
