import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entry, network, packed } from './feed-fixture.ts'
import { parseMineMeldQuery, writeMineMeld } from './minemeld.ts'

const ROWS = packed([1, 2, 3, 4, 5].map((last) => entry(`198.51.100.${last * 16}`)))
const SENTINELS = { sentinels: [network('192.0.2.255')] }

const ask = async (text: string): Promise<{ type: string; body: string; notes: readonly string[] }> => {
  const query = parseMineMeldQuery(new URLSearchParams(text))
  assert.ok(query !== null, text)
  const rows = { count: ROWS.length, at: (i: number) => ROWS[i] ?? assert.fail(`row ${i}`) }
  const { contentType, body } = await writeMineMeld(rows, query, SENTINELS)
  return { type: contentType, body: body.toString('utf8'), notes: query.notes }
}
const lasts = async (text: string): Promise<number[]> =>
  (await ask(text)).body
    .trimEnd()
    .split('\n')
    .map((line) => Number(line.split('.')[3]) / 16)

test('a query without the arguments leaves the feed as it is', () => {
  assert.equal(parseMineMeldQuery(new URLSearchParams('')), null)
  assert.equal(parseMineMeldQuery(new URLSearchParams('shard=2&token=x')), null)
})

test('n and s cut a slice, d turns it round, tr changes nothing', async () => {
  assert.deepEqual(await lasts('tr=1'), [1, 2, 3, 4, 5])
  assert.deepEqual(await lasts('n=2'), [1, 2])
  assert.deepEqual(await lasts('s=3'), [4, 5])
  assert.deepEqual(await lasts('s=1&n=2'), [2, 3])
  assert.deepEqual(await lasts('d&n=2'), [5, 4])
  assert.deepEqual(await lasts('d=1&s=1&n=2'), [4, 3])
  assert.deepEqual(await lasts('n=999'), [1, 2, 3, 4, 5])
})

test('a slice of nothing is the sentinel', async () => {
  assert.equal((await ask('s=5')).body, '192.0.2.255\n')
  assert.equal((await ask('s=999999999&d')).body, '192.0.2.255\n')
})

test('a faulty argument is passed over and noted, never an error', async () => {
  for (const text of ['n=0', 'n=-1', 'n=x', 's=1e3', 'n=99999999999', 'v=exe']) {
    const { body, notes } = await ask(text)
    assert.equal(body.split('\n').length, 6, text)
    assert.equal(notes.length, 1, text)
  }
  assert.deepEqual((await ask('v=panosurl')).notes, [])
})

test('json, json-seq and csv are what MineMeld writes', async () => {
  const { type, body } = await ask('v=json&n=2')
  assert.equal(type, 'application/json; charset=utf-8')
  const objects = JSON.parse(body) as { indicator: string; value: { type: string } }[]
  assert.deepEqual(
    objects.map(({ indicator, value }) => [indicator, value.type]),
    [
      ['198.51.100.16', 'IPv4'],
      ['198.51.100.32', 'IPv4'],
    ],
  )
  const sequence = await ask('v=json-seq&n=2')
  assert.equal(sequence.type, 'application/json-seq')
  const records = sequence.body.split('\u001e').slice(1)
  assert.deepEqual(
    records.map((text) => JSON.parse(text) as unknown),
    objects,
  )
  assert.equal((await ask('v=csv&n=1')).body, 'indicator\r\n198.51.100.16\r\n')
  assert.equal(
    (await ask('v=csv&n=1&h=0&f=type&f=indicator|ip,sources')).body,
    '198.51.100.16,IPv4,active-defense:port-scan\r\n',
  )
  assert.ok((await ask('v=csv&ubom=1')).body.startsWith('\ufeff'))
})
