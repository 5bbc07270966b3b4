import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../lib/clock.ts'
import { UUID_PATTERN, UuidV7Source } from './uuid-v7.ts'

test('names grow, also within a millisecond, past its counter and when the clock steps back', () => {
  const clock = new ManualClock(1_763_800_000_000)
  const source = new UuidV7Source(clock)
  let last = ''
  for (let i = 0; i < 10_000; i++) {
    if (i === 5000) clock.set(1_763_700_000_000)
    const name = source.next()
    assert.match(name, UUID_PATTERN)
    assert.ok(name > last)
    last = name
  }
})

test('names after a restart are greater than the last one before it, whatever the clock says', () => {
  const before = new UuidV7Source(new ManualClock(1_763_800_000_000)).next()
  const after = new UuidV7Source(new ManualClock(1_663_800_000_000), before).next()
  assert.ok(after > before)
})
