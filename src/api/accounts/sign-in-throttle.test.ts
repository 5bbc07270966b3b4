/** Guessing is slowed down and told; nobody is locked out by it who comes from where he came before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ManualClock } from '../../lib/clock.ts'
import { SignInThrottle } from './sign-in-throttle.ts'

const MINUTE_MS = 60_000
const HOME = '198.51.100.1'

function throttle(): { clock: ManualClock; throttle: SignInThrottle } {
  const clock = new ManualClock(Date.UTC(2026, 10, 22))
  return { clock, throttle: new SignInThrottle(clock) }
}

test('A30: a thousand tries on ten users from a hundred networks make the guessers wait and lock nobody out', () => {
  const { throttle: guarded, clock } = throttle()
  const users = Array.from({ length: 10 }, (_, i) => `user${i}`)
  for (const user of users) guarded.succeeded(user, HOME)
  let admitted = 0
  for (let i = 0; i < 1000; i++) {
    const user = users[i % 10] ?? ''
    const address = `203.0.${i % 100}.7`
    if (guarded.waitSeconds(user, address) > 0) continue
    admitted++
    guarded.failed(user, address)
  }
  assert.equal(admitted, 300, '30 tries a user from everywhere together')
  const { networks, users: tried } = guarded.guessing()
  assert.deepEqual([networks, tried], [0, 10])
  for (const user of users) assert.equal(guarded.waitSeconds(user, HOME), 0, user)
  assert.equal(guarded.waitSeconds('somebody-else', '192.0.2.1'), 0)
  assert.ok(guarded.waitSeconds('user0', '192.0.2.1') > 0, 'from a new place only for a while')
  clock.advance(15 * MINUTE_MS)
  assert.equal(guarded.waitSeconds('user0', '192.0.2.1'), 0)
  assert.deepEqual(guarded.guessing(), { networks: 0, users: 0 })
})

test('one network gets ten tries in a quarter of an hour, however many users and addresses it has', () => {
  const { throttle: guarded, clock } = throttle()
  for (let i = 0; i < 10; i++) {
    assert.equal(guarded.waitSeconds(`user${i}`, `203.0.113.${i}`), 0)
    guarded.failed(`user${i}`, `::ffff:203.0.113.${i}`)
  }
  assert.equal(guarded.waitSeconds('another', '203.0.113.200'), 900)
  assert.deepEqual(guarded.guessing(), { networks: 1, users: 0 })
  for (let i = 0; i < 10; i++) guarded.failed('x', `2001:db8:0:1::${i}`)
  assert.ok(guarded.waitSeconds('y', '2001:db8:0:1:ffff::1') > 0)
  assert.equal(guarded.waitSeconds('y', '2001:db8:0:2::1'), 0)
  clock.advance(15 * MINUTE_MS - 1000)
  assert.equal(guarded.waitSeconds('another', '203.0.113.200'), 1)
})

test('who has signed in from a place is not kept out of it by what strangers do elsewhere, whatever they try', () => {
  const stranger = fc.record({
    user: fc.constantFrom('ada', 'ADA', 'bob'),
    third: fc.integer({ min: 0, max: 99 }),
    last: fc.integer({ min: 1, max: 254 }),
    minutes: fc.integer({ min: 0, max: 5 }),
  })
  fc.assert(
    fc.property(fc.array(stranger, { maxLength: 200 }), (tries) => {
      const { throttle: guarded, clock } = throttle()
      guarded.succeeded('ada', HOME)
      for (const { user, third, last, minutes } of tries) {
        clock.advance(minutes * MINUTE_MS)
        guarded.failed(user, `203.0.${third}.${last}`)
        assert.equal(guarded.waitSeconds('ada', HOME), 0)
        assert.equal(guarded.waitSeconds('Ada', '198.51.100.99'), 0)
      }
    }),
  )
})

test('a neighbour in one’s own network slows guessing there only after five times as many failures', () => {
  const { throttle: guarded } = throttle()
  guarded.succeeded('ada', HOME)
  for (let i = 0; i < 49; i++) guarded.failed('ada', '198.51.100.66')
  assert.equal(guarded.waitSeconds('ada', HOME), 0)
  guarded.failed('ada', '198.51.100.66')
  assert.ok(guarded.waitSeconds('ada', HOME) > 0)
})
