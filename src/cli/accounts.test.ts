/** `users`, `sessions`, `tokens` and `audit` against a real control server: what is asked, what is printed. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Reply } from '../api/control-contract.ts'
import { FakeService } from './testing-service.ts'

const USER: Reply<'listUsers'> = {
  id: '1',
  name: 'ada\u001b[2J',
  role: 'administrator',
  isDisabled: false,
  mustChange: false,
  hasLostRole: false,
  hasFactor: true,
  elsewhere: null,
  createdAt: '2026-11-22T08:00:00.000Z',
  createdBy: 'setup',
  sessions: 2,
}

let service!: FakeService
beforeEach(() => {
  service = new FakeService()
})
afterEach(() => service.end())

test('users are listed, hostile names escaped', async () => {
  const rows = [
    USER,
    { ...USER, name: 'ben', isDisabled: true, hasFactor: false, elsewhere: 'login.example.net' },
  ]
  await service.serve({ listUsers: rows })
  const { code, out } = await service.run(['users', 'list'])
  assert.equal(code, 0)
  assert.equal(
    out,
    `NAME        ROLE           STATE     FACTOR  FROM               SESSIONS
ada\\x1b[2J  administrator  ok        yes     here               2
ben         administrator  disabled  no      login.example.net  2
`,
  )
})

test('a password is read from stdin alone, one line of it', async () => {
  await service.serve({ addUser: USER, changeUser: USER })
  const stdin = 'correct horse battery\nmore\n'
  assert.equal((await service.run(['users', 'add', 'ada', '--role', 'viewer'], { stdin })).code, 0)
  const added = { name: 'ada', role: 'viewer', password: 'correct horse battery', mustChange: true }
  assert.deepEqual(service.asked.at(-1), ['addUser', added, 'ann'])
  const changed = await service.run(['users', 'change', 'ada', '--password', '--drop-factor'], { stdin })
  assert.equal(changed.code, 0)
  const change = { name: 'ada', dropFactor: true, password: 'correct horse battery' }
  assert.deepEqual(service.asked.at(-1), ['changeUser', change, 'ann'])
  const empty = await service.run(['users', 'add', 'ada', '--role', 'viewer'], { stdin: '' })
  assert.equal(empty.code, 2)
  assert.match(empty.err, /read from stdin/)
})

test('a change must be one, and a role one of ours', async () => {
  await service.serve({ changeUser: USER })
  const wrong: [string[], RegExp][] = [
    [[], /say what to change/],
    [['--role', 'root'], /expected viewer, operator, administrator/],
    [['--disable', '--enable'], /not both/],
  ]
  for (const [args, expected] of wrong) {
    const { code, err } = await service.run(['users', 'change', 'ada', ...args])
    assert.equal(code, 2)
    assert.match(err, expected)
  }
  assert.deepEqual(service.asked, [])
  await service.run(['users', 'change', 'ada', '--disable'])
  assert.deepEqual(service.asked.at(-1), ['changeUser', { name: 'ada', isDisabled: true }, 'ann'])
})

test('sessions and tokens are ended by their ids, users removed with a reason', async () => {
  const reply = { message: 'done' }
  await service.serve({ endSession: reply, removeToken: reply, removeUser: reply })
  assert.equal((await service.run(['sessions', 'end', 's1'])).out, 'done\n')
  await service.run(['tokens', 'remove', 't1'])
  await service.run(['users', 'remove', 'ben', '--reason', 'left'])
  assert.equal((await service.run(['users', 'remove', 'ben'])).code, 2)
  assert.deepEqual(service.asked, [
    ['endSession', { id: 's1' }, 'ann'],
    ['removeToken', { id: 't1' }, 'ann'],
    ['removeUser', { name: 'ben', reason: 'left' }, 'ann'],
  ])
})

test('the audit log is shown by subject, and a broken chain is exit 1', async () => {
  const row = {
    sequence: 7,
    id: 'r',
    at: '2026-11-22T08:00:00.000Z',
    actor: 'ada',
    action: 'block.add',
    subject: '198.51.100.7',
    reason: null,
    details: {},
    hash: 'h',
  }
  await service.serve({
    listAudit: { items: [row] },
    checkAudit: { ok: false, rows: null, problem: 'row 7: its hash does not fit' },
  })
  const { out } = await service.run(['audit', 'list', '--subject', '198.51.100.7', '--limit', '5'])
  assert.match(out, /^ROW +WHEN .*\n7 +2026-11-22 08:00:00 UTC +ada +block\.add +198\.51\.100\.7 *\n$/)
  assert.deepEqual(service.asked.at(-1), ['listAudit', { subject: '198.51.100.7', count: 5 }, 'ann'])
  assert.equal((await service.run(['audit', 'list', '--limit', '0'])).code, 2)
  const broken = await service.run(['audit', 'check'])
  assert.equal(broken.code, 1)
  assert.match(broken.out, /row 7: its hash does not fit/)
})
