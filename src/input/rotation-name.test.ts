import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isArchive, isRotationOf, originalsOf } from './rotation-name.ts'

const original = '/var/log/Firewall/fw.log'

for (const [name, expected] of [
  ['fw.log.1', true],
  ['fw.log.12', true],
  ['fw.log-20251122', true],
  ['fw.log-20251122-1763769600', true],
  ['fw.log.old', true],
  ['fw-20251122.log', true],
  ['fw-2025-11-22.log', true],
  ['fw.log', false],
  ['fw-2.log', false],
  ['fw2.log', false],
  ['fw.log.tmp', false],
  ['fw.log.swp', false],
  ['other.log.1', false],
] as const) {
  test(`${name} is ${expected ? 'a' : 'no'} rotation of fw.log`, () => {
    const path = `/var/log/Firewall/${name}`
    assert.equal(isRotationOf(path, original), expected)
    assert.equal(originalsOf(path).includes(original), expected)
  })
}

test('a file in another folder is no rotation', () => {
  assert.equal(isRotationOf('/var/log/fw.log.1', original), false)
})

test('an address as name is not cut', () => {
  assert.equal(isRotationOf('/l/192.0.2.1.log.1', '/l/192.0.2.1.log'), true)
  assert.equal(isRotationOf('/l/192.0.2.10.log', '/l/192.0.2.1.log'), false)
})

test('compressed files are archives', () => {
  assert.equal(isArchive('fw.log.2.gz'), true)
  assert.equal(isArchive('fw.log.2'), false)
})
