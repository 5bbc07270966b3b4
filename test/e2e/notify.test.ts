/** A scan makes a block, and whoever wants to know is told: by mail with its evidence, by webhook, by the SIEM. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import type { TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { atEnd, customLine, scan, startService, temporaryFolder, until } from './harness.ts'

async function startMailServer(t: TestContext): Promise<{ port: number; mails: string[] }> {
  const mails: string[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        mails.push(Buffer.concat(chunks).toString('utf8'))
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  atEnd(t, () => new Promise<void>((resolve) => server.close(() => resolve())))
  return { port: (server.server.address() as AddressInfo).port, mails }
}

const mailSets = (port: number): string[] => [
  'smtp.host=127.0.0.1',
  `smtp.port=${port}`,
  'smtp.security=none',
  'smtp.from=ads@example.com',
]

/** Alarms of this machine would come between. */
const RECIPIENT: { reason: string; topics: ('block' | 'lift')[] } = {
  reason: 'test',
  topics: ['block', 'lift'],
}

describe('notifications', () => {
  test('a scan makes a block, and a mail arrives with rule, numbers, our address, country and lines', async (t) => {
    const { port, mails } = await startMailServer(t)
    const service = await startService(t, { sets: mailSets(port) })
    const added = await service.control.call('addRecipient', {
      id: 'soc',
      to: { channel: 'mail', address: 'soc@example.com' },
      ...RECIPIENT,
    })
    assert.equal(added.to, 'soc@example.com')
    await service.sendUdp(scan('198.51.100.7', 11))
    await until('a mail has come', () => mails.length > 0)
    const mail = mails[0] ?? ''
    const head = mail.slice(0, mail.indexOf('\r\n\r\n'))
    const body = decoded(mail)
    assert.match(head, /^Subject: \[Active Defense\] 198\.51\.100\.7 blocked \(port-scan\)\r?$/m)
    assert.match(head, /^To: soc@example\.com\r?$/m)
    assert.match(body, /It reached 11 ports of 203\.0\.113\.10 within 10 minutes \(more than 10 allowed\)/)
    assert.match(body, /Our addresses reached: 203\.0\.113\.10/)
    assert.match(body, /Country and network: Testland/)
    assert.match(body, /Name in the older system: Port Scan Attack v1/)
    assert.match(body, /SrcIP=198\.51\.100\.7/)
    assert.match(body, /https:\/\/127\.0\.0\.1:\d+\/ip\/198\.51\.100\.7/)

    await until('the delivery is in the log', async () => {
      for await (const delivery of service.control.rows('listDeliveries', { recipient: 'soc' }))
        if (delivery.outcome === 'delivered' && delivery.what === '1 new block') return true
      return false
    })
    const sent = await service.control.call('testRecipient', { id: 'soc' })
    assert.equal(sent.outcome, 'delivered')
    await until('the test mail has come', () => mails.length === 2)
  })

  test('hostile log text stays in the text of the mail: no header, no address, no mark-up of it', async (t) => {
    const { port, mails } = await startMailServer(t)
    const service = await startService(t, { sets: mailSets(port) })
    await service.control.call('addRecipient', {
      id: 'soc',
      to: { channel: 'mail', address: 'soc@example.com' },
      digestMinutes: 0,
      ...RECIPIENT,
    })
    const user = 'x\u202e<script>alert(1)</script>\r\nBcc: evil@example.net'
    await service.sendUdp(
      Array.from({ length: 11 }, (_, i) => customLine({ source: '198.51.100.8', port: 2000 + i, user })),
    )
    await until('a mail has come', () => mails.length > 0)
    const mail = mails[0] ?? ''
    assert.doesNotMatch(mail.slice(0, mail.indexOf('\r\n\r\n')), /evil|script/i)
    const body = decoded(mail)
    assert.doesNotMatch(body, /^Bcc:/im)
    assert.doesNotMatch(body, /\u202e/)
    assert.match(plainOf(body), /\\u\{202e\}<script>/, 'plain text shows it as it is, made visible')
    assert.doesNotMatch(htmlOf(body), /<script/)
    assert.match(htmlOf(body), /&lt;script&gt;/)
  })

  test('what waits at the end of the service goes out after the next start; a lift by a person is told', async (t) => {
    const { port, mails } = await startMailServer(t)
    const folder = await temporaryFolder(t)
    const away = mailSets(port).map((set) => (set.startsWith('smtp.port') ? 'smtp.port=9' : set))
    const first = await startService(t, { folder, sets: away })
    await first.control.call('addRecipient', {
      id: 'soc',
      to: { channel: 'mail', address: 'soc@example.com' },
      ...RECIPIENT,
    })
    await first.control.call('addBlocks', {
      targets: ['198.51.100.9'],
      reason: 'seen at a partner',
      until: null,
      dryRun: false,
    })
    await first.control.call('removeBlocks', {
      targets: ['198.51.100.9'],
      reason: 'a mistake',
      dryRun: false,
    })
    await until('both wait', async () => {
      for await (const view of first.control.rows('listRecipients', {}))
        return view.waiting === 2 || view.failures > 0
      return false
    })
    await first.stop()
    assert.equal(mails.length, 0)

    const second = await startService(t, { folder, sets: mailSets(port) })
    assert.equal((await second.control.call('testRecipient', { id: 'soc' })).outcome, 'delivered')
    await until('what waited has come', () => mails.length === 2)
    const body = decoded(mails[1] ?? '')
    assert.match(body, /198\.51\.100\.9 blocked by tester/)
    assert.match(body, /seen at a partner/)
    assert.match(body, /198\.51\.100\.9 lifted by tester/)
  })

  test('a webhook to a private address is refused unless a setting names it; its key is never told', async (t) => {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString('utf8'))
        response.end('ok')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    atEnd(t, () => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token-in-the-path`
    const service = await startService(t)
    const to = { channel: 'webhook', format: 'json', url, secret: 'a secret of the webhook' } as const
    const added = await service.control.call('addRecipient', { id: 'soar', to, ...RECIPIENT })
    assert.doesNotMatch(JSON.stringify(added), /token-in-the-path|a secret/)
    const refused = await service.control.call('testRecipient', { id: 'soar' })
    assert.equal(refused.outcome, 'given-up')
    assert.match(refused.message, /not public: loopback/)
    assert.equal(bodies.length, 0)

    const changes = { 'notify.privateTargets': '127.0.0.0/8' }
    await service.control.call('changeSettings', { changes, reason: 'our own' })
    assert.equal((await service.control.call('testRecipient', { id: 'soar' })).outcome, 'delivered')
    await service.sendUdp(scan('198.51.100.10', 11))
    await until('the block has come', () => bodies.length === 2)
    assert.match(bodies[1] ?? '', /"topic":"block".*"target":"198\.51\.100\.10"/)

    const audit = (await service.app.parts.state?.audit({ limit: 100 })) ?? []
    assert.ok(audit.some(({ action }) => action === 'notify.add'))
    assert.doesNotMatch(JSON.stringify(audit), /token-in-the-path|a secret of/)
  })
})

/** The parts of a mail in plain text, whatever their transfer encoding. */
function decoded(mail: string): string {
  return mail
    .split(/\r\n--[^\r\n]+(?:\r\n|$)/)
    .map((part) => {
      const cut = part.indexOf('\r\n\r\n')
      const [head, body] = [part.slice(0, cut), part.slice(cut + 4)]
      if (/transfer-encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8')
      if (!/transfer-encoding: quoted-printable/i.test(head)) return body
      const bytes = body
        .replace(/=\r\n/g, '')
        .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      return Buffer.from(bytes, 'latin1').toString('utf8')
    })
    .join('\n')
}

const htmlOf = (body: string): string => body.slice(body.indexOf('<!doctype html>'))
const plainOf = (body: string): string => body.slice(0, body.indexOf('<!doctype html>'))
