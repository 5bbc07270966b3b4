/**
 * Attacks on decisions, with the real service and its log store (RELIABILITY.md 4.6): forged sources, floods, an
 * attacker on the allowlist, a firewall that turns out to be compromised; and `explain` of what became of each.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { startChild, storedRecords } from './child-service.ts'
import { customLine, scan, type Service, startService, temporaryFolder, until } from './harness.ts'

/** A session of ours with bytes both ways, as FortiGate reports it. */
function session(from: string, to: string, port: number, more = ''): string {
  const [date, time] = new Date().toISOString().slice(0, 19).split('T')
  return `<189>date=${date} time=${time} devname="edge-fw-1" devid="FG1" tz="+0000" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" srcip=${from} srcport=40001 srcintf="lan" dstip=${to} dstport=${port} dstintf="wan" sessionid=7 proto=6 action="close" policyid=4 policyname="out" service="HTTPS" duration=5 sentbyte=930 rcvdbyte=6832 sentpkt=11 rcvdpkt=19${more}`
}

/** Lines that differ in their source alone; made of one, since times of many are slow to write. */
function linesOf(
  count: number,
  fields: Omit<Parameters<typeof customLine>[0], 'source'>,
  source: (i: number) => string,
): string[] {
  const line = customLine({ ...fields, source: 'SOURCE' })
  return Array.from({ length: count }, (_, i) => line.replace('SOURCE', source(i)))
}

async function stored(service: Service, records: number): Promise<void> {
  await until(`${records} records are stored`, async () => (await service.stored()) >= records)
}

async function held(service: Service): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const block of service.control.rows('listBlocks', { mode: 'hold' })) {
    found.set(block.target, block.reason)
  }
  return found
}

describe('forged sources', () => {
  test('A06: a resolver, ourselves, an administrator and a partner are not blocked for what others forge', async (t) => {
    const service = await startService(t)
    service.app.parts.signedIn.add('a session', '198.51.100.61')
    await peersComplete(service)
    await service.sendUdp([session('10.0.0.5', '198.51.100.60', 443)])
    await stored(service, 1)
    const forged = ['8.8.8.8', '203.0.113.77', '198.51.100.61', '198.51.100.60', '198.51.100.62']
    await service.sendUdp(forged.flatMap((source) => scan(source, 11)))
    await until('the one nobody knows is listed', async () =>
      (await service.list()).includes('198.51.100.62'),
    )
    await until('the partner waits for review', async () => (await held(service)).size === 1)
    assert.deepEqual(await service.list(), ['198.51.100.62'])
    const [[target, reason] = []] = await held(service)
    assert.equal(target, '198.51.100.60')
    assert.match(
      reason ?? '',
      /known peer \(sessions that we began with it carried bytes both ways on 1 of the last 30 days, last at 20/,
    )

    await stored(service, 56)
    const told = async (address: string): Promise<string> =>
      (await service.control.call('explain', { address })).sentences.join('\n')
    assert.match(await told('8.8.8.8'), /is never blocked: it is Google Public DNS/)
    assert.match(await told('203.0.113.77'), /one of your own networks/)
    assert.match(await told('198.51.100.61'), /the address of a signed-in administrator/)
    assert.match(await told('198.51.100.60'), /It is a known peer: sessions that we began/)
    assert.match(await told('198.51.100.62'), /It is no known peer: no session with it was completed/)

    const { detector } = await service.control.call('status', {})
    assert.equal(detector['sparedKnownPeers'], 1)
    assert.equal(detector['sparedAdministrators'], 1)
  })

  test('A06: a partner is blocked all the same when a session proves his scan', async (t) => {
    const service = await startService(t)
    await peersComplete(service)
    await service.sendUdp([session('10.0.0.5', '198.51.100.60', 443)])
    await stored(service, 1)
    const into = Array.from({ length: 11 }, (_, i) => session('198.51.100.60', '203.0.113.10', 2000 + i))
    await service.sendUdp(into)
    await until('he is listed', async () => (await service.list()).includes('198.51.100.60'))
    const { sentences } = await service.control.call('explain', { address: '198.51.100.60' })
    assert.match(sentences.join('\n'), /is a known peer .* and is blocked all the same/)
  })

  test('sessions of a source with our server make it a peer only from the third day on', async (t) => {
    const service = await startService(t)
    const came = async (days: number): Promise<void> => {
      const client = service.app.parts.logs?.client
      for (let day = 0; day < days; day++)
        await client?.command(
          `INSERT INTO logs (eventTime, receivedAt, segment, position, category, disposition, protocol, sourceAddress, destinationAddress, bytesSent, bytesReceived)
           SELECT now64(3), now64(3) - INTERVAL {day:UInt32} DAY, generateUUIDv4(), 0, 'traffic', 'allowed', 'tcp', toIPv6('198.51.100.7'), toIPv6('203.0.113.10'), 100, 200`,
          { day },
        )
    }
    await peersComplete(service)
    await came(2)
    const network = { words: [0, 0, 0xffff, 0xc6336407], prefixLength: 128 } as const
    assert.match((await service.app.parts.peers.noteOf(network)).why, /on 2 days only/)
    await came(3)
    const fresh = await startPeers(service)
    const note = await fresh.noteOf(network)
    assert.equal(note.isPeer, true)
    assert.match(note.why, /^its sessions carried bytes both ways on 3 of the last 30 days, last at 20/)
  })

  test('A07: a hundred thousand forged sources move the list by the brake and no more, and a person is told', async (t) => {
    const service = await startService(t, { sets: ['detection.hostSweep.addresses=1'] })
    const forged = (n: number): string => `20.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
    for (let from = 0; from < 100_000; from += 10_000)
      await service.appendFile(
        'flood-fw',
        linesOf(10_000, { port: 445 }, (i) => forged(from + i)),
      )
    await until('all of it is stored', async () => (await service.stored()) === 100_000, 60_000)
    await until(
      'the brake holds',
      async () => (await service.control.call('status', {})).decisions.held >= 1000,
      30_000,
    )
    assert.ok((await service.list()).length <= 200)
    const { detector, decisions, findings } = await service.control.call('status', {})
    assert.ok(decisions.held <= 20_000)
    assert.ok(findings.some(({ code }) => code === 'brake'))
    assert.ok((detector['hostSweepKeys'] ?? 0) <= 5_000_000)
    assert.equal((await service.get('/healthz')).status, 200)
  })
})

describe('trust that was misplaced', () => {
  test('A09: what a compromised firewall brought about is withdrawn at once, and nothing else', async (t) => {
    const service = await startService(t, { sets: ['decisions.maxPerMinute=100000'] })
    await service.sendUdp(scan('198.51.100.62', 11, { device: 'good-fw' }))
    await until('the real scanner is listed', async () => (await service.list()).includes('198.51.100.62'))
    const threat = { port: 443, type: 'THREAT', device: 'evil-fw' }
    const threats = linesOf(10_000, threat, (n) => `20.1.${n >> 8}.${n & 255}`)
    await service.appendFile('evil-fw', threats)
    await until('all are listed', async () => (await service.list()).length === 10_001, 30_000)
    const { count } = await service.control.call('withdraw', {
      device: 'evil-fw',
      reason: 'it was taken over',
      dryRun: false,
    })
    assert.equal(count, 10_000)
    await until('the list is what it was', async () => (await service.list()).length === 1, 5000)
    assert.deepEqual(await service.list(), ['198.51.100.62'])
  })

  test('A16: who is on the allowlist and attacks is not blocked, and it is told', async (t) => {
    const service = await startService(t)
    await service.control.call('addAllow', {
      targets: ['198.51.100.30'],
      reason: 'our scanner service',
      until: null,
      dryRun: false,
    })
    await service.sendUdp([...scan('198.51.100.30', 11), ...scan('198.51.100.62', 11)])
    await until('the other is listed', async () => (await service.list()).includes('198.51.100.62'))
    await until('it is told', async () => {
      const { findings } = await service.control.call('status', {})
      return findings.some(
        ({ code, message }) => code === 'allowed-attacker' && message.includes('198.51.100.30'),
      )
    })
    assert.deepEqual(await service.list(), ['198.51.100.62'])
    const { sentences } = await service.control.call('explain', { address: '198.51.100.30' })
    assert.match(sentences.join('\n'), /a block was refused: .*our scanner service/)
  })
})

describe('a restart in the middle of a window', () => {
  test('A18: fourteen of fifteen ports before a kill -9 and two after it convict', async (t) => {
    const dataFolder = join(await temporaryFolder(t), 'data')
    const sets = ['detection.portScan.ports=15']
    const line = (port: number): string => customLine({ source: '198.51.100.90', port })
    let service = await startChild(t, { dataFolder, sets })
    await service.ready()
    const send = async (lines: readonly string[]): Promise<void> => {
      const socket = connect(await service.portOf('tcp'), '127.0.0.1')
      await once(socket, 'connect')
      socket.end(lines.map((text) => `${text}\n`).join(''))
      socket.resume()
      await once(socket, 'close')
    }
    await send(Array.from({ length: 14 }, (_, i) => line(1000 + i)))
    await until('stored', async () => (await storedRecords(dataFolder)) === 14, 30_000)
    await service.end('SIGKILL')
    service = await startChild(t, { dataFolder, sets })
    await service.ready()
    await send([line(1014)])
    await until('stored', async () => (await storedRecords(dataFolder)) === 15, 30_000)
    assert.deepEqual(await service.list(), ['192.0.2.255'])
    await send([line(1015)])
    await until('he is listed', async () => (await service.list()).includes('198.51.100.90'))
    const { sentences } = await service.control.call('explain', { address: '198.51.100.90' })
    assert.match(sentences.join('\n'), /reached 16 ports/)
  })
})

describe('explain', () => {
  test('a line and a stored record go through all stages, with what rules had counted then', async (t) => {
    const service = await startService(t, {
      sets: ['detection.exceptions=[{rule: host-sweep, port: 1003, reason: "load test"}]'],
    })
    const source = '198.51.100.40'
    await service.sendUdp(scan(source, 7))
    await stored(service, 7)
    const line = customLine({ source, port: 5000 })
    const told = await service.control.call('explainLine', { line })
    assert.equal(told.understood, true)
    assert.equal(told.counts, true)
    assert.equal(told.reason, 'inbound')
    assert.ok(told.guards.every(({ outcome }) => outcome === 'passed'))
    const portScan = told.rules.find(({ rule }) => rule === 'port-scan')
    assert.deepEqual(
      [portScan?.what, portScan?.count, portScan?.threshold, portScan?.fires],
      ['ports of 203.0.113.10', 8, 10, 'more'],
    )
    assert.match(
      told.sentences.join('\n'),
      /Rule port-scan counted 8 ports of 203\.0\.113\.10 within 10 minutes; more than 10 fire\./,
    )
    assert.equal(told.explanation?.verdict, 'not-blocked')

    const [row] =
      (await service.app.parts.logs?.client.rows<{ id: string }>(
        "SELECT concat(toString(segment), ':', toString(position)) AS id FROM logs WHERE destinationPort = 1003",
      )) ?? []
    const record = await service.control.call('explainLine', { record: row?.id ?? '' })
    assert.equal(record.fields['destinationPort'], 1003)
    assert.deepEqual(
      record.exceptions.map(({ number, reason }) => [number, reason]),
      [[1, 'load test']],
    )
    assert.match(
      record.sentences.join('\n'),
      /Exception 1 \(port 1003\) takes it out of host-sweep: load test\./,
    )
    await assert.rejects(
      service.control.call('explainLine', { record: '01890a5d-ac96-774b-bcce-b302099a8057:7' }),
      /there is no stored record/,
    )
    const now = await service.control.call('explain', { address: source })
    assert.equal(now.counts.find(({ rule }) => rule === 'port-scan')?.count, 7)
    assert.equal(now.exceptions[0]?.records, 1)
    assert.match(now.sentences.join('\n'), /Rule port-scan counts 7 ports/)
  })

  test('a line that a guard stops, one that cannot be read, and one of a device hours off say so', async (t) => {
    const service = await startService(t)
    const late = await service.control.call('explainLine', {
      line: customLine({ source: '198.51.100.41', sourcePort: 443, port: 50_000 }),
    })
    assert.equal(late.counts, false)
    assert.match(
      late.sentences.join('\n'),
      /The guard "late replies" stopped it: it has the ports of a late reply/,
    )
    const broken = await service.control.call('explainLine', { line: 'no firewall says this' })
    assert.equal(broken.understood, false)
    assert.match(broken.sentences[0] ?? '', /could not be read/)
    assert.match(broken.sentences.join('\n'), /no source address/)
    const injected = await service.control.call('explainLine', {
      line: customLine({ source: '198.51.100.42', port: 22, user: 'x; SrcIP=8.8.8.8; Severity=critical' }),
    })
    assert.equal(injected.reason, 'ambiguous')
    assert.ok(injected.flags.includes('ambiguous'))
    const old = await service.control.call('explainLine', {
      line: customLine({ source: '198.51.100.43', port: 22, atMs: Date.now() - 48 * 3_600_000 }),
    })
    assert.equal(old.reason, 'tooOld')
    const future = await service.control.call('explainLine', {
      line: customLine({ source: '198.51.100.43', port: 22, atMs: Date.now() + 3_600_000 }),
    })
    assert.equal(future.reason, 'ahead')
    await service.sendUdp(scan('198.51.100.44', 3))
    await stored(service, 3)
    const tooLate = await service.control.call('explainLine', {
      line: customLine({ source: '198.51.100.44', port: 22, atMs: Date.now() - 1_200_000 }),
    })
    assert.equal(tooLate.counts, true)
    assert.match(
      tooLate.sentences.join('\n'),
      /It came too late for rule port-scan \(ports of 203\.0\.113\.10\)/,
    )
  })
})

/** The table of peers knows the last 30 days. */
async function peersComplete({ app }: Service): Promise<void> {
  const least = (): number => app.parts.clock.nowMs() - 29 * 86_400_000
  await until(
    'the table of peers is filled',
    () => (app.parts.logs?.peers.completeSinceMs ?? Number.POSITIVE_INFINITY) <= least(),
  )
}

/** Known peers without the answers that the service keeps. */
async function startPeers(service: Service): Promise<Service['app']['parts']['peers']> {
  const { KnownPeers } = await import('../../src/app/known-peers.ts')
  const { parts } = service.app
  return new KnownPeers({
    clock: parts.clock,
    ask: (sql, parameters, signal) => parts.logs?.client.rows(sql, parameters, signal) ?? null,
    completeSinceMs: () => parts.logs?.peers.completeSinceMs ?? null,
    report: (reason) => assert.fail(reason),
  })
}
