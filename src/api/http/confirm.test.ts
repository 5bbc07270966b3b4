/** Which edits ask for the password once more, by their input. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RouteName } from '../control-contract.ts'
import { confirmationFor } from './confirm.ts'
import type { HttpCaller } from './http-caller.ts'
import { HTTP_ROUTES } from './http-routes.ts'
import { openApiDocument } from './openapi.ts'
import { WEAKEN_SCOPE } from './roles.ts'

const OLD: HttpCaller = {
  user: 'ada',
  userId: '1',
  role: 'administrator',
  by: 'session',
  scopes: null,
  toConfirm: 'password',
}

const asks = (name: RouteName, input: unknown, caller: HttpCaller = OLD): boolean =>
  confirmationFor(name, input, caller) !== null

test('a fresh confirmation is asked for nothing, a caller of whom it is not known is', () => {
  assert.equal(asks('addUser', {}), true)
  assert.equal(asks('addUser', {}, { ...OLD, toConfirm: null }), false)
  const { toConfirm: _, ...unknown } = OLD
  assert.equal(asks('addUser', {}, unknown), true)
  assert.match(
    confirmationFor('addUser', {}, { ...OLD, toConfirm: 'sign-in' })?.detail ?? '',
    /sign in again/,
  )
})

test('a token needs a scope for what weakens protection, and no scope opens credentials to it', () => {
  const token = (...scopes: string[]): HttpCaller => ({ ...OLD, by: 'token', scopes })
  const codeOf = (input: object, caller: HttpCaller, name: RouteName = 'changeSettings') =>
    confirmationFor(name, input, caller)?.code ?? 'done'
  const setting = (key: string, value: string | null = '0') => ({ changes: { [key]: value }, reason: '' })
  const all: HttpCaller = { ...OLD, by: 'token', scopes: null }
  for (const [name, input] of [
    ['setEngine', { action: 'off' }],
    ['withdraw', { dryRun: false }],
    ['addAllow', { targets: ['::/0'], dryRun: false }],
    ['changeSettings', setting('detection.hostSweep.minutes')],
  ] as const) {
    assert.equal(codeOf(input, all, name), 'scope', name)
    assert.equal(codeOf(input, token('engine', 'blocks', 'settings', 'allowlist'), name), 'scope', name)
    assert.equal(codeOf(input, token(WEAKEN_SCOPE), name), 'done', name)
  }
  for (const key of ['oidc.issuer', 'oidc.roles', 'web.tls.key'])
    for (const caller of [all, token('settings', WEAKEN_SCOPE)])
      assert.equal(codeOf(setting(key, 'x'), caller), 'token', key)
  for (const caller of [all, token('settings')]) {
    assert.equal(codeOf(setting('smtp.host', 'mail.example.net'), caller), 'done')
    assert.equal(codeOf({ action: 'on' }, caller, 'setEngine'), 'done')
    assert.equal(codeOf({ targets: ['198.51.100.7'], dryRun: false }, caller, 'addAllow'), 'done')
  }
})

test('what reduces protection asks; what adds to it, or only says what it would do, does not', () => {
  for (const action of ['off', 'reset']) assert.equal(asks('setEngine', { action }), true, action)
  assert.equal(asks('setEngine', { action: 'on' }), false)
  assert.equal(asks('withdraw', { dryRun: false }), true)
  assert.equal(asks('withdraw', { dryRun: true }), false)
  assert.equal(asks('replaceCertificate', { dryRun: false }), true)
  assert.equal(asks('replaceCertificate', { dryRun: true }), false)
  for (const name of ['addBlocks', 'removeBlocks', 'setFreeze', 'endSession', 'removeToken'] as const)
    assert.equal(asks(name, {}), false, name)
})

test('an allowed network asks when it is wider than /16 or /32, in any spelling and among others', () => {
  const allow = (dryRun: boolean, ...targets: string[]): boolean => asks('addAllow', { targets, dryRun })
  for (const wide of [
    '192.0.0.0/15',
    '0.0.0.0/0',
    '2001::/31',
    '::/0',
    '::/80',
    '::ff00:0:0/88',
    '::ffff:192.0.0.0/15',
  ])
    assert.equal(allow(false, '198.51.100.7', wide), true, wide)
  for (const narrow of ['192.0.0.0/16', '198.51.100.7', '2001:db8::/32', '2001:db8::7'])
    assert.equal(allow(false, narrow), false, narrow)
  assert.equal(allow(true, '0.0.0.0/0'), false)
})

test('settings ask when a rule no longer enforces or a wide network is spared, however it is written', () => {
  const change = (key: string, value: string | null): boolean =>
    asks('changeSettings', { changes: { 'log.level': 'info', [key]: value }, reason: '' })
  const risky: [string, string | null][] = [
    ['detection.portScan.mode', 'off'],
    ['detection.portScan.mode', 'shadow'],
    ['detection.portScan.mode', null],
    ['detection.hostSweep.minutes', '0'],
    ['detection.threat.level', ' 0 '],
    ['detection.devices', '{fw-lab: {portScan.mode: off}}'],
    ['detection.exceptions', '[{rule: port-scan, reason: x}]'],
    ['decisions.protected', '198.51.100.7, 192.0.0.0/8'],
    ['decisions.protected', '[ "192.0.0.0\\x2F8" ]'],
    ['networks.own', '[2001::/16]'],
    ['oidc.roles', 'everybody=administrator'],
    ['web.tls.cert', '/tmp/other.pem'],
  ]
  for (const [key, value] of risky) assert.equal(change(key, value), true, `${key}=${value}`)
  const plain: [string, string | null][] = [
    ['detection.portScan.mode', 'enforce'],
    ['detection.portScan.ports', '10'],
    ['detection.hostSweep.minutes', '10'],
    ['detection.hostSweep.minutes', null],
    ['decisions.protected', '192.0.2.0/24, 198.51.100.7, 2001:db8::/32'],
    ['decisions.protected', null],
    ['smtp.host', 'mail.example.net'],
  ]
  for (const [key, value] of plain) assert.equal(change(key, value), false, `${key}=${value}`)
})

test('the description tells of every operation that asks, and of no other', () => {
  const { paths } = openApiDocument('1.2.3') as {
    paths: Record<
      string,
      Record<string, { operationId: string; responses: Record<string, { description: string }> }>
    >
  }
  const told = Object.values(paths)
    .flatMap((path) => Object.values(path))
    .filter(({ responses }) => responses['403']?.description.includes('/problems/confirm-password'))
    .map(({ operationId }) => operationId)
  const input = { action: 'off', dryRun: false, targets: ['::/0'], changes: { 'oidc.roles': '' } }
  const asking = (Object.keys(HTTP_ROUTES) as RouteName[]).filter((name) => asks(name, input))
  assert.deepEqual(told.toSorted(), asking.toSorted())
  assert.equal(told.length, 12)
})
