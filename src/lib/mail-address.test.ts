import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isMailAddress } from './mail-address.ts'

test('usual addresses are taken', () => {
  for (const text of ['soc@example.com', 'a.b+tag@mail.example.org', "o'brien@example.net", 'root@localhost'])
    assert.ok(isMailAddress(text), text)
})

test('quoted local parts, lists, comments, line ends, blanks and over-long addresses are refused', () => {
  for (const text of [
    '"a@x.example b"@example.com',
    'a@example.com,b@example.com',
    'a@example.com\nBcc: b@example.com',
    'a@example.com\r',
    'A <a@example.com>',
    'a(comment)@example.com',
    'a @example.com',
    'a@-example.com',
    'a@exa_mple.com',
    '.a@example.com',
    'a..b@example.com',
    '@example.com',
    'a@',
    '',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(60)}.${'c.'.repeat(100)}example.com`,
    'ü@example.com',
  ])
    assert.ok(!isMailAddress(text), JSON.stringify(text))
})
