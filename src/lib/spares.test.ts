import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Spares } from './spares.ts'

test('the one given back last is taken first, and none is undefined', () => {
  const spares = new Spares<string>(100)
  assert.equal(spares.take(), undefined)
  spares.give('a')
  spares.give('b')
  assert.deepEqual([spares.take(), spares.take(), spares.take()], ['b', 'a', undefined])
})

test('what nobody needed during a period is dropped, what somebody needed once stays', () => {
  const spares = new Spares<string>(3)
  for (const name of ['cold', 'cool', 'warm', 'hot']) spares.give(name)
  const use = (count: number): void => {
    const taken = Array.from({ length: count }, () => spares.take() as string)
    for (const name of taken.reverse()) spares.give(name)
  }
  use(1)
  use(2) // the third taking ends the period, while two are out
  assert.deepEqual([spares.count, spares.dropped], [2, 2])
  assert.deepEqual([spares.take(), spares.take()], ['hot', 'warm'])
})

test('of two that are used by turns both stay', () => {
  const spares = new Spares<string>(2)
  spares.give('a')
  let inUse = 'b'
  for (let i = 0; i < 10; i++) {
    const next = spares.take()
    assert.ok(next !== undefined)
    spares.give(inUse)
    inUse = next
  }
})
