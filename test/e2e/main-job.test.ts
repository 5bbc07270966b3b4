/** The main job, end to end: firewall lines in by every input, block list out over HTTPS. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { writeMmdb } from '../../src/parse/testing/mmdb.ts'
import { customLine, scan, startService, temporaryFolder, until } from './harness.ts'

const DAY_MS = 86_400_000

describe('the main job', () => {
  test('scanners seen by UDP, TCP in both framings and files are on the list; their lines are stored', async (t) => {
    const service = await startService(t)
    assert.deepEqual(await service.list(), ['192.0.2.255'], 'the sentinel alone while nothing is blocked')

    await service.sendUdp(scan('198.51.100.1', 11))
    await service.sendTcp(
      scan('198.51.100.2', 11)
        .map((line) => `${line}\n`)
        .join(''),
    )
    await service.sendTcp(
      scan('198.51.100.3', 11)
        .map((line) => `${Buffer.byteLength(line)} ${line}`)
        .join(''),
    )
    await service.appendFile(
      'branch-fw',
      scan('198.51.100.4', 11).map((line) => line.replace('<14>', '')),
    )
    await service.sendUdp(scan('198.51.100.9', 10))

    await until('all four scanners are listed', async () => (await service.list()).length === 4)
    assert.deepEqual(await service.list(), ['198.51.100.1', '198.51.100.2', '198.51.100.3', '198.51.100.4'])
    await until('every line is stored', async () => (await service.stored()) === 54)
    assert.equal(await service.stored("device = 'branch-fw' OR sender = 'branch-fw'"), 11)
    assert.equal((await service.get('/healthz')).status, 200)
    await until('all parts are ready', async () => (await service.get('/readyz')).status === 200)
  })

  test('a sweep and a critical threat convict, and explain says why in plain sentences', async (t) => {
    const service = await startService(t)
    const sweep = Array.from({ length: 10 }, (_, i) =>
      customLine({ source: '198.51.100.20', destination: `203.0.113.${i + 1}`, port: 443 }),
    )
    await service.sendUdp([...sweep, customLine({ source: '198.51.100.21', port: 443, type: 'THREAT' })])
    await service.sendUdp([
      customLine({ source: '198.51.100.22', port: 443, type: 'THREAT', severity: 'high' }),
    ])
    await until(
      'both are listed',
      async () => (await service.list()).length === 2 && !(await service.list()).includes('192.0.2.255'),
    )
    assert.deepEqual(await service.list(), ['198.51.100.20', '198.51.100.21'])

    const told = await service.control.call('explain', { address: '198.51.100.20' })
    assert.equal(told.verdict, 'blocked')
    assert.match(told.sentences.join('\n'), /port 443 of 10 addresses/)
    assert.equal(told.evidence.length, 10)
    assert.match(told.evidence[0] ?? '', /SrcIP=198\.51\.100\.20/)
    const threat = await service.control.call('explain', { address: '198.51.100.21' })
    assert.match(
      threat.sentences.join('\n'),
      /198\.51\.100\.21 \(Testland, severity critical\) is blocked since/,
    )
    assert.deepEqual([threat.block?.severity, threat.block?.country], ['critical', 'Testland'])
    assert.deepEqual(
      [told.block?.severity, told.block?.country],
      [null, 'Testland'],
      'traffic names no severity',
    )

    // A feed of the worst alone, and one of another country.
    const common = { credentials: [], reason: 'test', dryRun: true }
    const critical = await service.control.call('addFeed', {
      feed: 'worst',
      definition: { format: 'csv', filter: { minSeverity: 'high' } },
      ...common,
    })
    assert.match(critical.preview.text, /\n198\.51\.100\.21,1,threat,critical,handshake,.*,"Testland",/)
    assert.equal(critical.preview.entries, 1)
    const elsewhere = await service.control.call('addFeed', {
      feed: 'elsewhere',
      definition: { filter: { exceptCountries: ['Testland'] } },
      ...common,
    })
    assert.equal(elsewhere.preview.text, '192.0.2.255\n')
  })

  test('an address database fills the country that the firewall did not send, and explain names the network', async (t) => {
    const folder = await temporaryFolder(t)
    const data = { autonomous_system_number: 64_500, autonomous_system_organization: 'Example Net' }
    await writeFile(
      join(folder, 'country.mmdb'),
      writeMmdb(
        [{ network: '198.51.100.0/24', data: { country: { names: { en: 'Exampleland' } } } }],
        'GeoLite2-Country',
      ),
    )
    await writeFile(
      join(folder, 'asn.mmdb'),
      writeMmdb([{ network: '198.51.100.0/24', data }], 'GeoLite2-ASN'),
    )
    const service = await startService(t, {
      folder,
      sets: [`geo.country=${join(folder, 'country.mmdb')}`, `geo.owner=${join(folder, 'asn.mmdb')}`],
    })
    const unsaid = scan('198.51.100.25', 11).map((line) =>
      line.replace('SrcLocation=Testland', 'SrcLocation='),
    )
    await service.sendUdp([...unsaid, ...scan('198.51.100.26', 1)])
    await until('stored', async () => (await service.stored()) === 12)
    assert.equal(await service.stored("sourceCountry = 'Exampleland'"), 11)
    const told = await service.control.call('explain', { address: '198.51.100.25' })
    assert.match(
      told.sentences.join('\n'),
      /places it in Exampleland\.\nIt is announced by AS64500 Example Net\./,
    )
    // Of what a person blocks nothing but the database knows the country.
    await service.control.call('addBlocks', {
      targets: ['198.51.100.27'],
      reason: 'test',
      dryRun: false,
      until: null,
    })
    for (const target of ['198.51.100.25', '198.51.100.27']) {
      const { block } = await service.control.call('explain', { address: target })
      assert.deepEqual([block?.severity, block?.country], [null, 'Exampleland'], target)
    }
  })

  test('who must never be blocked is not, each with its reason, and others are convicted meanwhile', async (t) => {
    const service = await startService(t)
    await service.control.call('addAllow', {
      targets: ['198.51.100.30'],
      reason: 'our scanner service',
      until: null,
      dryRun: false,
    })
    const tenYearsAhead = Date.now() + 3653 * DAY_MS
    await service.sendUdp([
      ...scan('198.51.100.30', 15),
      ...scan('203.0.113.77', 15),
      ...scan('8.8.8.8', 15),
      ...scan('10.0.0.1', 15, { destination: '10.0.0.99' }),
      ...scan('010.1.1.1', 15),
      ...scan('10.2.75.414', 15),
      ...scan('198.51.100.31', 15, { atMs: tenYearsAhead, device: 'lost-clock-fw' }),
      ...scan('198.51.100.32', 15, { user: 'x; SrcIP=198.51.100.33; Severity=critical' }),
      ...scan('198.51.100.34', 11),
    ])
    await until('the real scanner is listed', async () => (await service.list()).includes('198.51.100.34'))
    await until('every line is stored', async () => (await service.stored()) === 131)
    assert.deepEqual(await service.list(), ['198.51.100.34'])

    const reasons = {
      '198.51.100.30': /allowlist|our scanner service/,
      '203.0.113.77': /own/,
      '8.8.8.8': /resolver|Google/i,
      '10.0.0.1': /special|private|internal|inside/i,
      '198.51.100.31': /ahead|clock/,
      '198.51.100.32': /more than one way|ambiguous/,
    }
    for (const [address, reason] of Object.entries(reasons)) {
      const told = await service.control.call('explain', { address })
      assert.notEqual(told.verdict, 'blocked', address)
      assert.match(told.sentences.join('\n'), reason, address)
    }
    assert.equal(
      await service.stored("unparsedReason != ''"),
      0,
      'bad addresses are null, not unreadable lines',
    )
    assert.equal(await service.stored("raw LIKE '%SrcIP=010.1.1.1%' AND sourceAddress = '::'"), 15)
  })

  test('people block, lift, allow, withdraw, freeze and switch, and the list follows', async (t) => {
    const service = await startService(t)
    const { control } = service
    const blocked = await control.call('addBlocks', {
      targets: ['198.51.100.40', '198.51.100.64/26', '8.8.4.4'],
      reason: 'seen by the neighbour',
      until: null,
      dryRun: false,
    })
    assert.deepEqual(
      blocked.results.map(({ outcome }) => outcome),
      ['done', 'done', 'refused'],
    )
    await until(
      'both are listed',
      async () => (await service.list()).length === 2 && (await service.list())[0] === '198.51.100.40',
    )

    await control.call('removeBlocks', { targets: ['198.51.100.64/26'], reason: 'mistake', dryRun: false })
    await until('it is lifted', async () => !(await service.list()).includes('198.51.100.64/26'))

    await control.call('setFreeze', { frozen: true, reason: 'change window' })
    await service.sendUdp(scan('198.51.100.41', 11))
    await until('it is held', async () => (await control.call('status', {})).decisions.held === 1)
    assert.deepEqual(await service.list(), ['198.51.100.40'])
    await control.call('setFreeze', { frozen: false, reason: 'done' })
    await control.call('releaseHeld', { targets: ['198.51.100.41'], reason: 'looked at it', dryRun: false })
    await until('it is released', async () => (await service.list()).includes('198.51.100.41'))

    await control.call('setEngine', { action: 'off', reason: 'maintenance' })
    await service.sendUdp(scan('198.51.100.42', 11))
    await until(
      'lines are stored while the engine is off',
      async () => (await service.stored("sourceAddress = '198.51.100.42'")) === 11,
    )
    assert.ok(!(await service.list()).includes('198.51.100.42'))
    await control.call('setEngine', { action: 'on', reason: 'done' })

    const preview = await control.call('withdraw', {
      rule: 'port-scan',
      reason: 'wrong threshold',
      dryRun: true,
    })
    assert.deepEqual([preview.count, (await service.list()).length], [1, 2])
    await control.call('withdraw', { rule: 'port-scan', reason: 'wrong threshold', dryRun: false })
    await until('withdrawn', async () => (await service.list()).length === 1)
    await control.call('addAllow', {
      targets: ['198.51.100.40'],
      reason: 'a partner',
      until: null,
      dryRun: false,
    })
    await until('allow wins over a manual block', async () => (await service.list())[0] === '192.0.2.255')
    const audit = await service.app.parts.state?.verifyAudit()
    assert.ok(audit?.ok === true && audit.rows >= 10, JSON.stringify(audit))
  })

  test('what was blocked is listed after a restart, and a scan under way is not forgotten', async (t) => {
    const first = await startService(t)
    await first.sendUdp([...scan('198.51.100.50', 11), ...scan('198.51.100.51', 10)])
    await until('listed', async () => (await first.list())[0] === '198.51.100.50')
    await until('stored', async () => (await first.stored()) === 21)
    await first.stop()

    const second = await startService(t, { folder: first.folder })
    assert.deepEqual(await second.list(), ['198.51.100.50'])
    await second.sendUdp([customLine({ source: '198.51.100.51', port: 2000 })])
    await until('its eleventh port convicts', async () => (await second.list()).includes('198.51.100.51'))
  })

  test('a second service on the same data folder is refused with a clear line', async (t) => {
    const service = await startService(t)
    await assert.rejects(
      startService(t, { folder: service.folder }),
      /another service \(process \d+\) is running/,
    )
    assert.deepEqual(await service.list(), ['192.0.2.255'])
  })

  test('the state file removed while running: the list goes on, an alarm tells, and the next start says what happened', async (t) => {
    const service = await startService(t)
    await service.sendUdp(scan('198.51.100.60', 11))
    await until('listed', async () => (await service.list())[0] === '198.51.100.60')
    const data = join(service.folder, 'data')
    for (const name of ['state.sqlite', 'state.sqlite-wal', 'state.sqlite-shm'])
      await rm(join(data, name), { force: true })
    await service.sendUdp(scan('198.51.100.61', 11))
    await until('detection goes on', async () => (await service.list()).includes('198.51.100.61'))
    await until('an alarm stands', async () =>
      (await service.control.call('status', {})).findings.some(({ code }) => code.startsWith('state')),
    )
    assert.ok((await service.list()).includes('198.51.100.60'))
    await service.stop()
  })

  test('a lost state and a last list: the blocks are taken over and it is said', async (t) => {
    const first = await startService(t)
    await first.sendUdp(scan('198.51.100.70', 11))
    await until('listed', async () => (await first.list())[0] === '198.51.100.70')
    await first.stop()
    const data = join(first.folder, 'data')
    for (const name of ['state.sqlite', 'state.sqlite-wal', 'state.sqlite-shm'])
      await rm(join(data, name), { force: true })
    const second = await startService(t, { folder: first.folder })
    assert.deepEqual(await second.list(), ['198.51.100.70'])
    assert.match(second.said.join('\n'), /state was lost: 1 of 1 entries/)
  })
})
