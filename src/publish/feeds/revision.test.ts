import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Network } from '../../lib/address.ts'
import { limitsOf } from './capacity.ts'
import { network } from './feed-fixture.ts'
import { diffRevisions, judgeRevision, LOSS_FROM, type RevisionQuestion } from './revision.ts'

const NO_LIMIT = limitsOf(null, 10)
const hosts = (count: number): Network[] =>
  Array.from({ length: count }, (_, i) => network(`2001:db8::${i.toString(16)}`))
const list = (count: number) => ({ networks: hosts(count), decisions: count })

const question = (
  previous: number | null,
  next: number,
  parts: Partial<RevisionQuestion> = {},
): RevisionQuestion => ({
  previous: previous === null ? null : list(previous),
  next: list(next),
  bytes: next * 15,
  entries: next,
  limits: NO_LIMIT,
  liftedByPeople: 0,
  refuse: () => null,
  ...parts,
})

const codes = (asked: RevisionQuestion): string[] => {
  const verdict = judgeRevision(asked)
  return verdict.publish ? [] : verdict.holds.map(({ code }) => code)
}

test('a list that loses more than half is held, one that loses half is published', () => {
  assert.deepEqual(codes(question(100, 50)), [])
  assert.deepEqual(codes(question(100, 49)), ['shrinks'])
  assert.deepEqual(codes(question(100, 0)), ['would-be-empty'])
  assert.deepEqual(codes(question(null, 0)), [])
  assert.deepEqual(codes(question(100, 1000)), [])
})

test('short lists halve in ordinary life', () => {
  assert.deepEqual(codes(question(1, 0)), [])
  assert.deepEqual(codes(question(LOSS_FROM - 1, 1)), [])
  assert.deepEqual(codes(question(LOSS_FROM, 1)), ['shrinks'])
})

test('what people lifted is not lost', () => {
  assert.deepEqual(codes(question(100, 10, { liftedByPeople: 85 })), [])
  assert.deepEqual(codes(question(100, 0, { liftedByPeople: 100 })), [])
  assert.deepEqual(codes(question(100, 10, { liftedByPeople: 50 })), ['shrinks'])
})

test('a protected network holds the list, and the reason names it', () => {
  const refuse = (target: Network): string | null => (target.words[3] === 7 ? 'it is one of your own' : null)
  const verdict = judgeRevision(question(10, 10, { refuse }))
  assert.deepEqual(verdict, {
    publish: false,
    holds: [
      {
        code: 'protected',
        reason: 'The list would hold what must not be blocked: 2001:db8::7 (it is one of your own).',
      },
    ],
  })
})

test('more than the firewall holds is held, by entries and by bytes; the headroom alone is not', () => {
  const limits = limitsOf({ preset: 'fortigate' }, 10)
  assert.deepEqual(codes(question(null, 10, { limits, entries: 131_072 })), [])
  assert.deepEqual(codes(question(null, 10, { limits, entries: 131_073 })), ['over-capacity'])
  assert.deepEqual(codes(question(null, 10, { limits, bytes: 10_000_001 })), ['too-large'])
})

test('all reasons are told at once', () => {
  const limits = limitsOf({ entries: 5, scope: 'firewall' }, 0)
  assert.deepEqual(codes(question(100, 10, { limits, refuse: () => 'no' })), [
    'shrinks',
    'protected',
    'over-capacity',
  ])
})

test('the difference of two lists, whatever their order', () => {
  const texts = (networks: readonly string[]): Network[] => networks.map(network)
  const { added, removed, unchanged } = diffRevisions(
    texts(['198.51.100.1', '198.51.100.0/24', '2001:db8::1']),
    texts(['2001:db8::1', '2001:db8::2', '198.51.100.0/24']),
  )
  assert.deepEqual(added, texts(['2001:db8::2']))
  assert.deepEqual(removed, texts(['198.51.100.1']))
  assert.equal(unchanged, 2)
})
