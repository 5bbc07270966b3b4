/** Rulebases in good and bad order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rulesOf } from './answers.ts'
import { ruleFindings } from './rule-check.ts'
import { ruleXml } from './testing/fake-pan-os.ts'
import { readXml } from './xml.ts'

const LIST = 'ActiveDefense-Blacklist'
const deny = ruleXml('Deny', { action: 'drop', source: LIST, logSetting: 'ads' })
const web = ruleXml('Web', { action: 'allow', logSetting: 'ads' })
const inside = ruleXml('Out', { action: 'allow', from: 'TRUST' })
const sensor = ruleXml('Sensor', { action: 'reset-both', logSetting: 'ads' })

function codes(...rules: string[]): string[] {
  const read = rulesOf(readXml(`<result><rules>${rules.join('')}</rules></result>`))
  return ruleFindings(read, LIST, 'The firewall edge').map(({ code }) => code)
}

test('the rulebase of the manual has nothing to mend', () => {
  assert.deepEqual(codes(deny, web, inside, sensor), [])
  assert.deepEqual(codes(inside, deny, web, sensor), [], 'a rule of other zones may stand above')
})

test('a deny rule that is missing, disabled, negated or below what it must deny is found', () => {
  assert.deepEqual(codes(web, sensor), ['no-deny-rule'])
  const disabled = ruleXml('Deny', { action: 'drop', source: LIST, more: '<disabled>yes</disabled>' })
  assert.deepEqual(codes(disabled, web, sensor), ['no-deny-rule'])
  const negated = ruleXml('Deny', {
    action: 'drop',
    source: LIST,
    more: '<negate-source>yes</negate-source>',
  })
  assert.deepEqual(codes(negated, web, sensor), ['no-deny-rule'])
  const allowing = ruleXml('Deny', { action: 'allow', source: LIST, logSetting: 'ads' })
  assert.deepEqual(codes(allowing, web, sensor), ['no-deny-rule'])
  assert.deepEqual(codes(web, deny, sensor), ['deny-below-allow'])
})

test('rules that do not log, a narrow deny rule and a missing sensor are found', () => {
  const silent = ruleXml('Deny', { action: 'drop', source: LIST })
  assert.deepEqual(codes(silent, web, sensor), ['deny-not-logged'])
  const ended = ruleXml('Deny', {
    action: 'drop',
    source: LIST,
    logSetting: 'ads',
    more: '<log-end>no</log-end>',
  })
  assert.deepEqual(codes(ended, web, sensor), ['deny-not-logged'])
  assert.deepEqual(
    codes(deny.replace('<service><member>any', '<service><member>application-default'), web, sensor),
    ['deny-narrow'],
  )
  assert.deepEqual(codes(deny, web), ['no-sensor'])
  assert.deepEqual(codes(deny, web, ruleXml('Sensor', { action: 'drop' })), ['no-sensor'])
  assert.deepEqual(codes(deny, ruleXml('Mail', { action: 'allow' }), sensor), ['allow-not-logged'])
})

test('a firewall without rules of its own cannot be judged, and that is said', () => {
  assert.deepEqual(codes(), ['no-own-rules'])
  assert.equal(rulesOf(readXml('<result/>')), null)
})
