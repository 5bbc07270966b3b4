/**
 * The book against the sources of the service: every sentence that they say to people stands in the book, so that the page can say
 * it in another language, and the book holds nothing that nobody says. Sources are read, not run: their texts are compared by their
 * fixed parts, so that a changed word fails here, with the place.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSync } from 'vite'
import { REASONS } from '../src/detect/counting.ts'
import { LINE_FORMATS } from '../src/parse/registry.ts'
import { parseForm, type Part } from '../src/model/sentence-form.ts'
import { type SentenceCode, sentenceOf, SENTENCES } from '../src/model/sentences/book.ts'

const ROOT = join(import.meta.dirname, '..')
/** What people read on the page only in English, or not at all: logs, the command line, mails, formats, plain pages, API documents. */
const UNREAD =
  /\.test\.ts$|fixture|\/testing\/|test-lines|test-server|src\/(?:cli|demo|query|input|model|backtest|store\/logs|telemetry|parse\/firewall)\/|api\/(?:pages|page-style|crowdsec|control-|metrics-server|server|sample-status|feed-|list-route|web-routes|lines-route|posted-lines|request-body|records-routes|health|http\/(?:routes\/|http-routes|openapi|other-routes|http-problem))|src\/(?:main|app|pipeline[\w-]*|restore-windows|window-snapshot|kept-clocks)\.ts|app\/(?:banner|demo|notice-reader|weekly-report|urls|parts|report-actions|recovery|notifications|pipeline-thread|live-hub)|config\/(?:schema|document|load|sources|setting|[\w-]+-table|detection-fitting)|publish\/(?:notify\/(?:notice-text|abuse-report|siem|webhook|outbox|mail|post)|feeds\/(?:countries|formats\/|taxii|minemeld|stix|format-table|pack|capacity|revision-store)|paloalto-api\/(?:xml|commands|client)|crowdsec\/|made-certificate|relay)|lib\/(?:lock|listen-address|secret-box)|store\/state\/(?:migrat|rescue|prune|rows|sqlite-dialect|sqlite-file|audit-log)|parse\/(?:text-kernel|word-table|calendar|repeated|firewall-programs|geo-database)/

interface Node {
  readonly type: string
  readonly [key: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

/** The fixed parts of every text in a source. */
function textsOf(path: string): string[][] {
  const texts: string[][] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one)
    else if (isNode(value)) {
      if (value.type === 'ImportDeclaration') return
      if (value.type === 'Literal' && typeof value['value'] === 'string') texts.push([value['value']])
      if (value.type === 'TemplateLiteral')
        texts.push(
          (value['quasis'] as readonly { value: { cooked: string } }[]).map((part) => part.value.cooked),
        )
      for (const [key, child] of Object.entries(value)) if (key !== 'parent') visit(child)
    }
  }
  visit(parseSync(path, readFileSync(path, 'utf8')).program)
  return texts
}

const SOURCES = globSync('src/**/*.ts', { cwd: ROOT })
  .map((path) => ({ path, texts: textsOf(join(ROOT, path)) }))
  .filter(({ path }) => !/\.test\.ts$|model\/sentences\//.test(path))

function fixedOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part) =>
    typeof part === 'string' ? [part] : 'optional' in part ? fixedOf(part.optional) : [],
  )
}

const words = (text: string): number => (text.match(/[a-z]{2,}/gi) ?? []).length
/** Statements and forms are no sentences. */
const isSentence = (texts: readonly string[]): boolean =>
  texts.some((text) => words(text) >= 3 && / /.test(text)) &&
  !/\b(?:SELECT|FROM|WHERE|INSERT|ORDER BY|LIMIT|BETWEEN|CAST|AS key|IPv6CIDRToRange|toUnixTimestamp64Milli|fromUnixTimestamp64Milli|AND \w+ IN|IN \{)\b|\bIN \{|^BUG|\n {2}|category =|<svg/.test(
    texts.join(''),
  )

test('every sentence in the sources whose texts the page shows stands in the book', () => {
  const known = Object.values(SENTENCES).flatMap((form) => fixedOf(parseForm(form)))
  const book = known.join('\n')
  // What a place of the book stands for in the middle of a source's text: nouns by number.
  const missing = SOURCES.filter(({ path }) => !UNREAD.test(path)).flatMap(({ path, texts }) =>
    texts
      .filter(isSentence)
      .filter((parts) => !UNSAID.some((start) => parts.join('…').startsWith(start)))
      .filter((parts) => parts.length > 1 || sentenceOf(parts[0] ?? '') === null)
      .filter(
        (parts) =>
          !parts
            .filter((part) => words(part) >= 2)
            .every((part) => book.includes(part.replace(/^[,;:.] ?/, '').trim())),
      )
      .map((parts) => `${relative('.', path)}: ${parts.join('…')}`),
  )
  assert.deepEqual(missing, [])
})

test('the book holds nothing that no source says', () => {
  const said = SOURCES.flatMap(({ texts }) => texts.flat())
    .join('\n')
    .replaceAll(/\s+/g, ' ')
  const superfluous = Object.entries(SENTENCES).flatMap(([code, form]) =>
    fixedOf(parseForm(form))
      .flatMap((part) => part.split(/[;:,.()"?] ?|- /))
      .map((part) => part.trim())
      .filter((part) => words(part) >= 3 && !said.includes(part) && !COMPOSED.has(code))
      .map((part) => `${code}: ${part}`),
  )
  assert.deepEqual(superfluous, [])
})

test('reasons of detection and of line formats are read back as sentences', () => {
  const texts = [
    ...REASONS.map(([, predicate]) => `It ${predicate}.`),
    ...LINE_FORMATS.flatMap(({ reasons }) => reasons),
  ]
  assert.deepEqual(
    texts.filter((text) => sentenceOf(text) === null),
    [],
  )
})

test('a finding keeps its numbers', () => {
  const number = fc.integer({ min: 2, max: 60_000 })
  fc.assert(
    fc.property(number, number, number, (count, minutes, threshold) => {
      const text = `reached ${count} ports of 203.0.113.5 within ${minutes} minutes (more than ${threshold} allowed)`
      assert.deepEqual(sentenceOf(text), {
        code: 'found.ports',
        values: { count, address: '203.0.113.5', window: `PT${minutes * 60}S`, threshold },
      })
    }),
  )
})

test('what people type and what is hostile is no sentence, and costs little', () => {
  for (const text of [
    'our own scanner',
    '',
    'a; b; c',
    '; '.repeat(2000),
    'it is '.repeat(900),
    '(x: y. '.repeat(300),
  ])
    assert.equal(sentenceOf(text), null)
})

/** A form with the same text in every place that takes any. */
function filled(parts: readonly Part[], text: string): string {
  const one = (part: Part): string => {
    if (typeof part === 'string') return part
    if ('optional' in part) return filled(part.optional, text)
    if (part.kind === 'number') return '3'
    if (part.kind === 'count') return `3 ${part.forms[1] ?? ''}`
    if (part.kind === 'instant') return '2026-11-22 08:30:00'
    return part.kind === 'span' ? '3 minutes' : part.kind === 'word' ? 'x' : text
  }
  return parts.map(one).join('')
}

test('a text made of the fixed parts of a form, again and again, is read in time that grows with its length alone', () => {
  // With lazy expressions, forms with five texts took minutes over texts of 4,000 characters.
  for (const form of Object.values(SENTENCES)) {
    const parts = parseForm(form)
    const between = fixedOf(parts).slice(1).join('q') || 'q'
    for (const length of [600, 5900]) {
      const again = `a${between}`.repeat(Math.ceil(length / (between.length + 1)))
      const share = Math.floor(length / Math.max(1, filled(parts, '\u0002').split('\u0002').length - 1))
      sentenceOf(`${filled(parts, again.slice(0, share))}\u0001`.slice(0, length))
      sentenceOf(`${fixedOf(parts)[0] ?? ''}${again}`.slice(0, length))
    }
  }
})

/** Names of work in the log, and what only the command line says, in sources whose other texts the page shows. */
const UNSAID: readonly string[] = [
  'A code of the sentence book',
  '( addr.src eq',
  'read the ',
  'write the ',
  'prune the ',
  'read an object',
  'read what was reported',
  'read which texts are stored',
  'read log lines',
  'change an object',
  'verify the audit log',
  'check the ',
  'back up the state',
  'a row of …',
  'the certificate is asked for before',
  'telling of a ',
  'special-purpose table',
  '2026-11-22T08:30:00Z',
  '… is not a network',
  '…: … is not a network',
  'a user whose name',
  '… in detection.exceptions passed no check',
  "the firewall's rule",
  'detection.devices: ',
  'one detection has one verdict',
  'JSON without an array',
  'ask the ',
  'package-lock.json',
  'forget ',
  'application/',
  'text/plain',
  'the work of every second',
  'make the table',
  'fill the table',
  'the disk of … cannot be asked',
  'web.listen is empty',
  'confirm the password',
  'sign in at the identity provider',
  'sign-in at …',
  'an account in the state database',
  'only text is sent to the identity provider',
  'Active Defense Syslog',
  'Google Public DNS',
  'Cloudflare DNS',
  '…=…; Path=/',
]

/** Written in pieces that are put together where they are said. */
const COMPOSED: ReadonlySet<string> = new Set<string>([
  'notDelivered.mail',
  'notDelivered',
  'judged.engineOff',
  'peer.noDay',
  'peer.today',
  'peer.called',
  'peer.caller',
  'peer.none',
  'peer.few',
  'peer.is',
  'peer.isNot',
  'active.block',
  'active.hold',
  'active.shadow',
  'over.block',
  'over.hold',
  'over.shadow',
  'lines.some',
  'counts.moreOne',
  'counts.more',
  'feed.credentialLeft',
  'feed.credentialsLeft',
  'change.wouldReleased',
  'change.wouldWithdrawn',
  'change.byHand',
  'change.notBlocked',
  // zod says these
  'input.datetime',
  'input.string',
  // the page says it
  'failed.away',
] satisfies SentenceCode[])
