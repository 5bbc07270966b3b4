import assert from 'node:assert/strict'
import { test } from 'node:test'
import { surgeOf } from './surge.ts'

const STEADY = [200, 210, 190, 205, 195, 200, 210, 190, 205, 195, 200, 210, 190, 205, 195, 200]

test('more than the third quartile and four distances of the quartiles is a surge, and less is none', () => {
  const { limit } = surgeOf(0, STEADY)
  assert.equal(surgeOf(limit, STEADY).isSurge, false)
  assert.equal(surgeOf(limit + 1, STEADY).isSurge, true)
  assert.equal(surgeOf(limit + 1, STEADY).usual, 200)
})

test('a restless site needs more to be in a surge than a steady one', () => {
  const restless = STEADY.map((lines, i) => (i % 2 === 0 ? lines * 3 : lines))
  assert.ok(surgeOf(0, restless).limit > surgeOf(0, STEADY).limit)
})

test('few lines are no surge, whatever came before', () => {
  assert.equal(
    surgeOf(
      100,
      STEADY.map(() => 1),
    ).isSurge,
    false,
  )
  assert.equal(
    surgeOf(
      101,
      STEADY.map(() => 1),
    ).isSurge,
    true,
  )
})

test('without lines before nobody can say what is usual', () => {
  assert.equal(
    surgeOf(
      1_000_000,
      STEADY.map((_, i) => (i < 3 ? 5 : 0)),
    ).isSurge,
    false,
  )
  assert.equal(surgeOf(5000, []).isSurge, false)
})
