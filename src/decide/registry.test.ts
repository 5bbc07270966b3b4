/** What shares an address with a network, and in which order it is told: people see it in explanations and in what is lifted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Network } from '../lib/address.ts'
import type { Decision } from '../model/decision.ts'
import type { RuleName } from '../model/detection.ts'
import { network, NOW_MS } from './decide-fixture.ts'
import { shareAddress } from './network-map.ts'
import { Registry } from './registry.ts'

const TARGETS = [
  '198.51.100.0/24',
  '198.51.100.0/28',
  '198.51.100.7',
  '198.51.100.8',
  '198.51.100.200',
  '2001:db8::/48',
  '2001:db8::7',
]
const RULE_NAMES: readonly RuleName[] = ['port-scan', 'host-sweep', 'slow-scan']

function emptyRegistry(): Registry {
  return new Registry({ decisions: [], allow: [], graces: [], engine: null, pastBlocks: [] })
}

function decision(id: string, target: string, changes: Partial<Decision> = {}): Decision {
  return {
    id,
    target: network(target),
    scope: 'address',
    origin: 'detector',
    rule: 'port-scan',
    reason: 'x',
    proof: null,
    severity: null,
    country: null,
    mode: 'shadow',
    createdAtMs: NOW_MS,
    lastSeenAtMs: NOW_MS,
    expiresAtMs: null,
    endedAtMs: null,
    endedBy: null,
    endReason: null,
    device: null,
    createdBy: 'detector',
    lifetimeMs: null,
    offences: 1,
    tags: [],
    ...changes,
  }
}

const idsOf = (registry: Registry, asked: string): string[] =>
  registry.overlapping(network(asked)).map((active) => active.decision.id)

test('blocks are told before held ones and notes in shadow; of each the narrowest around it, then the oldest in it', () => {
  const registry = emptyRegistry()
  const put = (id: string, target: string, changes: Partial<Decision> = {}): void =>
    registry.apply({ kind: 'decision', decision: decision(id, target, changes) })
  put('shadow of 8', '198.51.100.8')
  put('shadow of 7', '198.51.100.7')
  put('shadow around', '198.51.100.0/24')
  put('shadow closer around', '198.51.100.0/28')
  put('second rule of 8', '198.51.100.8', { rule: 'host-sweep' })
  put('hold', '198.51.100.7', { mode: 'hold' })
  put('block', '198.51.100.8', { mode: 'block' })
  put('elsewhere', '203.0.113.7')
  assert.deepEqual(idsOf(registry, '198.51.100.0/28'), [
    'block',
    'hold',
    'shadow closer around',
    'shadow around',
    'shadow of 8',
    'second rule of 8',
    'shadow of 7',
  ])
  assert.deepEqual(idsOf(registry, '198.51.100.9'), ['shadow closer around', 'shadow around'])
  assert.equal(registry.shadowCount, 6)
})

/** Shadow decisions as a plain list in the order in which they came; every question looks through all of them. */
class ShadowList {
  readonly #all: Decision[] = []

  put(given: Decision): void {
    this.#all.push(given)
  }

  end({ id }: Decision): void {
    const at = this.#all.findIndex((known) => known.id === id)
    if (at !== -1) this.#all.splice(at, 1)
  }

  overlapping(asked: string): string[] {
    const wanted = network(asked)
    const targets = new Set(this.#all.map(({ target }) => target))
    const found = [...targets].filter((target) => shareAddress(target, wanted))
    const around = found
      .filter(({ prefixLength }) => prefixLength <= wanted.prefixLength)
      .sort((a, b) => b.prefixLength - a.prefixLength)
    const inside = found.filter((target) => !around.includes(target))
    return [...around, ...inside].flatMap((target) =>
      this.#all.filter((one) => one.target === target).map(({ id }) => id),
    )
  }
}

test('whatever comes and ends, notes in shadow are told in the order in which they came', () => {
  const networks = TARGETS.map((text) => network(text))
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          isEnd: fc.boolean(),
          target: fc.nat(TARGETS.length - 1),
          rule: fc.constantFrom(...RULE_NAMES),
        }),
        { maxLength: 40 },
      ),
      (steps) => {
        const registry = emptyRegistry()
        const list = new ShadowList()
        const active = new Map<string, Decision>()
        for (const [i, { isEnd, target, rule }] of steps.entries()) {
          const key = `${target} ${rule}`
          const known = active.get(key)
          if (isEnd && known !== undefined) {
            active.delete(key)
            list.end(known)
            registry.apply({ kind: 'decision', decision: { ...known, endedAtMs: NOW_MS, endedBy: 'system' } })
          } else if (!isEnd && known === undefined) {
            const made = {
              ...decision(String(i), TARGETS[target] ?? ''),
              rule,
              target: networks[target] as Network,
            }
            active.set(key, made)
            list.put(made)
            registry.apply({ kind: 'decision', decision: made })
          }
          for (const asked of [...TARGETS, '198.51.0.0/16', '::/0'])
            assert.deepEqual(idsOf(registry, asked), list.overlapping(asked), asked)
          assert.equal(registry.shadowCount, active.size)
        }
      },
    ),
    { numRuns: 200 },
  )
})
