import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyPlaces } from './key-places.ts'

function viewOf(text: string): DataView {
  const bytes = Buffer.from(text.padEnd(text.length + 16))
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

test('a key that was kept is found at its place, and nowhere else', () => {
  const places = new KeyPlaces()
  const view = viewOf('srcip=192.0.2.1 srcip=192.0.2.2')
  assert.equal(places.match(view, 0, 31, 3), 0)
  places.keep(view, 0, 6, 7, 3)
  assert.equal(places.match(view, 16, 31, 3), 6)
  assert.equal(places.target, 7)
  assert.equal(places.match(view, 16, 31, 4), 0)
  assert.equal(places.match(view, 16, 21, 3), 0) // beyond the limit
  assert.equal(places.match(viewOf('srcipx=1'), 0, 8, 3), 0)
})

test('a key that is none of ours is kept as such', () => {
  const places = new KeyPlaces()
  const view = viewOf('"a_longer_key_of_json_writers":')
  places.keep(view, 0, 31, -1, 0)
  assert.equal(places.match(view, 0, 40, 0), 31)
  assert.equal(places.target, -1)
})

test('two keys whose entry is the same are both found, of three the last two', () => {
  const places = new KeyPlaces()
  const views = ['abcdef1=', 'abcdef2=', 'abcdef3='].map(viewOf) as [DataView, DataView, DataView]
  for (const [index, view] of views.entries()) places.keep(view, 0, 8, index, 1)
  assert.deepEqual(
    views.map((view) => places.match(view, 0, 8, 1)),
    [0, 8, 8],
  )
})

test('keys longer than an entry and shorter than a word are looked up each time', () => {
  const places = new KeyPlaces()
  const long = `${'k'.repeat(60)}=`
  places.keep(viewOf(long), 0, long.length, 1, 0)
  assert.equal(places.match(viewOf(long), 0, long.length, 0), 0)
  places.keep(viewOf('tz='), 0, 3, 1, 1)
  assert.equal(places.match(viewOf('tz='), 0, 3, 1), 0)
})
