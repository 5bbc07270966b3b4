/** Where an edit came from: told along asynchronous work, and never of others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as later } from 'node:timers/promises'
import { askedFrom, withOrigin } from './asked-from.ts'

test('two edits at once are each told with their own address, and work of nobody with none', async () => {
  const edit = (user: string, address: string): Promise<object> =>
    askedFrom({ user, address }, async () => {
      await later()
      return withOrigin(user, { a: 1 })
    })
  assert.deepEqual(await Promise.all([edit('ada', '192.0.2.1'), edit('bob', '2001:db8::1')]), [
    { a: 1, from: '192.0.2.1' },
    { a: 1, from: '2001:db8::1' },
  ])
  assert.deepEqual(withOrigin('ada', { a: 1 }), { a: 1 })
})

test('what the service does by itself meanwhile is not said to come from there', () => {
  askedFrom({ user: 'ada', address: '192.0.2.1' }, () => {
    assert.deepEqual(withOrigin('system', { a: 1 }), { a: 1 })
    assert.deepEqual(withOrigin('ada', null), { from: '192.0.2.1' }, 'a switch has no other facts')
    assert.deepEqual(withOrigin('system', null), null)
    assert.deepEqual(withOrigin('ada', ['x']), ['x'])
  })
})
