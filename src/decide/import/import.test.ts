/** Lists of others: read whatever they look like, blocked while they are named, and never what must not be. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { formatNetwork, lastAddress, type Network, formatAddress } from '../../lib/address.ts'
import { ManualClock } from '../../lib/clock.ts'
import { MONTH_MS } from '../../model/decision.ts'
import { detection, network, NOW_MS, RememberedAlarms, rules } from '../decide-fixture.ts'
import { Decider } from '../decider.ts'
import type { ImportSource } from '../import-desk.ts'
import { MemoryRepository } from '../memory-repository.ts'
import { readList } from './list-text.ts'
import { originalBlocks } from './original-list.ts'

const DAY_MS = 24 * 3_600_000
const SOURCE: ImportSource = { name: 'partner', confidence: 80, lifetimeMs: 7 * DAY_MS, takesWide: false }

const texts = (networks: readonly Network[]): string[] => networks.map(formatNetwork)

interface World {
  readonly decider: Decider
  readonly clock: ManualClock
  readonly repository: MemoryRepository
  readonly listed: () => string[]
  readonly refresh: (...targets: string[]) => ReturnType<Decider['imports']['refreshBlocks']>
}

async function world(): Promise<World> {
  const repository = new MemoryRepository()
  const clock = new ManualClock(NOW_MS)
  const alarms = new RememberedAlarms()
  const decider = await Decider.open({ repository, rules: rules(), clock, alarms })
  return {
    decider,
    clock,
    repository,
    listed: () => texts(decider.published()).toSorted(),
    refresh: (...targets) => decider.imports.refreshBlocks(SOURCE, targets.map(network)),
  }
}

describe('the text of a list', () => {
  test('is read whatever stands behind the addresses', () => {
    const text = [
      '# a comment',
      '; another',
      '198.51.100.7',
      '  198.51.100.8\t# scanner',
      '192.0.2.0/26 ; SBL1',
      '2001:db8::/32,high,"text"',
      '"198.51.100.9","2026-01-01"',
      'add ads4 198.51.100.10',
      '198.51.100.16-198.51.100.19',
      '203.0.113.9/24',
      '198.51.100.7',
      'example.net',
      '{"cidr":"198.51.100.32/28","rir":"x"}',
      '{"type":"metadata","size":1}',
      '',
    ].join('\r\n')
    const read = readList(text)
    assert.deepEqual(texts(read.networks), [
      '198.51.100.7',
      '198.51.100.8',
      '192.0.2.0/26',
      '2001:db8::/32',
      '198.51.100.9',
      '198.51.100.10',
      '198.51.100.16/30',
      '203.0.113.0/24',
      '198.51.100.32/28',
    ])
    assert.deepEqual([read.unreadable, read.examples], [1, ['example.net']])
  })

  test('may be JSON: an array, objects, a MISP warning list', () => {
    const misp = {
      name: 'List of resolvers',
      type: 'cidr',
      version: 1,
      list: ['198.51.100.7', '192.0.2.0/26', 'x'],
    }
    const read = readList(JSON.stringify(misp))
    assert.deepEqual(
      [texts(read.networks), read.title, read.unreadable],
      [['198.51.100.7', '192.0.2.0/26'], 'List of resolvers', 1],
    )
    assert.deepEqual(texts(readList('["198.51.100.7"]').networks), ['198.51.100.7'])
    assert.deepEqual(texts(readList('{"data":[{"ip":"198.51.100.7"},{"other":1}]}').networks), [
      '198.51.100.7',
    ])
    assert.equal(readList('{"nothing":1}').unreadable, 1)
  })

  test('is bounded, and what is beyond is counted', () => {
    const read = readList('198.51.100.1\n198.51.100.2\n198.51.100.3\n', 2)
    assert.deepEqual([read.networks.length, read.beyond], [2, 1])
  })

  test('a range is exactly its networks', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)]
        const { networks } = readList(`198.51.100.${first} - 198.51.100.${last}`)
        const covered = networks.flatMap((one) => {
          const from = Number(formatAddress(one.words).split('.')[3])
          const to = Number(formatAddress(lastAddress(one)).split('.')[3])
          return Array.from({ length: to - from + 1 }, (_, i) => from + i)
        })
        assert.deepEqual(
          covered,
          Array.from({ length: last - first + 1 }, (_, i) => first + i),
        )
      }),
    )
  })

  test('text of any kind never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        readList(text)
        readList(`{${text}`)
      }),
    )
  })
})

describe('an external block list', () => {
  test('is blocked while it names its entries; what it drops is lifted', async () => {
    const { refresh, listed, decider } = await world()
    const first = await refresh('198.51.100.7', '192.0.2.0/26')
    assert.deepEqual([first.added, first.kept, first.ended], [2, 0, 0])
    assert.deepEqual(listed(), ['192.0.2.0/26', '198.51.100.7'])
    const second = await refresh('198.51.100.7', '198.51.100.8')
    assert.deepEqual([second.added, second.kept, second.ended], [1, 1, 1])
    assert.deepEqual(listed(), ['198.51.100.7', '198.51.100.8'])
    const [block] = decider.active({ mode: 'block' })
    assert.deepEqual(
      [block?.origin, block?.createdBy, block?.reason],
      ['feed', 'list:partner', 'on the list partner, confidence 80 of 100'],
    )
  })

  test('never blocks what is protected, allowed, lifted by a person, blocked otherwise or too wide', async () => {
    const { refresh, listed, decider } = await world()
    await decider.allow.add({ target: '198.51.100.9', reason: 'partner' }, 'anna')
    await decider.blocks.add({ target: '198.51.100.10', reason: 'mine' }, 'anna')
    await refresh('198.51.100.11')
    await decider.blocks.lift('198.51.100.11', 'anna', 'a mistake')
    await decider.decide([detection('198.51.100.12')])
    const { added, leftOut } = await refresh(
      '198.51.100.8/29',
      '10.0.0.7',
      '0.0.0.0/0',
      '198.51.100.10',
      '198.51.100.11',
      '198.51.100.12',
      '2001:db8::/40',
    )
    assert.equal(added, 0)
    assert.deepEqual(Object.fromEntries(leftOut.map(({ reason, count }) => [reason, count])), {
      protected: 2,
      allowlisted: 1,
      'too wide': 1,
      'blocked already': 2,
      'lifted by a person a short while ago': 1,
    })
    assert.deepEqual(listed(), ['198.51.100.10', '198.51.100.12'])
  })

  test('an allowlist entry that comes later lifts it, and a frozen list takes nothing on', async () => {
    const { refresh, listed, decider } = await world()
    await refresh('198.51.100.7')
    await decider.allow.add({ target: '198.51.100.0/28', reason: 'partner' }, 'anna')
    assert.deepEqual(listed(), [])
    assert.equal((await refresh('198.51.100.7')).added, 0)
    await decider.engine.freeze('anna', 'incident')
    await refresh('198.51.100.7', '198.51.100.77')
    assert.deepEqual(listed(), [])
  })

  test('an end by the list does not touch what others have blocked since', async () => {
    const { refresh, listed, decider } = await world()
    await refresh('198.51.100.7')
    await decider.blocks.add({ target: '198.51.100.7', reason: 'mine' }, 'anna')
    await refresh('198.51.100.8')
    assert.deepEqual(listed(), ['198.51.100.7', '198.51.100.8'])
  })

  test('entries live on while the list is read, and end by themselves when it is not', async () => {
    const { refresh, listed, decider, clock } = await world()
    await refresh('198.51.100.7')
    clock.advance(6 * DAY_MS)
    await refresh('198.51.100.7')
    clock.advance(6 * DAY_MS)
    await decider.expireNow('anna')
    assert.deepEqual(listed(), ['198.51.100.7'])
    clock.advance(2 * DAY_MS)
    await decider.expireNow('anna')
    assert.deepEqual(listed(), [])
  })

  test('whatever is refreshed, what is listed is what the last refresh named and no guard refuses', async () => {
    const target = fc.constantFrom(
      '198.51.100.7',
      '198.51.100.8',
      '192.0.2.64/26',
      '10.1.1.1',
      '2001:db8::/64',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uniqueArray(target), { minLength: 1, maxLength: 5 }), async (rounds) => {
        const { refresh, listed } = await world()
        for (const round of rounds) await refresh(...round)
        const last = rounds.at(-1) ?? []
        assert.deepEqual(listed(), last.filter((text) => text !== '10.1.1.1').toSorted())
      }),
      { numRuns: 60 },
    )
  })
})

describe('an external allowlist', () => {
  test('lifts what it names, and lets go what it drops', async () => {
    const { decider, listed } = await world()
    await decider.blocks.add({ target: '198.51.100.7', reason: 'mine' }, 'anna')
    const first = await decider.imports.refreshAllow(SOURCE, ['198.51.100.7', '198.51.100.8'].map(network))
    assert.deepEqual([first.added, listed()], [2, []])
    const second = await decider.imports.refreshAllow(SOURCE, ['198.51.100.8', '0.0.0.0/0'].map(network))
    assert.deepEqual([second.kept, second.ended, second.leftOut[0]?.reason], [1, 1, 'too wide'])
    assert.deepEqual(texts(decider.imports.allowedBy('partner').map(({ target }) => target)), [
      '198.51.100.8',
    ])
  })
})

describe('the blacklist of the older system', () => {
  test('keeps alert names as rules and the times it was seen; what is over stays behind', async () => {
    const { decider, listed } = await world()
    const rows = [
      { target: '198.51.100.1', alert: 'Port Scan Attack v1', lastSeenAtMs: NOW_MS - DAY_MS },
      { target: '198.51.100.2', alert: 'Port Scan Attack v2', lastSeenAtMs: NOW_MS - DAY_MS },
      { target: '198.51.100.3', alert: 'Vulnerability Scan v1', lastSeenAtMs: NOW_MS - DAY_MS },
      { target: '198.51.100.4', alert: 'user added', lastSeenAtMs: NOW_MS - 400 * DAY_MS },
      { target: '198.51.100.5', alert: 'Port Scan Attack v1', lastSeenAtMs: NOW_MS - 31 * DAY_MS },
      { target: '198.51.100.1', alert: 'Port Scan Attack v1', lastSeenAtMs: NOW_MS },
      { target: '10.0.0.1', alert: 'User Added', lastSeenAtMs: NOW_MS },
      { target: '192.0.2.0/26', alert: null, lastSeenAtMs: null },
      { target: 'nonsense', alert: null, lastSeenAtMs: null },
    ]
    const { blocks, unreadable } = originalBlocks(rows, NOW_MS)
    assert.deepEqual(unreadable, ['nonsense'])
    const dry = await decider.imports.adopt(blocks, 'anna', 'moving', true)
    assert.deepEqual([dry.added, listed()], [5, []])
    const done = await decider.imports.adopt(blocks, 'anna', 'moving', false)
    assert.equal(done.added, 5)
    assert.deepEqual(done.leftOut.map(({ reason }) => reason).toSorted(), [
      'not seen for longer than inactive blocks stay',
      'protected',
      'twice in it',
    ])
    const told = decider
      .active()
      .map(({ target, rule, origin, lastSeenAtMs, expiresAtMs }) => [
        formatNetwork(target),
        rule ?? origin,
        NOW_MS - lastSeenAtMs,
        expiresAtMs === null ? null : expiresAtMs - lastSeenAtMs,
      ])
    assert.deepEqual(
      told.toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
      [
        ['192.0.2.0/26', 'feed', 0, MONTH_MS],
        ['198.51.100.1', 'port-scan', DAY_MS, MONTH_MS],
        ['198.51.100.2', 'host-sweep', DAY_MS, MONTH_MS],
        ['198.51.100.3', 'threat', DAY_MS, MONTH_MS],
        ['198.51.100.4', 'manual', 400 * DAY_MS, null],
      ],
    )
  })
})
