import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from './log.ts'

function written(form: 'json' | 'plain', write: (log: ReturnType<typeof createLog>) => void): string {
  let text = ''
  write(createLog({ level: 'info', form, stream: { write: (chunk) => (text += chunk) } }))
  return text
}

test('a machine gets one JSON object a line', () => {
  const text = written('json', (log) => log.info({ revision: 7 }, 'block list changed'))
  const { time, ...rest } = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual(rest, { level: 'info', revision: 7, msg: 'block list changed' })
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/)
  assert.ok(text.endsWith('}\n'))
})

test('a person gets a short line', () => {
  const text = written('plain', (log) =>
    log.warn({ address: '192.0.2.1:443', why: 'two words', error: new Error('no') }, 'listening'),
  )
  assert.match(
    text,
    /^\d\d:\d\d:\d\d warn {2}listening address=192\.0\.2\.1:443 why="two words" error="no"\n$/,
  )
})

test('a terminal chooses the form by itself', () => {
  let text = ''
  const stream = { isTTY: true, write: (chunk: string) => (text += chunk) }
  createLog({ level: 'info', stream }).info('hello')
  assert.match(text, /info {2}hello\n$/)
})

test('escape sequences, line ends and direction overrides never reach the reader', () => {
  const hostile = '\u001b]0;x\u0007\u009b31m\u202e\r\nforged line\u007f'
  for (const form of ['json', 'plain'] as const) {
    const text = written(form, (log) => log.info({ device: hostile }, hostile))
    assert.match(text, /^[\u0020-\u007e]+\n$/)
    assert.ok(text.includes('\\u001b'))
  }
  const parsed = JSON.parse(written('json', (log) => log.info({ device: hostile }, ''))) as { device: string }
  assert.equal(parsed.device, hostile)
})

test('secrets are never written', () => {
  for (const form of ['json', 'plain'] as const) {
    const text = written(form, (log) =>
      log.info(
        { token: 'canary', 'metrics.token': 'canary', smtp: { password: 'canary' }, key: 'canary' },
        'settings',
      ),
    )
    assert.doesNotMatch(text, /canary/)
    assert.match(text, /\[secret\]/)
  }
})

test('below its level nothing is written', () => {
  assert.equal(
    written('json', (log) => log.debug('x')),
    '',
  )
})
