/** The page's map: countries as firewalls and the atlas write them are the same ones. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { countryCode, countryName } from '../web/src/data/countries.ts'
import { isNetworkText } from '../web/src/data/network-text.ts'

test('names of firewalls and databases, and codes, lead to one code', () => {
  for (const [text, code] of [
    ['United States', 'US'],
    ['US', 'US'],
    ['Korea Republic Of', 'KR'],
    ['Russian Federation', 'RU'],
    ['Viet Nam', 'VN'],
    ["Cote D'Ivoire", 'CI'],
    ['Côte d’Ivoire', 'CI'],
    ['Iran, Islamic Republic of', 'IR'],
    ['Hong Kong', 'HK'],
    ['Singapore', 'SG'],
    ['Türkiye', 'TR'],
    ['Turkey', 'TR'],
  ] as const)
    assert.equal(countryCode(text), code, text)
})

test('what is no country has no code and stays as it was written', () => {
  for (const text of ['10.0.0.0-10.255.255.255', 'Reserved', 'QX', '', 'Testland']) {
    assert.equal(countryCode(text), null, text)
    assert.equal(countryName(text, 'de'), text)
  }
  assert.equal(countryName('Germany', 'de'), 'Deutschland')
})

test('every country of the atlas has a code, but for those that ISO 3166 does not name', () => {
  const path = new URL('../node_modules/world-atlas/countries-110m.json', import.meta.url)
  const atlas = JSON.parse(readFileSync(path, 'utf8')) as {
    objects: { countries: { geometries: { properties: { name: string } }[] } }
  }
  const without = atlas.objects.countries.geometries
    .map(({ properties }) => properties.name)
    .filter((name) => countryCode(name) === null)
  assert.deepEqual(without, ['N. Cyprus', 'Somaliland'])
})

test('only whole addresses and networks without host bits are asked for', () => {
  for (const text of ['198.51.100.7', '198.51.100.0/24', '0.0.0.0/0', '2001:db8::/32', '2001:db8::1'])
    assert.equal(isNetworkText(text), true, text)
  for (const text of [
    '198.51.100',
    '198.51.100.7/24',
    '198.51.100.256',
    '198.51.100.7/33',
    '010.1.1.1',
    '2001:db8:',
    'a',
    '',
    '1.2.3.4/5/6',
    '2001:db8::/129',
  ])
    assert.equal(isNetworkText(text), false, text)
})
