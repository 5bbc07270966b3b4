/** The German of what the service says: every code and setting has a form, its places are those of the English one, and it reads as German. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SETTING_KEYS, SETTINGS } from '../src/config/schema.ts'
import { REASONS } from '../src/detect/counting.ts'
import { type Part, parseForm } from '../src/model/sentence-form.ts'
import { SENTENCES } from '../src/model/sentences/book.ts'
import { german, sentencesDe } from '../web/src/i18n/service/german.ts'
import { settingsDe } from '../web/src/i18n/service/settings-de.ts'

const { say, meaning } = german((place, value) => (place === 'rule' ? `Regel-${value}` : null))

function placesOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part) =>
    typeof part === 'string'
      ? []
      : 'optional' in part
        ? placesOf(part.optional)
        : [`${part.name} ${part.kind === 'count'}`],
  )
}

test('every sentence of the book has a German form, and there is none more', () => {
  assert.deepEqual(Object.keys(sentencesDe).toSorted(), Object.keys(SENTENCES).toSorted())
})

test('a German form shows the values of the English one and no others', () => {
  const wrong = Object.entries(SENTENCES).flatMap(([code, form]) => {
    const english = new Set(placesOf(parseForm(form)))
    const here = new Set(placesOf(parseForm(sentencesDe[code as keyof typeof sentencesDe])))
    return [...english.symmetricDifference(here)].map((place) => `${code}: ${place}`)
  })
  assert.deepEqual(wrong, [])
})

test('a German form keeps no English sentence', () => {
  const english = / (?:the|were|within|which|with|and|not|that|is|has|does) /
  assert.deepEqual(
    Object.entries(sentencesDe).filter(([, form]) => english.test(form)),
    [],
  )
})

test('every setting has a German meaning, and there is none more', () => {
  assert.deepEqual(Object.keys(settingsDe).toSorted(), [...SETTING_KEYS].toSorted())
  for (const key of SETTING_KEYS) assert.notEqual(meaning(key), SETTINGS[key].description, key)
})

test('every reason of detection is told in German', () => {
  for (const [, predicate] of REASONS) assert.match(say(`It ${predicate}.`) ?? '', /^Sie .*\.$/)
})

test('numbers, spans, times, plurals and names are those of the language', () => {
  assert.equal(
    say('reached 1500 ports of 203.0.113.5 within 24 hours (more than 10 allowed)'),
    'erreichte 1.500 Ports von 203.0.113.5 innerhalb von 24 Stunden (mehr als 10 sind zu viel)',
  )
  assert.equal(
    say('not seen for 90 days, last on 2026-11-22 12:33:04 UTC'),
    `seit 90 Tagen nicht gesehen, zuletzt am ${new Date('2026-11-22T12:33:04Z').toLocaleString('de', { dateStyle: 'medium', timeStyle: 'medium' })}`,
  )
  assert.equal(
    say('1 line did not count. It has no event time.'),
    '1 Zeile zählte nicht. Sie nennt keine Zeit.',
  )
  assert.equal(say('port-scan is switched off'), 'Regel-port-scan ist ausgeschaltet')
})

test('sentences within sentences are German too, and what is typed stays as it is', () => {
  assert.equal(
    say(
      'held for review: no session with it was established, so the address could be forged, and port-scan holds such for review; reached 15 ports of 203.0.113.5 within 10 minutes (more than 10 allowed)',
    ),
    'wartet auf Prüfung: keine Sitzung mit ihr kam zustande, also könnte die Adresse gefälscht sein, und Regel-port-scan lässt solche auf Prüfung warten; erreichte 15 Ports von 203.0.113.5 innerhalb von 10 Minuten (mehr als 10 sind zu viel)',
  )
  assert.equal(
    say('The list is frozen since 2026-11-22 12:33:04 UTC by ada: the audit is under way.')?.endsWith(
      ' durch ada: the audit is under way.',
    ),
    true,
  )
  assert.equal(say('our scanner'), null)
})
