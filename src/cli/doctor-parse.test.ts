import assert from 'node:assert/strict'
import { test } from 'node:test'
import { custom, TRAFFIC } from '../parse/test-lines.ts'
import { testWorld } from './testing.ts'

const LINES = [
  custom(),
  custom({ DstIP: null, SrcUser: '\u001b[2J' }),
  custom({ DstIP: null }),
  `Feb 20 12:28:20 fw myapp[1]: ${TRAFFIC}`,
  '',
].join('\n')

test('doctor parse prints for each shape the closest format, the reason and what to change', async () => {
  const { run, stdout, stderr } = testWorld({ stdin: LINES })
  assert.equal(await run('doctor', 'parse', '-'), 0)
  assert.equal(stderr(), '')
  const text = stdout()
  assert.match(text, /^-: 4 lines, 1 read \(paloalto-custom 1\), 3 not understood\n\n2 x {2}SrcLocation=/)
  assert.match(
    text,
    /\n {2}closest: {2}paloalto-custom\n {2}reason: {3}paloalto-custom: key DstIP is missing\n/,
  )
  assert.match(text, /\n {2}closest: {2}paloalto-csv\n {2}reason: {3}text of a program that is no firewall\n/)
  assert.ok(text.includes('\\x1b[2J') && !text.includes('\u001b'))
})

test('doctor parse --json prints one object for the file and one for each shape', async () => {
  const { run, stdout } = testWorld({ stdin: LINES })
  assert.equal(await run('doctor', 'parse', '--json', '-'), 0)
  const [file, ...shapes] = stdout()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(file, { file: '-', lines: 4, read: 1, unread: 3, formats: { 'paloalto-custom': 1 } })
  assert.deepEqual(
    shapes.map(({ count, closest }) => [count, closest]),
    [
      [2, 'paloalto-custom'],
      [1, 'paloalto-csv'],
    ],
  )
  assert.deepEqual(Object.keys(shapes[0] ?? {}).sort(), [
    'advice',
    'closest',
    'count',
    'failed',
    'file',
    'reason',
    'sample',
  ])
})
