import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkText, checkValue } from './coerce.ts'
import { loadConfiguration } from './load.ts'
import type { Settings } from './schema.ts'
import { settingViews } from './view.ts'

function load(...sets: string[]): Settings {
  return loadConfiguration({ workingDirectory: tmpdir(), environment: {}, sets }).settings
}

function refusal(key: Parameters<typeof checkText>[0], text: string): string {
  const checked = checkText(key, text)
  assert.ok(!checked.ok, `${text} was taken`)
  return checked.expected
}

test('a device has thresholds of its own, by --set as YAML or one device at a time', () => {
  const whole = load('detection.devices={fw-lab: {portScan.ports: 50, hostSweep.mode: shadow}}')
  const single = load('detection.devices.fw-lab={detection.portScan.ports: 50, hostSweep.mode: shadow}')
  const expected = { 'fw-lab': { 'portScan.ports': 50, 'hostSweep.mode': 'shadow' } }
  assert.deepEqual(whole['detection.devices'], expected)
  assert.deepEqual(single['detection.devices'], expected)
})

test('an unknown key of a device is refused and the nearest one named', () => {
  const said = refusal('detection.devices', '{fw-1: {portscan.port: 20}}')
  assert.match(said, /"portscan\.port" is none, the nearest is portScan\.ports/)
  assert.match(refusal('detection.devices', '{fw-1: {maxKeys: 20}}'), /the nearest is /)
})

test('more different sets of settings than detection has profiles are refused', () => {
  const devices = (count: number): string =>
    `{${Array.from({ length: count }, (_, i) => `fw-${i}: {portScan.ports: ${20 + i}}`).join(', ')}}`
  assert.ok(checkText('detection.devices', devices(8)).ok)
  assert.match(refusal('detection.devices', devices(9)), /at most 8 different sets/)
})

test('a value of a device must fit the setting of the rule', () => {
  assert.match(refusal('detection.devices', '{fw-1: {portScan.ports: 0}}'), /for portScan\.ports a value/)
  assert.match(refusal('detection.devices', '{fw-1: {threat.mode: maybe}}'), /off \| shadow \| enforce/)
  refusal('detection.devices', '{fw-1: 20}')
})

test('exceptions take conditions and a reason; without either they are refused', () => {
  const text =
    '[{rule: [host-sweep, slow-scan], source: 192.0.2.0/24, port: 6000-6063, reason: our monitoring}]'
  assert.deepEqual(load(`detection.exceptions=${text}`)['detection.exceptions'], [
    {
      rule: ['host-sweep', 'slow-scan'],
      source: '192.0.2.0/24',
      port: '6000-6063',
      reason: 'our monitoring',
    },
  ])
  assert.match(
    refusal('detection.exceptions', '[{rule: threat, reason: everything}]'),
    /at least one condition/,
  )
  refusal('detection.exceptions', '[{zone: dmz}]')
  assert.match(refusal('detection.exceptions', '[{port: 70000, reason: x}]'), /port or range/)
  assert.match(refusal('detection.exceptions', '[{port: 9-1, reason: x}]'), /port or range/)
  refusal('detection.exceptions', '[{destination: 192.0.2.1/24, reason: host bits}]')
  refusal('detection.exceptions', '[{rule: portscan, zone: dmz, reason: no such rule}]')
  refusal('detection.exceptions', '[{zones: dmz, reason: no such condition}]')
})

test('weights are whole numbers from 0 to 10 of networks', () => {
  const weights = load('detection.destinationWeights=203.0.113.0/24=3,203.0.113.9=0')
  assert.deepEqual(weights['detection.destinationWeights'], { '203.0.113.0/24': 3, '203.0.113.9': 0 })
  assert.match(refusal('detection.destinationWeights', '203.0.113.0/24=11'), /from 0 to 10/)
  refusal('detection.destinationWeights', 'home=3')
  refusal('detection.destinationWeights', '203.0.113.0/24=1.5')
})

test('a YAML file gives the same, with every scalar read as text', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ads-fitting-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'site.yaml')
  const lines = [
    'detection:',
    '  devices:',
    '    fw-lab: {portScan.ports: 50}',
    '  exceptions:',
    '    - {port: 8080, zone: dmz, reason: load test}',
    '  destinationWeights: {203.0.113.0/24: 2}',
  ]
  writeFileSync(path, lines.join('\n'))
  const { settings } = loadConfiguration({ workingDirectory: folder, environment: {}, configFile: path })
  assert.deepEqual(settings['detection.devices'], { 'fw-lab': { 'portScan.ports': 50 } })
  assert.deepEqual(settings['detection.exceptions'], [{ port: '8080', zone: 'dmz', reason: 'load test' }])
  assert.deepEqual(settings['detection.destinationWeights'], { '203.0.113.0/24': 2 })
})

test('what is kept is taken again, and shown as it may be set', () => {
  const input = {
    workingDirectory: tmpdir(),
    environment: {},
    sets: [
      'detection.devices={fw-lab: {portScan.ports: 50}}',
      'detection.exceptions=[{port: 22, device: fw-1, reason: jump host}]',
    ],
  }
  const views = settingViews(loadConfiguration(input))
  for (const key of ['detection.devices', 'detection.exceptions'] as const) {
    const text = views.find((view) => view.key === key)?.value ?? ''
    const again = checkText(key, text)
    assert.ok(again.ok, text)
    assert.deepEqual(checkValue(key, again.value), again)
  }
})
