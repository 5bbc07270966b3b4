import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { settingsDocument } from './document.ts'
import { SETTING_KEYS } from './schema.ts'

test('docs/config.md is what the table of settings says (else run: npm run -s cli -- :docs)', () => {
  assert.equal(readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8'), settingsDocument())
})

test('every setting is in the document', () => {
  for (const key of SETTING_KEYS) assert.ok(settingsDocument().includes(`| \`${key}\` |`), key)
})
