import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UNSAFE_CHARACTERS } from '../../lib/visible-text.ts'
import { alarmOf, batchOf, NOW_MS, noticeOf } from './notice-fixture.ts'
import { htmlText, plainText, subjectOf } from './notice-text.ts'

const OPTIONS = { timeZone: 'UTC', lines: 10 }

test('one notice gives the subject, several are counted, a critical one says so', () => {
  assert.equal(subjectOf(batchOf([noticeOf()])), '[Active Defense] 198.51.100.7 blocked (port-scan)')
  assert.equal(
    subjectOf(batchOf([noticeOf(), noticeOf(), alarmOf()], { lift: 1 })),
    '[Active Defense] 2 new blocks, 1 block lifted, 1 alarm',
  )
  assert.equal(
    subjectOf(batchOf([alarmOf({ severity: 'critical' })])),
    '[Active Defense] CRITICAL: The disk fills',
  )
})

test('plain text tells why, since when, our addresses, the lines and the page', () => {
  assert.equal(
    plainText(batchOf([noticeOf({ atMs: NOW_MS })]), OPTIONS),
    [
      '198.51.100.7 blocked (port-scan)',
      '2026-11-22 12:00:00 UTC',
      'It reached 11 ports of 203.0.113.10 within 10 minutes (more than 10 allowed).',
      '  Country and network: Testland',
      '  Log lines:',
      '    SrcIP=198.51.100.7; DstPort=1000',
      '  https://192.0.2.1:8443/ip/198.51.100.7',
      '',
    ].join('\n'),
  )
})

test('a digest tells the worst whole, the others in a line, and counts what had no room', () => {
  const many = Array.from({ length: 14 }, (_, i) => noticeOf({ title: `Block number ${i}` }))
  const text = plainText(
    batchOf([...many, alarmOf({ severity: 'critical', title: 'It burns' })], { block: 3 }),
    OPTIONS,
  )
  assert.match(text, /^17 new blocks, 1 alarm\.\n/)
  assert.match(text, /\nIt burns\n2026/)
  assert.match(text, /Also:\n {2}Block number 9 \(/)
  assert.match(text, /And 3 new blocks for which there was no room/)
})

test('lines are shown up to the wish of the recipient', () => {
  const notice = noticeOf({ lines: Array.from({ length: 20 }, (_, i) => `line ${i}.`) })
  const text = plainText(batchOf([notice]), { timeZone: 'UTC', lines: 3 })
  assert.match(text, /line 2\.\n {4}\.\.\. and 17 more\n/)
  assert.doesNotMatch(text, /line 3\./)
  assert.doesNotMatch(plainText(batchOf([notice]), { timeZone: 'UTC', lines: 0 }), /Log lines/)
})

test('no text of a stranger makes a line of its own, a header, mark-up or a control character', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom(
      'a\r\nBcc: evil@example.net',
      '<img src=x onerror=y>',
      '"><script>',
      '\u202egnp.exe',
      `x${'y'.repeat(5000)}`,
    ),
  )
  fc.assert(
    fc.property(hostile, hostile, hostile, (title, line, value) => {
      const batch = batchOf([
        noticeOf({ title, lines: [line], sentences: [value], facts: [['Seen by', value]], link: null }),
        noticeOf({ title: value, link: null }),
      ])
      const subject = subjectOf(batchOf([noticeOf({ title })]))
      assert.ok(subject.length <= 150)
      assert.equal(subject.search(new RegExp(UNSAFE_CHARACTERS, 'u')), -1)
      const plain = plainText(batch, OPTIONS)
      assert.equal(plain.split('\n').length, 16)
      assert.equal(plain.replaceAll('\n', '').search(new RegExp(UNSAFE_CHARACTERS, 'u')), -1)
      const html = htmlText(batch, OPTIONS)
      const tags = new Set([...html.matchAll(/<\/?([a-z0-9]*)/gi)].map(([, tag]) => tag?.toLowerCase()))
      for (const tag of tags)
        assert.ok(
          ['', 'html', 'head', 'meta', 'body', 'h2', 'p', 'table', 'tr', 'th', 'td', 'pre'].includes(
            tag ?? '',
          ),
          tag,
        )
    }),
    { numRuns: 300 },
  )
})
