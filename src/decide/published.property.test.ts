/** The law of the list: whatever happens, nothing that is allowed or protected is on it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatNetwork, type Network } from '../lib/address.ts'
import { NetworkSet } from '../lib/network-set.ts'
import { detection, network, openBench, reopen, rules } from './decide-fixture.ts'
import { shareAddress } from './network-map.ts'

/** Few addresses, so that operations meet; two are protected by setting. */
const address = fc.integer({ min: 0, max: 11 }).map((last) => `198.51.100.${last}`)
const prefix = fc.integer({ min: 0, max: 3 }).map((part) => `2001:db8:0:${part}::/64`)
const range = fc.constantFrom('198.51.100.0/30', '198.51.100.4/30', '198.51.100.8/29', '2001:db8::/62')
const target = fc.oneof(address, prefix, range)
const protectedByRules = ['198.51.100.3', '2001:db8:0:2::/64']

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('detect' as const), target: fc.oneof(address, prefix) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('add' as const), target }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lift' as const), target }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('allow' as const), target }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('disallow' as const), target }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('protect' as const), target }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'freeze',
        'unfreeze',
        'off',
        'on',
        'release',
        'withdraw',
        'month',
        'minute',
        'restart',
        'break',
        'mend',
      ),
      target: fc.constant(''),
    }),
  },
)

test('no sequence of operations puts an allowed or protected address on the list', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      let shielded = protectedByRules
      const bench = await openBench({ 'decisions.maxPerMinute': 5, 'decisions.protected': shielded })
      let { decider } = bench
      const mirrored = new Map<string, Network>()
      const follow = (): void => {
        mirrored.clear()
        for (const one of decider.published()) mirrored.set(formatNetwork(one), one)
        decider.onListChange(({ added, removed }) => {
          for (const one of removed) mirrored.delete(formatNetwork(one))
          for (const one of added) mirrored.set(formatNetwork(one), one)
        })
      }
      follow()
      for (const { do: operation, target: text } of steps) {
        // A person's request fails while the repository is broken; that is its promise, not a fault of the list.
        const attempt = (work: Promise<unknown>): Promise<unknown> =>
          bench.repository.isBroken ? work.catch(() => null) : work
        switch (operation) {
          case 'detect':
            await decider.decide([detection(text)])
            break
          case 'add':
            await attempt(decider.blocks.add({ target: text, reason: 'x' }, 'anna'))
            break
          case 'lift':
            await attempt(decider.blocks.lift(text, 'anna', 'x'))
            break
          case 'allow':
            await attempt(
              decider.allow.add(
                { target: text, reason: 'x', untilMs: bench.clock.nowMs() + 86_400_000 },
                'anna',
              ),
            )
            break
          case 'disallow':
            await attempt(decider.allow.remove(text, 'anna', 'x'))
            break
          case 'protect':
            shielded = [...protectedByRules, text]
            decider.configure(rules({ 'decisions.maxPerMinute': 5, 'decisions.protected': shielded }))
            break
          case 'freeze':
            await attempt(decider.engine.freeze('anna', 'x'))
            break
          case 'unfreeze':
            await attempt(decider.engine.unfreeze('anna', 'x'))
            break
          case 'off':
          case 'on':
            await attempt(decider.engine.switch(operation === 'on', 'anna', 'x'))
            break
          case 'release':
            await attempt(decider.blocks.releaseAll('anna', 'x'))
            break
          case 'withdraw':
            await attempt(decider.blocks.withdraw({ rule: 'port-scan' }, 'anna', 'x'))
            break
          case 'month':
          case 'minute':
            bench.clock.advance(operation === 'month' ? 31 * 86_400_000 : 60_000)
            await decider.tick()
            break
          case 'restart':
            bench.repository.isBroken = false
            await decider.tick()
            decider = await reopen(bench)
            decider.configure(rules({ 'decisions.maxPerMinute': 5, 'decisions.protected': shielded }))
            follow()
            break
          case 'break':
          case 'mend':
            bench.repository.isBroken = operation === 'break'
            break
        }
        const allowed = decider.allow.list().map((entry) => entry.target)
        const forbidden = [...allowed, ...shielded.map(network)]
        for (const one of decider.published()) {
          const clash = forbidden.find((other) => shareAddress(one, other))
          assert.equal(clash, undefined, `${formatNetwork(one)} is on the list after ${operation} ${text}`)
        }
        assert.deepEqual(
          [...mirrored.keys()].sort(),
          decider.published().map(formatNetwork).sort(),
          'the changes that were told add up to the list',
        )
        assert.ok(new NetworkSet(decider.published()).networks.length <= decider.counters().blocks)
      }
    }),
    { numRuns: 150 },
  )
})
