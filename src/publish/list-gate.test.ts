import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatNetwork, type Network, networkOf } from '../lib/address.ts'
import { ManualClock } from '../lib/clock.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { BlockList, type GateQuestion } from './block-list.ts'
import type { Hold } from './feeds/revision.ts'

const host = (i: number): Network => networkOf([0, 0, 0xffff, 0xc6336400 + i], 128)
const hosts = (count: number): Network[] => Array.from({ length: count }, (_, i) => host(i + 1))
const held: readonly Hold[] = [{ code: 'shrinks', reason: 'too few' }]

function listWith(gate: (question: GateQuestion) => readonly Hold[]): {
  list: BlockList
  refused: Set<string>
  lines: () => string[]
} {
  const clock = new ManualClock(Date.UTC(2026, 3, 1))
  const refused = new Set<string>()
  const list = new BlockList({
    clock,
    sentinel: '192.0.2.255',
    refuse: (target) => (refused.has(formatNetwork(target)) ? 'allowed' : null),
    alarms: new Alarms({ clock }),
    schedule: () => () => {},
    gate,
  })
  return { list, refused, lines: () => list.snapshot.body.toString().trimEnd().split('\n') }
}

test('a held revision leaves the one in service, and a later one that passes is published whole', () => {
  const { list, lines } = listWith(({ next, previous }) => (next.entries * 2 < previous.entries ? held : []))
  list.replace(hosts(10))
  list.flush()
  list.apply({ added: [], removed: hosts(8) })
  list.flush()
  assert.equal(lines().length, 10)
  assert.equal(list.held?.snapshot.entries, 2)
  list.apply({ added: hosts(6), removed: [] })
  list.flush()
  assert.equal(list.held, null)
  assert.equal(lines().length, 8)
})

test('released it is published whatever the gate says, once', () => {
  const { list, lines } = listWith(({ next, previous }) => (next.entries < previous.entries ? held : []))
  list.replace(hosts(4))
  list.flush()
  list.apply({ added: [], removed: hosts(1) })
  list.flush()
  assert.equal(lines().length, 4)
  assert.ok(list.release())
  assert.equal(lines().length, 3)
  assert.equal(list.release(), false)
  list.apply({ added: [], removed: [host(2)] })
  list.flush()
  assert.equal(lines().length, 3, 'the next is judged again')
})

test('what is allowed leaves the list in service while the next one is held', () => {
  const { list, refused, lines } = listWith(({ previous }) => (previous.entries === 0 ? [] : held))
  list.replace(hosts(4))
  list.flush()
  const { revision } = list.snapshot
  refused.add(formatNetwork(host(2)))
  list.apply({ added: [], removed: [host(2)] })
  list.flush()
  assert.deepEqual(lines(), ['198.51.100.1', '198.51.100.3', '198.51.100.4'])
  assert.equal(list.snapshot.revision, revision + 1)
  for (const target of hosts(4)) refused.add(formatNetwork(target))
  list.recheck()
  list.flush()
  assert.deepEqual(lines(), ['192.0.2.255'], 'never empty')
})

test('people who lift are counted until a revision is published', () => {
  const asked: number[] = []
  const { list } = listWith(({ liftedByPeople, next }) => {
    asked.push(liftedByPeople)
    return next.entries === 2 ? held : []
  })
  list.replace(hosts(4))
  list.flush()
  list.apply({ added: [], removed: [host(1)], liftedByPeople: 5 })
  list.apply({ added: [], removed: [host(2)], liftedByPeople: 0 })
  list.flush()
  list.apply({ added: [], removed: [host(3)], liftedByPeople: 1 })
  list.flush()
  list.flush()
  assert.deepEqual(asked, [0, 1, 2, 0])
})

test('another list put in service counts on, less what is refused', () => {
  const { list, refused, lines } = listWith(() => [])
  list.replace(hosts(2))
  list.flush()
  const { revision } = list.snapshot
  refused.add('198.51.100.9')
  const shown = list.showInstead([host(9), host(8)])
  assert.deepEqual(lines(), ['198.51.100.8'])
  assert.equal(shown.revision, revision + 1)
  list.continueAfter(40)
  assert.equal(list.snapshot.revision, 41)
})
