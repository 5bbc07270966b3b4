import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countryKey } from './countries.ts'

test('a country is the same by its code and by the names that firewalls and databases write', () => {
  for (const names of [
    ['RU', 'ru', 'Russia', 'Russian Federation'],
    ['KR', 'South Korea', 'Korea Republic Of', 'Korea, Republic of', 'Republic of Korea'],
    ['KP', 'North Korea', "Korea, Democratic People's Republic of"],
    ['GB', 'UK', 'United Kingdom', 'Great Britain'],
    ['NL', 'The Netherlands', 'Netherlands'],
    ['CZ', 'Czechia', 'Czech Republic'],
    ['TR', 'T\u00fcrkiye', 'Turkiye', 'Turkey'],
    ['CI', "C\u00f4te d'Ivoire", 'Cote D\u2019Ivoire', 'Ivory Coast'],
    ['BA', 'Bosnia and Herzegovina', 'Bosnia & Herzegovina'],
    ['HK', 'Hong Kong', ' hong-kong '],
    ['US', 'United States', 'United States of America', 'USA'],
    ['CD', 'DR Congo', 'Congo, The Democratic Republic of the'],
    ['CG', 'Congo', 'Republic of the Congo'],
  ])
    assert.deepEqual(new Set(names.map(countryKey)).size, 1, names.join(', '))
})

test("countries that are easily confounded stay apart, and a region of people's own is itself", () => {
  const different = [
    'CG',
    'CD',
    'KR',
    'KP',
    'GN',
    'GQ',
    'GW',
    'PG',
    'AN-DE',
    'Internal',
    'east-coast',
    'HQ',
    'DE',
  ]
  assert.equal(new Set(different.map(countryKey)).size, different.length)
  assert.equal(countryKey('East Coast'), countryKey('east-coast'))
  assert.equal(countryKey('constructor'), 'constructor')
})
