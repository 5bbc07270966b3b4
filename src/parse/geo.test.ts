import assert from 'node:assert/strict'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseAddress } from '../lib/address.ts'
import { RawBatch } from '../model/raw-batch.ts'
import { ADDRESS_SLOT, RecordBatch, TEXT_SLOT } from '../model/record-batch.ts'
import { GeoStage } from './geo.ts'
import { GeoDatabase } from './geo-database.ts'
import { writeMmdb } from './testing/mmdb.ts'

const country = (network: string, name: string) => ({
  network,
  data: { country: { iso_code: 'TL', names: { en: name } } },
})

async function withFiles(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ads-geo-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function batchOf(rows: readonly { source: string; said?: string }[]): RecordBatch {
  const raw = new RawBatch(4096)
  for (const _ of rows) raw.mark(0, 0, 0, false)
  const batch = new RecordBatch(raw)
  batch.reset(raw, 1)
  for (const [row, { source, said }] of rows.entries()) {
    const words = parseAddress(source) ?? [0, 0, 0, 0]
    batch.setAddress(row, ADDRESS_SLOT.sourceAddress, words[0], words[1], words[2], words[3])
    if (said !== undefined) batch.setDecodedText(row, TEXT_SLOT.sourceCountry, Buffer.from(said))
  }
  return batch
}

const countries = (batch: RecordBatch): (string | null)[] =>
  Array.from({ length: batch.count }, (_, row) => batch.textAt(row, TEXT_SLOT.sourceCountry))

describe('the address database', () => {
  test('fills the countries that the firewall did not send, and no others', () =>
    withFiles(async (folder) => {
      const path = join(folder, 'country.mmdb')
      await writeFile(
        path,
        writeMmdb(
          [country('192.0.2.0/24', 'Testland'), country('2001:db8::/32', 'Example Isles')],
          'GeoLite2-Country',
        ),
      )
      const database = await GeoDatabase.open({ country: path, owner: '' }, assert.fail)
      const stage = new GeoStage(database ?? assert.fail())
      const batch = batchOf([
        { source: '192.0.2.7' },
        { source: '192.0.2.8' },
        { source: '192.0.2.9', said: 'east-coast' },
        { source: '198.51.100.1' },
        { source: '2001:db8::5' },
        { source: '' },
      ])
      stage.enrich(batch)
      assert.deepEqual(countries(batch), ['Testland', 'Testland', 'east-coast', null, 'Example Isles', null])
      const again = batchOf([{ source: '192.0.2.7' }, { source: '198.51.100.1' }])
      stage.enrich(again)
      assert.deepEqual(countries(again), ['Testland', null], 'from the cache')
    }))

  test('tells who announces an address', () =>
    withFiles(async (folder) => {
      const path = join(folder, 'asn.mmdb')
      const data = { autonomous_system_number: 64_500, autonomous_system_organization: 'Example Net' }
      await writeFile(path, writeMmdb([{ network: '198.51.100.0/24', data }], 'GeoLite2-ASN'))
      const database = await GeoDatabase.open({ country: '', owner: path }, assert.fail)
      assert.deepEqual(database?.ownerOf('198.51.100.9'), { asNumber: 64_500, name: 'Example Net' })
      assert.equal(database?.ownerOf('192.0.2.1'), null)
      assert.equal(database?.countryOf('198.51.100.9'), null)
    }))

  test('a changed file is read again; a bad one is reported and the old one stays', () =>
    withFiles(async (folder) => {
      const path = join(folder, 'country.mmdb')
      const reports: string[] = []
      const database = await GeoDatabase.open({ country: path, owner: '' }, (message) =>
        reports.push(message),
      )
      assert.match(reports[0] ?? '', /cannot read .*country\.mmdb.*unknown/)
      await writeFile(path, writeMmdb([country('192.0.2.0/24', 'Testland')], 'GeoLite2-Country'))
      await database?.check()
      const stage = new GeoStage(database ?? assert.fail())
      const first = batchOf([{ source: '192.0.2.7' }])
      stage.enrich(first)
      await writeFile(path, writeMmdb([country('192.0.2.0/24', 'Otherland')], 'GeoLite2-Country'))
      await utimes(path, 1, 1)
      await database?.check()
      const second = batchOf([{ source: '192.0.2.7' }])
      stage.enrich(second)
      assert.deepEqual([countries(first), countries(second)], [['Testland'], ['Otherland']])
      await writeFile(path, 'this is no database')
      await database?.check()
      assert.match(reports[1] ?? '', /stays in use/)
      assert.equal(database?.countryOf('192.0.2.7'), 'Otherland')
    }))

  test('without a path there is no database', async () => {
    assert.equal(await GeoDatabase.open({ country: '', owner: '' }, assert.fail), null)
  })
})
