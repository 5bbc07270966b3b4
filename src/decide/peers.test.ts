/** Guards of decisions: known peers and signed-in administrators. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { detection, openBench } from './decide-fixture.ts'

const PEER = { isPeer: true, why: 'its sessions carried bytes both ways on 5 of the last 30 days' }

test('a peer is held for review on evidence that could be forged', async () => {
  const { decider } = await openBench()
  const [judged] = await decider.decide([detection('198.51.100.7', { peer: PEER })])
  assert.equal(judged?.verdict, 'hold')
  assert.match(judged.reason, /known peer \(its sessions carried bytes both ways on 5 of the last 30 days\)/)
  assert.equal(decider.counters().peersHeld, 1)
  assert.equal(decider.published().length, 0)
})

test('a peer is blocked on proven evidence, and the reason says what it was', async () => {
  const { decider } = await openBench()
  const [judged] = await decider.decide([detection('198.51.100.7', { peer: PEER, proof: 'handshake' })])
  assert.equal(judged?.verdict, 'block')
  assert.match(judged.reason, /is a known peer .* blocked all the same/)
})

test('switched off, a peer is blocked like anybody', async () => {
  const { decider } = await openBench({ 'detection.guards.knownPeers': false })
  const [judged] = await decider.decide([detection('198.51.100.7', { peer: PEER })])
  assert.equal(judged?.verdict, 'block')
})

test('who is no peer, or could not be asked about, is blocked; the latter is said', async () => {
  const { decider } = await openBench()
  const judged = await decider.decide([
    detection('198.51.100.7', { peer: { isPeer: false, why: 'no session with it was completed' } }),
    detection('198.51.100.8', { peer: { isPeer: null, why: 'the log store is away' } }),
  ])
  assert.deepEqual(
    judged.map(({ verdict }) => verdict),
    ['block', 'block'],
  )
  assert.doesNotMatch(judged[0]?.reason ?? '', /peer/)
  assert.match(judged[1]?.reason ?? '', /could not be asked: the log store is away/)
})

test('the address of a signed-in administrator is refused, and free again after the sign-out', async () => {
  const addresses = new Set(['198.51.100.7'])
  const { decider } = await openBench({}, { protectionSources: { administrators: () => addresses } })
  const [refused] = await decider.decide([detection('198.51.100.7', { proof: 'handshake' })])
  assert.equal(refused?.verdict, 'refuse')
  assert.match(refused.reason, /signed-in administrator/)
  addresses.clear()
  const [blocked] = await decider.decide([detection('198.51.100.7')])
  assert.equal(blocked?.verdict, 'block')
})
