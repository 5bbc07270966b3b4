import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { AppError } from '../lib/errors.ts'
import { type Configuration, type ConfigurationInput, dataFolderOf, loadConfiguration } from './load.ts'
import { nearestName } from './nearest.ts'
import { defaultSettings, SETTING_KEYS } from './schema.ts'

const root = mkdtempSync(join(tmpdir(), 'ads-config-'))
after(() => rmSync(root, { recursive: true }))
let folder = root
let count = 0
beforeEach(() => {
  folder = join(root, String(count++))
  mkdirSync(folder)
})

function load(input: Partial<ConfigurationInput>, state?: ReadonlyMap<string, unknown>): Configuration {
  return loadConfiguration({ workingDirectory: folder, environment: {}, ...input }, state)
}

function faultOf(input: Partial<ConfigurationInput>, state?: ReadonlyMap<string, unknown>): AppError {
  try {
    load(input, state)
  } catch (thrown) {
    assert.ok(thrown instanceof AppError)
    return thrown
  }
  throw new assert.AssertionError({ message: 'expected a fault' })
}

const yaml = (text: string, name = 'active-defense.yaml'): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}

test('without any source every setting has its default', () => {
  const { settings, origins, configFile, warnings } = load({})
  assert.deepEqual(settings, defaultSettings())
  assert.deepEqual(new Set(Object.values(origins)), new Set(['default']))
  assert.equal(configFile, null)
  assert.deepEqual(warnings, [])
})

test('later sources win: state, file, environment, --set', () => {
  yaml('detection:\n  portScan: {ports: 21}\n  hostSweep.addresses: 22\ndetection.threat.level: 2\n')
  const state = new Map<string, unknown>([
    ['detection.portScan.ports', 11],
    ['retention.logMonths', 12],
  ])
  const environment = { ADS__DETECTION__HOSTSWEEP__ADDRESSES: '32', ads__web__listen: ':443', PATH: '/bin' }
  const { settings, origins } = load(
    { environment, sets: ['web.listen=:8080', 'log.level=warn', 'log.level=debug'] },
    state,
  )
  const file = join(folder, 'active-defense.yaml')
  assert.equal(settings['retention.logMonths'], 12)
  assert.equal(origins['retention.logMonths'], 'state')
  assert.equal(settings['detection.portScan.ports'], 21)
  assert.equal(origins['detection.portScan.ports'], `file ${file}:2`)
  assert.equal(settings['detection.threat.level'], 2)
  assert.equal(settings['detection.hostSweep.addresses'], 32)
  assert.equal(origins['detection.hostSweep.addresses'], 'environment ADS__DETECTION__HOSTSWEEP__ADDRESSES')
  assert.equal(settings['web.listen'], ':8080')
  assert.equal(origins['web.listen'], '--set')
  assert.equal(settings['log.level'], 'debug')
})

test('text is turned into the kind that the key wants', () => {
  const { settings } = load({
    sets: [
      'networks.own=192.0.2.0/24, 2001:db8::/32',
      'networks.public=[198.51.100.0/24, 203.0.113.0/24]',
      'files.watch=/var/log/{a,b}/*.log,/srv/*.log',
      'detection.lateReplyGuard=off',
      'detection.portScan.mode=off',
      'syslog.tls.listen=',
      'syslog.udp.receiveBuffer=8 MiB',
      'time.deviceZones=fw-1=Europe/Berlin,fw-2=UTC',
      'time.deviceZones.fw.3=Asia/Tokyo',
      'logs.url=http://example.invalid/?a=b',
    ],
  })
  assert.deepEqual(settings['networks.own'], ['192.0.2.0/24', '2001:db8::/32'])
  assert.deepEqual(settings['networks.public'], ['198.51.100.0/24', '203.0.113.0/24'])
  assert.deepEqual(settings['files.watch'], ['/var/log/{a,b}/*.log', '/srv/*.log'])
  assert.equal(settings['detection.lateReplyGuard'], false)
  assert.equal(settings['detection.portScan.mode'], 'off')
  assert.equal(settings['syslog.tls.listen'], '')
  assert.equal(settings['syslog.udp.receiveBuffer'], 8_388_608)
  assert.deepEqual(settings['time.deviceZones'], {
    'fw-1': 'Europe/Berlin',
    'fw-2': 'UTC',
    'fw.3': 'Asia/Tokyo',
  })
  assert.equal(settings['logs.url'], 'http://example.invalid/?a=b')
})

test('YAML may nest, list, leave empty and keep leading zeros', () => {
  yaml(`# a comment
detection:
syslog:
  tls.listen:
networks:
  own: &mine
    - 192.0.2.0/24
  public: *mine
time:
  deviceZones: {fw-1: UTC, 10: Europe/Berlin}
metrics: {token: 0123, listen: '127.0.0.1:9100'}
detection.portScan: {mode: off}
`)
  const { settings } = load({})
  assert.equal(settings['syslog.tls.listen'], '')
  assert.deepEqual(settings['networks.own'], ['192.0.2.0/24'])
  assert.deepEqual(settings['networks.public'], ['192.0.2.0/24'])
  assert.deepEqual(settings['time.deviceZones'], { 'fw-1': 'UTC', '10': 'Europe/Berlin' })
  assert.equal(settings['metrics.token'], '0123')
  assert.equal(settings['detection.portScan.mode'], 'off')
})

test('the file is --config, or config.yaml of the data folder, or active-defense.yaml, and only one of them', () => {
  yaml('log.level: warn\n')
  assert.equal(load({}).settings['log.level'], 'warn')
  mkdirSync(join(folder, 'data'))
  const inData = yaml('web.listen: :9443\n', 'data/config.yaml')
  assert.equal(load({}).configFile, inData)
  assert.equal(load({}).settings['log.level'], 'info')
  const own = yaml('data.dir: elsewhere\n', 'own.yaml')
  assert.equal(load({ configFile: 'own.yaml' }).origins['data.dir'], `file ${own}:1`)
  assert.equal(load({ configFile: own }).settings['web.listen'], ':8443')
})

test('the data folder is known even where another setting is wrong', () => {
  yaml('data.dir: here\nweb.listen: nonsense\n')
  const input = { workingDirectory: folder, environment: {} }
  assert.equal(dataFolderOf(input), join(folder, 'here'))
  assert.equal(dataFolderOf({ ...input, dataDir: '/srv/ads' }), '/srv/ads')
  assert.equal(dataFolderOf({ ...input, environment: { ADS__DATA__DIR: 'there' } }), join(folder, 'there'))
  yaml('')
  assert.equal(load({ dataDir: '/srv/ads', sets: ['web.listen=:1'] }).origins['data.dir'], '--data')
})

test('a secret may lie in a file of its own and is never printed', () => {
  writeFileSync(join(folder, 'token'), 'hush\n')
  yaml('metrics:\n  tokenFile: token\n')
  const { settings, origins } = load({})
  assert.equal(settings['metrics.token'], 'hush')
  assert.match(origins['metrics.token'], /active-defense\.yaml:2$/)
  const environment = { ADS__METRICS__TOKEN_FILE: join(folder, 'token') }
  assert.equal(load({ environment }).origins['metrics.token'], 'environment ADS__METRICS__TOKEN_FILE')
  assert.match(
    faultOf({ sets: ['metrics.tokenFile=missing'] }).message,
    /cannot read the file of metrics\.token \(--set\)/,
  )
})

test('a fault names the key, the place and what would be right', () => {
  const cases: [Partial<ConfigurationInput>, RegExp][] = [
    [
      { sets: ['detection.portscan.port=20'] },
      /^unknown setting "detection\.portscan\.port" \(--set\); the nearest known one is detection\.portScan\.ports$/,
    ],
    [{ sets: ['hostSweep.minutes=20'] }, /the nearest known one is detection\.hostSweep\.minutes$/],
    [
      { environment: { ADS__WEB__LISTENS: ':1' } },
      /^unknown setting in environment ADS__WEB__LISTENS; the nearest known one is ADS__WEB__LISTEN \(web\.listen\)$/,
    ],
    [
      { sets: ['detection.portScan.ports=70000'] },
      /^bad value "70000" for detection\.portScan\.ports \(--set\): expected a whole number from 1 to 65535 \(ports\)$/,
    ],
    [{ sets: ['detection.portScan.minutes=1.5'] }, /expected a whole number from 0 to 1440 \(min\)$/],
    [{ sets: ['detection.portScan.mode=on'] }, /expected one of off, shadow, enforce$/],
    [{ sets: ['logs.keepRaw=maybe'] }, /expected true or false$/],
    [{ sets: ['web.listen=8443'] }, /expected HOST:PORT, :PORT or nothing$/],
    [{ sets: ['web.listen=:70000'] }, /expected a port from 0 to 65535$/],
    [
      { sets: ['networks.own=192.0.2.0/24,10.1.2.3/8'] },
      /expected an address or network such as 192\.0\.2\.0\/24 \(wrong: "10\.1\.2\.3\/8"\)$/,
    ],
    [{ sets: ['time.zone=Mars'] }, /expected an IANA time zone such as Europe\/Berlin$/],
    [
      { sets: ['time.deviceZones.fw=Mars'] },
      /^bad value .*\(--set\): expected an IANA time zone .*\(wrong: "Mars"\)$/,
    ],
    [{ sets: ['web.tls.cert=/x.pem'] }, /^web\.tls\.cert \(--set\) needs web\.tls\.key beside it$/],
    [{ configFile: 'nowhere.yaml' }, /^the configuration file nowhere\.yaml \(--config\) does not exist$/],
  ]
  for (const [input, expected] of cases) {
    const fault = faultOf(input)
    assert.equal(fault.exitCode, 3, fault.message)
    assert.match(fault.message, expected)
  }
})

test('a fault in a YAML file names file and line', () => {
  const cases: [string, RegExp][] = [
    [
      'web:\n  listen: :1\n  lisen: :2\n',
      /"web\.lisen" \(file .*\.yaml:3\); the nearest known one is web\.listen$/,
    ],
    [
      'detecton:\n  portScan:\n    ports: 5\n',
      /"detecton\.portScan\.ports" \(file .*:3\); .*detection\.portScan\.ports$/,
    ],
    [
      'detection:\n  portScan:\n    ports: many\n',
      /bad value "many" for detection\.portScan\.ports \(file .*:3\)/,
    ],
    ['detection: 5\n', /unknown setting "detection" \(file .*:1\)/],
    ['web:\n  listen: :1\n  listen: :2\n', /^Map keys must be unique \(file .*:3\)$/],
    ['web: [\n', /\(file .*\.yaml:[12]\)$/],
    ['- web\n', /^expected settings such as .*\(file .*:1\)$/],
  ]
  for (const [text, expected] of cases) {
    yaml(text)
    const fault = faultOf({})
    assert.equal(fault.code, 'bad-configuration')
    assert.match(fault.message, expected)
    assert.ok(!fault.message.includes('\n'), fault.message)
  }
})

test('all faults are named at once, and a long list ends in a count', () => {
  const fault = faultOf({ sets: ['a.a=1', 'a.b=1', 'a.c=1', 'a.d=1', 'a.e=1', 'a.f=1', 'a.g=1'] })
  assert.match(fault.message, /"a\.a".*"a\.e".*; and 2 more$/)
})

test('the value of a bad secret is not in the message', () => {
  yaml('metrics:\n  token: [hush]\n')
  const fault = faultOf({})
  assert.match(fault.message, /^bad value for metrics\.token/)
  assert.ok(!fault.message.includes('hush'))
})

test('--set without = is a usage error', () => {
  assert.equal(faultOf({ sets: ['web.listen'] }).exitCode, 2)
})

test('a file in the data folder cannot point to another data folder', () => {
  mkdirSync(join(folder, 'data'))
  yaml('data.dir: /srv/elsewhere\n', 'data/config.yaml')
  assert.match(faultOf({}).message, /^data\.dir .* points elsewhere/)
})

test('kept settings that do not fit are warnings, never a refused start', () => {
  const state = new Map<string, unknown>([
    ['detection.portScan.ports', 'many'],
    ['gone.away', 1],
    ['data.dir', '/elsewhere'],
    ['retention.hour', 4],
  ])
  const { settings, warnings } = load({}, state)
  assert.equal(settings['detection.portScan.ports'], 10)
  assert.equal(settings['data.dir'], './data')
  assert.equal(settings['retention.hour'], 4)
  assert.equal(warnings.length, 3)
})

test('the nearest name bears typing errors, case and missing sections', () => {
  for (const key of SETTING_KEYS) {
    assert.equal(nearestName(key.toUpperCase(), SETTING_KEYS), key)
    assert.equal(nearestName(`${key}x`, SETTING_KEYS), key)
  }
  assert.equal(nearestName('detection.portScan.prots', SETTING_KEYS), 'detection.portScan.ports')
})

test('a data folder that may not be looked into says whose it must be', (context) => {
  if (process.getuid?.() === 0) {
    context.skip('root may read everything')
    return
  }
  const closed = join(folder, 'closed')
  mkdirSync(closed, { mode: 0o000 })
  context.after(() => rmdirSync(closed)) // what is closed cannot be looked through at the end
  assert.throws(
    () => loadConfiguration({ environment: {}, workingDirectory: folder, dataDir: closed }),
    /config\.yaml: EACCES.*; give .*closed to the user of the service, or name another folder with --data/,
  )
})
