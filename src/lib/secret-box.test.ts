/** Sealed secrets: what opens them, and what does not. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { SecretBox } from './secret-box.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secret-box-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a secret opens with the key of the same folder, for the same purpose only', () => {
  const path = join(folder, 'secrets.key')
  const sealed = SecretBox.open(path).seal('pässword', 'firewall:1')
  assert.equal(SecretBox.open(path).unseal(sealed, 'firewall:1'), 'pässword')
  assert.equal(SecretBox.open(path).unseal(sealed, 'firewall:2'), null)
  assert.equal(SecretBox.open(join(folder, 'other.key')).unseal(sealed, 'firewall:1'), null)
  assert.equal(statSync(path).mode & 0o777, 0o600)
})

test('a changed, cut or foreign text does not open, and the same secret never looks the same', () => {
  const box = SecretBox.open(join(folder, 'secrets.key'))
  const sealed = box.seal('x', 'a')
  assert.notEqual(box.seal('x', 'a'), sealed)
  assert.equal(box.unseal(`${sealed.slice(0, -2)}AA`, 'a'), null)
  for (let length = 0; length < sealed.length; length++)
    assert.equal(box.unseal(sealed.slice(0, length), 'a'), null)
  assert.equal(box.unseal('v2.AAAA', 'a'), null)
})

test('a damaged key file is an error, not a reason for a new key', () => {
  const path = join(folder, 'secrets.key')
  SecretBox.open(path)
  truncateSync(path, 5)
  assert.throws(() => SecretBox.open(path), /damaged/)
})
