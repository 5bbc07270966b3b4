/** Files of the older system in all their forms, told apart by content and taken over through the command. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, beforeEach, describe, test } from 'node:test'
import type { Input } from '../api/control-contract.ts'
import { readOriginalFile } from './original-file.ts'
import { FakeService } from './testing-service.ts'

const service = new FakeService()
after(() => service.end())

const at = (name: string): string => join(service.folder, name)

function file(name: string, text: string): string {
  writeFileSync(at(name), text)
  return at(name)
}

const ROWS = [
  { target: '198.51.100.1', alert: 'Port Scan Attack v1', lastSeenAt: '2025-02-20T11:49:43.123Z' },
  { target: '192.0.2.0/26', alert: 'User Added', lastSeenAt: '2025-02-21T00:00:00.000Z' },
]

function database(name: string): string {
  const db = new DatabaseSync(at(name))
  db.exec(`create table "Syslog_blacklist" (id integer primary key, "Alert" text, "IP" text, "LastSeen" datetime);
    create table "Syslog_defensesetting" (id integer primary key, name text, value integer);
    create table "Syslog_recipient" (id integer primary key, "Email" text, "Created_at" datetime);
    create table "Syslog_emailsetting" (id integer primary key, host text, use_tls bool, port integer, sender text, password text);
    insert into "Syslog_recipient" ("Email") values ('soc@example.com'), ('SOC@example.net'), ('no address'), ('soc@example.com');
    insert into "Syslog_emailsetting" (host, use_tls, port, sender, password) values ('mail.example.com', 0, 25, 'fw@example.com', 'pw-of-ours');
    create table auth_user (password text)`)
  const add = db.prepare('insert into "Syslog_blacklist" ("Alert", "IP", "LastSeen") values (?, ?, ?)')
  add.run('Port Scan Attack v1', '198.51.100.1', '2025-02-20 11:49:43.123456')
  add.run('User Added', '192.0.2.0/26', '2025-02-21 00:00:00')
  const set = db.prepare('insert into "Syslog_defensesetting" (name, value) values (?, ?)')
  set.run('Port_Scan1_x_dstPort', 15)
  set.run('Port_Scan2_x_min', 0)
  set.run('x_month_logs', 6)
  db.close()
  return at(name)
}

describe('a file of the older system', () => {
  test('may be its SQLite database, which is only read', () => {
    const path = database('db.sqlite3')
    const before = readFileSync(path)
    const read = readOriginalFile(path, 'UTC')
    assert.equal(read.kind, 'SQLite')
    assert.deepEqual(read.rows, ROWS)
    assert.deepEqual(
      [...read.numbers],
      [
        ['Port_Scan1_x_dstPort', 15],
        ['Port_Scan2_x_min', 0],
        ['x_month_logs', 6],
      ],
    )
    assert.deepEqual(read.recipients, ['soc@example.com', 'SOC@example.net'])
    assert.deepEqual(read.mail, {
      host: 'mail.example.com',
      port: 25,
      usesTls: false,
      sender: 'fw@example.com',
      password: 'pw-of-ours',
    })
    assert.deepEqual(readFileSync(path), before)
  })

  test('may be a dump of PostgreSQL', () => {
    const path = file(
      'dump.sql',
      [
        '-- PostgreSQL database dump',
        'COPY public.auth_user (id, password) FROM stdin;',
        '1\tsecret',
        '\\.',
        'COPY public."Syslog_blacklist" (id, "Alert", "IP", "LastSeen") FROM stdin;',
        '1\tPort Scan Attack v1\t198.51.100.1\t2025-02-20 22:49:43.123456+11',
        '2\tUser Added\t192.0.2.0/26\t2025-02-21 00:00:00+00',
        '3\t\\N\t198.51.100.3\t\\N',
        '\\.',
        'COPY public."Syslog_defensesetting" (id, name, value) FROM stdin;',
        '1\tVul_Scan1_x_severity\t2',
        '\\.',
        'COPY public."Syslog_emailsetting" (id, host, use_tls, port, sender, password) FROM stdin;',
        '1\tsmtp.example.com\tf\t25\t\t\\N',
        '\\.',
        'COPY public."Syslog_recipient" (id, "Email", "Created_at") FROM stdin;',
        '1\tnight@example.com\t2025-02-20 00:00:00+00',
        '\\.',
        '',
      ].join('\n'),
    )
    const read = readOriginalFile(path, 'UTC')
    assert.equal(read.kind, 'PostgreSQL dump')
    assert.deepEqual(read.rows, [...ROWS, { target: '198.51.100.3', alert: null, lastSeenAt: null }])
    assert.deepEqual([...read.numbers], [['Vul_Scan1_x_severity', 2]])
    assert.deepEqual(read.recipients, ['night@example.com'])
    assert.equal(read.mail, null, 'it is the example that the older system begins with')
  })

  test('may be a dump of PostgreSQL as INSERT, with columns or without', () => {
    const lines = [
      '-- PostgreSQL database dump',
      'CREATE TABLE public."Syslog_blacklist" (',
      '    id bigint NOT NULL,',
      '    "Alert" text NOT NULL,',
      '    "IP" text NOT NULL,',
      '    "LastSeen" timestamp with time zone NOT NULL',
      ');',
      `INSERT INTO public."Syslog_blacklist" VALUES (1, 'Port Scan Attack v1', '198.51.100.1', '2025-02-20 11:49:43.123456+00');`,
      `INSERT INTO public."Syslog_blacklist" ("id", "Alert", "IP", "LastSeen") VALUES (2, 'User Added', '192.0.2.0/26', '2025-02-21 00:00:00+00');`,
      `INSERT INTO public."Syslog_recipient" (id, "Email") VALUES (1, 'o''brien@example.com');`,
    ]
    const read = readOriginalFile(file('inserts.sql', lines.join('\n')), 'UTC')
    assert.equal(read.kind, 'PostgreSQL dump')
    assert.deepEqual(read.rows, ROWS)
    assert.deepEqual(read.recipients, ["o'brien@example.com"])
  })

  test('may not be a dump in its own format, nor one without the table: it says what to do', () => {
    assert.throws(
      () => readOriginalFile(file('own.dump', 'PGDMP\u0001\u000e'), 'UTC'),
      /pg_restore -f dump\.sql/,
    )
    const other = file('other.sql', '-- PostgreSQL database dump\nCOPY public.x (id) FROM stdin;\n1\n\\.\n')
    assert.throws(() => readOriginalFile(other, 'UTC'), /without the table Syslog_blacklist/)
  })

  test('may be its table as CSV, with quotes and times without a zone', () => {
    const path = file(
      'table.csv',
      '\ufeffid,Alert,IP,LastSeen\r\n1,"Port Scan, ""v1""",198.51.100.1,2025-02-20 22:49:43\r\n\r\n',
    )
    const read = readOriginalFile(path, 'Australia/Sydney')
    assert.equal(read.kind, 'CSV')
    assert.deepEqual(read.rows, [
      { target: '198.51.100.1', alert: 'Port Scan, "v1"', lastSeenAt: '2025-02-20T11:49:43.000Z' },
    ])
  })

  test('may be blacklist.txt', () => {
    const read = readOriginalFile(file('blacklist.txt', '198.51.100.1\r\n\n192.0.2.0/26\n'), 'UTC')
    assert.equal(read.kind, 'plain list')
    assert.deepEqual(
      read.rows.map(({ target, alert, lastSeenAt }) => [target, alert, lastSeenAt]),
      [
        ['198.51.100.1', null, null],
        ['192.0.2.0/26', null, null],
      ],
    )
  })

  test('that is something else is refused with what it is not', () => {
    const db = new DatabaseSync(at('other.sqlite3'))
    db.exec('create table something (x text)')
    db.close()
    assert.throws(() => readOriginalFile(at('other.sqlite3'), 'UTC'), /no table Syslog_blacklist/)
    assert.throws(() => readOriginalFile(at('missing'), 'UTC'), /ENOENT/)
  })
})

describe('import original', () => {
  beforeEach(async () => {
    service.asked.length = 0
    await service.serve({
      importOriginal: ({ rows, dryRun }: Input<'importOriginal'>) => ({
        dryRun,
        added: rows.length - 1,
        leftOut: [{ reason: 'protected', count: 1, examples: ['192.0.2.0/26'] }],
        unreadable: [],
      }),
      changeSettings: () => ({ results: [] }),
      listRecipients: [],
      addRecipient: {},
    })
  })

  test('sends all rows, tells what was left out, and names its numbers', async () => {
    const path = database('one.sqlite3')
    const ran = await service.run(['import', 'original', path, '--reason', 'moving', '--dry-run'])
    assert.equal(ran.code, 0, ran.err)
    assert.match(ran.out, /SQLite with 2 entries: 1 would be taken over/)
    assert.match(ran.out, /protected +1 +192\.0\.2\.0\/26/)
    assert.match(
      ran.out,
      /settings set detection\.portScan\.ports=15 detection\.hostSweep\.mode=off retention\.logMonths=6/,
    )
    assert.match(
      ran.out,
      /recipients of mail that would be added: soc \(soc@example\.com\), soc-2 \(SOC@example\.net\)/,
    )
    assert.ok(!ran.out.includes('pw-of-ours'))
    assert.deepEqual(
      service.asked.map(([name, input]) => [name, input]),
      [
        ['importOriginal', { rows: ROWS, reason: 'moving', dryRun: true }],
        ['listRecipients', {}],
      ],
    )
  })

  test('--settings sets them', async () => {
    const ran = await service.run([
      'import',
      'original',
      database('two.sqlite3'),
      '--reason',
      'moving',
      '--settings',
    ])
    assert.equal(ran.code, 0, ran.err)
    const changes = {
      'detection.portScan.ports': '15',
      'detection.hostSweep.mode': 'off',
      'retention.logMonths': '6',
      'smtp.host': 'mail.example.com',
      'smtp.port': '25',
      'smtp.security': 'starttls-if-offered',
      'smtp.from': 'fw@example.com',
      'smtp.user': 'fw@example.com',
      'smtp.password': 'pw-of-ours',
    }
    assert.deepEqual(service.asked[1]?.slice(0, 2), ['changeSettings', { changes, reason: 'moving' }])
    assert.ok(!ran.out.includes('pw-of-ours'))
    const added = service.asked.filter(([name]) => name === 'addRecipient').map(([, input]) => input)
    assert.deepEqual(added[0], {
      id: 'soc',
      to: { channel: 'mail', address: 'soc@example.com' },
      reason: 'moving',
    })
    assert.equal(added.length, 2)
  })

  test('who is told by mail already is not added again, and --no-recipients adds nobody', async () => {
    const soc = { id: 'soc', channel: 'mail', to: 'SOC@example.com' }
    await service.serve({
      importOriginal: { dryRun: false, added: 2, leftOut: [], unreadable: [] },
      listRecipients: [soc],
      addRecipient: {},
    })
    const words = ['import', 'original', database('three.sqlite3'), '--reason', 'moving']
    assert.equal((await service.run(words)).code, 0)
    const added = (): unknown[] => service.asked.filter(([name]) => name === 'addRecipient')
    assert.deepEqual(
      added().map((one) => (one as [string, { id: string }])[1].id),
      ['soc-2'],
    )
    assert.equal((await service.run([...words, '--no-recipients'])).code, 0)
    assert.equal(added().length, 1)
  })

  test('a long list goes in several requests', async () => {
    const lines = Array.from({ length: 5001 }, (_, i) => `198.51.${100 + (i >> 8)}.${i & 255}\n`)
    const ran = await service.run([
      'import',
      'original',
      file('long.txt', lines.join('')),
      '--reason',
      'moving',
    ])
    assert.equal(ran.code, 0, ran.err)
    assert.equal(service.asked.length, 2)
    assert.match(ran.out, /plain list with 5001 entries: 4999 are taken over/)
    assert.match(ran.out, /protected +2/)
  })
})
