/** Explanations in plain sentences, and the verdicts of the dry decider. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detection, NOW_MS, openBench, rules } from './decide-fixture.ts'
import type { Decider } from './decider.ts'
import { DryDecider } from './dry-decider.ts'
import type { Explanation } from './explain.ts'

async function explain(decider: Decider, address: string): Promise<Explanation> {
  const outcome = await decider.explain(address)
  assert.ok(outcome.ok)
  return outcome.value
}

const textOf = (explanation: Explanation): string => explanation.sentences.join('\n')

test('a blocked address is explained with rule, old name, numbers, instants, device and evidence', async () => {
  const { decider } = await openBench()
  await decider.decide([detection('198.51.100.7')])
  const explanation = await explain(decider, '198.51.100.7')
  assert.equal(explanation.state, 'blocked')
  assert.equal(explanation.isOnList, true)
  const text = textOf(explanation)
  assert.match(text, /198\.51\.100\.7 is blocked\. It is on the list/)
  assert.match(
    text,
    /since 2026-11-22 12:00:00 UTC by the rule port-scan \(Port Scan Attack v1\) on evidence of fw1/,
  )
  assert.match(text, /until 2026-12-22 12:00:00 UTC unless it is seen again/)
  assert.match(text, /reached 11 ports of 203\.0\.113\.10 within 10 minutes \(more than 10 allowed\)/)
  assert.match(text, /the source could be forged/)
  assert.match(text, /Line 1 of 1: SrcIP=198\.51\.100\.7; DstIP=203\.0\.113\.10; DstPort=22/)
})

test('an IPv6 address is explained by the block of its /64', async () => {
  const { decider } = await openBench()
  await decider.decide([detection('2001:db8:1:1::/64')])
  const explanation = await explain(decider, '2001:db8:1:1::99')
  assert.equal(explanation.state, 'blocked')
  assert.equal(explanation.active[0]?.target, '2001:db8:1:1::/64')
})

test('a refused source is explained with the guard that refused', async () => {
  const { decider } = await openBench()
  await decider.decide([detection('8.8.8.8')])
  const explanation = await explain(decider, '8.8.8.8')
  assert.equal(explanation.state, 'not-blocked')
  assert.match(
    textOf(explanation),
    /a block was refused: 8\.8\.8\.8 is never blocked: it is Google Public DNS/,
  )
})

test('held, shadowed, allowed, lifted and unknown addresses each say so', async () => {
  const { decider } = await openBench({ 'decisions.maxPerMinute': 1 })
  await decider.decide([
    detection('198.51.100.1'),
    detection('198.51.100.2'),
    detection('198.51.100.3', { mode: 'shadow' }),
  ])
  await decider.blocks.lift('198.51.100.1', 'anna', 'customer')
  await decider.allow.add({ target: '198.51.100.4', reason: 'partner' }, 'anna')
  assert.match(textOf(await explain(decider, '198.51.100.1')), /anna lifted a block of .* \(customer\)/)
  assert.match(
    textOf(await explain(decider, '198.51.100.1')),
    /was blocked from .* ended by anna \(customer\)/,
  )
  assert.match(textOf(await explain(decider, '198.51.100.2')), /held for review: a person must release it/)
  assert.match(textOf(await explain(decider, '198.51.100.3')), /a rule in shadow mode would have blocked it/)
  assert.match(textOf(await explain(decider, '198.51.100.4')), /allowlist holds 198\.51\.100\.4 \(partner/)
  assert.match(textOf(await explain(decider, '198.51.100.5')), /No rule has found anything against it/)
})

test('what the logs know is told when it is given', async () => {
  const { decider } = await openBench()
  const outcome = await decider.explain('198.51.100.5', {
    records: 12,
    firstAtMs: NOW_MS - 1000,
    lastAtMs: NOW_MS,
    devices: ['fw1'],
    ports: 1,
    destinations: 2,
    skipped: [
      { reason: 'is a late reply of a DNS server', count: 4 },
      { reason: 'has no event time', count: 1 },
    ],
  })
  assert.ok(outcome.ok)
  assert.match(
    textOf(outcome.value),
    /12 lines from it .* reaching 2 destinations and 1 port, reported by fw1/,
  )
  assert.match(textOf(outcome.value), /4 lines did not count\. Each is a late reply of a DNS server\./)
  assert.match(textOf(outcome.value), /1 line did not count\. It has no event time\./)
})

test('an explanation says what was found once, whatever the verdict', async () => {
  const { decider } = await openBench({ 'decisions.maxPerMinute': 1 })
  await decider.decide([
    detection('198.51.100.6'),
    detection('198.51.100.7'),
    detection('198.51.100.8', { mode: 'shadow' }),
  ])
  const found = (text: string): string => text.split('\n').find((line) => line.startsWith('On ')) ?? ''
  assert.match(
    found(textOf(await explain(decider, '198.51.100.7'))),
    /were seen\); it was held for review: more than 1 new block within a minute \(decisions\.maxPerMinute\)\.$/,
  )
  assert.match(
    found(textOf(await explain(decider, '198.51.100.8'))),
    /were seen\); nothing was done: port-scan is in shadow mode and blocks nothing\.$/,
  )
})

test('an explanation prints no control characters of a log line', async () => {
  const { decider } = await openBench()
  await decider.decide([detection('198.51.100.7', { evidence: ['a\u001b]0;x\u0007\r\nb\u202e'] })])
  assert.doesNotMatch(textOf(await explain(decider, '198.51.100.7')).replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
})

test('what is no address is refused and not explained', async () => {
  const { decider } = await openBench()
  const outcome = await decider.explain('010.1.1.1')
  assert.equal(outcome.ok, false)
})

test('the dry decider judges as the service does, by event time alone', async () => {
  const dry = await DryDecider.open(rules({ 'decisions.maxPerMinute': 2 }))
  const at = (source: string, atMs: number) =>
    dry.verdictOf(detection(source, { detectedAtMs: atMs, receivedAtMs: Number.NaN }))
  assert.equal((await at('198.51.100.1', NOW_MS)).verdict, 'block')
  assert.equal((await at('198.51.100.1', NOW_MS + 1)).verdict, 'none')
  assert.equal((await at('198.51.100.2', NOW_MS + 2)).verdict, 'block')
  assert.equal((await at('198.51.100.3', NOW_MS + 3)).verdict, 'hold')
  assert.equal((await at('10.0.0.1', NOW_MS + 4)).verdict, 'refuse')
  assert.equal((await at('198.51.100.4', NOW_MS + 60_000)).verdict, 'block')
  const monthLater = NOW_MS + 31 * 86_400_000
  const again = await at('198.51.100.1', monthLater)
  assert.deepEqual([again.verdict, again.decision?.createdAtMs], ['block', monthLater])
})
