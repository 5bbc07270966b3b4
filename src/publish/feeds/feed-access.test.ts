import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Brought,
  FeedDoor,
  fingerprintOf,
  hashOf,
  isPathToken,
  makeSecret,
  rotated,
} from './feed-access.ts'
import type { FeedAccess, FeedCredential } from './feed-definition.ts'
import { NOW_MS, network } from './feed-fixture.ts'

const NOTHING: Brought = {
  address: '192.0.2.7',
  authorization: null,
  pathToken: null,
  certificateFingerprint: null,
}

const credential = (kind: FeedCredential['kind'], name: string, secret: string): FeedCredential => ({
  kind,
  name,
  hash: hashOf(secret),
  validUntilMs: null,
})

const door = (access: Partial<FeedAccess>): FeedDoor =>
  new FeedDoor({ open: false, credentials: [], sources: [], ...access })

const pair = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test('each kind of credential opens by itself alone', () => {
  const print = 'ab'.repeat(32)
  const credentials = [
    credential('basic', 'fw', 's1'),
    credential('bearer', 'soc', 's2'),
    credential('path-token', 'old', 's3'),
    { kind: 'client-certificate' as const, name: 'cert', hash: print, validUntilMs: null },
  ]
  const asked = door({ credentials })
  const name = (brought: Partial<Brought>): string | null => {
    const admission = asked.admit({ ...NOTHING, ...brought }, NOW_MS)
    return admission.ok ? admission.credential : admission.why
  }
  assert.equal(name({ authorization: pair('fw:s1') }), 'fw')
  assert.equal(name({ authorization: pair('other:s1') }), 'wrong-credential')
  assert.equal(name({ authorization: pair('fw:s2') }), 'wrong-credential')
  assert.equal(name({ authorization: pair('fw') }), 'wrong-credential')
  assert.equal(name({ authorization: 'bearer  s2' }), 'soc')
  assert.equal(name({ authorization: 'Bearer s1' }), 'wrong-credential')
  assert.equal(name({ pathToken: 's3' }), 'old')
  assert.equal(name({ pathToken: 's2' }), 'wrong-credential')
  assert.equal(name({ certificateFingerprint: 'AB:'.repeat(32).slice(0, -1) }), 'cert')
  assert.equal(name({ certificateFingerprint: 'CD:'.repeat(32).slice(0, -1) }), 'wrong-credential')
  assert.equal(name({}), 'no-credential')
  assert.equal(name({ authorization: 'Basic \u0000' }), 'no-credential')
})

test('an empty secret opens nothing, whatever is kept', () => {
  const credentials = (['basic', 'bearer', 'path-token'] as const).map((kind) =>
    credential(kind, 'x', 'secret'),
  )
  const asked = door({ credentials })
  for (const authorization of ['', 'Bearer', 'Bearer ', pair('x:'), pair(':'), 'Basic ', null])
    assert.equal(
      asked.admit({ ...NOTHING, authorization, pathToken: '' }, NOW_MS).ok,
      false,
      String(authorization),
    )
})

test('a source address that is not named may not fetch, credential or not; an open feed takes any other', () => {
  const sources = [network('192.0.2.0/24')]
  const open = door({ open: true, sources })
  assert.equal(open.admit(NOTHING, NOW_MS).ok, true)
  assert.deepEqual(open.admit({ ...NOTHING, address: '198.51.100.1' }, NOW_MS), { ok: false, why: 'address' })
  const closed = door({ credentials: [credential('bearer', 'soc', 's')], sources })
  const authorization = 'Bearer s'
  assert.equal(closed.admit({ ...NOTHING, authorization, address: '198.51.100.1' }, NOW_MS).ok, false)
  assert.equal(closed.admit({ ...NOTHING, authorization, address: 'nonsense' }, NOW_MS).ok, false)
  assert.equal(closed.admit({ ...NOTHING, authorization }, NOW_MS).ok, true)
})

test('after a change the old and the new secret open until the grace ends, and two at most are kept', () => {
  const old = credential('basic', 'fw', 'old')
  const other = credential('bearer', 'soc', 's')
  const graceMs = 3_600_000
  const first = rotated([old, other], credential('basic', 'fw', 'new'), { nowMs: NOW_MS, graceMs })
  const opens = (credentials: readonly FeedCredential[], text: string, nowMs: number): boolean =>
    door({ credentials }).admit({ ...NOTHING, authorization: pair(`fw:${text}`) }, nowMs).ok
  assert.deepEqual(
    ['old', 'new'].map((text) => opens(first, text, NOW_MS + graceMs - 1)),
    [true, true],
  )
  assert.deepEqual(
    ['old', 'new'].map((text) => opens(first, text, NOW_MS + graceMs)),
    [false, true],
  )
  const second = rotated(first, credential('basic', 'fw', 'newer'), { nowMs: NOW_MS + 1, graceMs })
  assert.deepEqual(
    ['old', 'new', 'newer'].map((text) => opens(second, text, NOW_MS + 2)),
    [false, true, true],
  )
  assert.equal(second.length, 3)
  assert.equal(rotated(first, old, { nowMs: NOW_MS, graceMs: 0 }).length, 2)
})

test('secrets are long, differ, stand in a path, and fingerprints are read as people paste them', () => {
  const [one, two] = [makeSecret(), makeSecret()]
  assert.notEqual(one.secret, two.secret)
  assert.ok(isPathToken(one.secret))
  assert.equal(hashOf(one.secret), one.hash)
  assert.ok(!isPathToken('partner.txt'))
  assert.equal(fingerprintOf(`SHA256:${'AB:'.repeat(32).slice(0, -1)}`), 'ab'.repeat(32))
  assert.equal(fingerprintOf('ab'.repeat(20)), null)
})
