/** Against the real SMTP server of npm `smtp-server`, on loopback, under a certificate of an authority made here. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { certificateNames } from '../machine-names.ts'
import { issueLeaf, type KeyedCertificate, makeAuthority } from '../made-certificate.ts'
import { type MailServer, sendMail } from './mail.ts'
import { batchOf, noticeOf } from './notice-fixture.ts'

const TO = { address: 'soc@example.com', lines: 10, timeZone: 'UTC' }
const folder = mkdtempSync(join(tmpdir(), 'ads-mail-'))
let authority: KeyedCertificate
let leaf: KeyedCertificate

before(async () => {
  const nowMs = Date.now()
  authority = await makeAuthority('test', nowMs)
  leaf = await issueLeaf(authority, certificateNames(['127.0.0.1', 'localhost']), nowMs)
  writeFileSync(join(folder, 'ca.pem'), authority.cert)
})
after(() => rmSync(folder, { recursive: true, force: true }))

interface Arrived {
  readonly text: string
  readonly from: string
  readonly to: readonly string[]
  readonly isSecure: boolean
  readonly user: string | undefined
}

async function start(
  t: TestContext,
  options: SMTPServerOptions,
): Promise<{ server: MailServer; arrived: Arrived[] }> {
  const arrived: Arrived[] = []
  const smtp = new SMTPServer({
    cert: leaf.cert,
    key: leaf.key,
    authOptional: true,
    onAuth: ({ username, password }, _, done) => {
      if (username === 'ads' && password === 'pässword') done(null, { user: username })
      else done(new Error('bad name or password'))
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        arrived.push({
          text: Buffer.concat(chunks).toString('utf8'),
          from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          isSecure: session.secure,
          user: session.user,
        })
        done()
      })
    },
    ...options,
  })
  smtp.on('error', () => {}) // a client that breaks off is what is tested
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', () => resolve()))
  t.after(() => new Promise<void>((resolve) => smtp.close(() => resolve())))
  const server: MailServer = {
    host: '127.0.0.1',
    port: (smtp.server.address() as AddressInfo).port,
    security: 'starttls',
    user: '',
    password: '',
    from: 'ads@example.com',
    caPath: join(folder, 'ca.pem'),
    timeoutMs: 5000,
  }
  return { server, arrived }
}

const batch = batchOf([noticeOf()])

describe('mail', () => {
  test('goes by STARTTLS and by TLS, with name and password, to one recipient', async (t) => {
    const ways = [
      { security: 'starttls', options: {} },
      { security: 'tls', options: { secure: true } },
    ] as const
    for (const { security, options } of ways) {
      const { server, arrived } = await start(t, options)
      const result = await sendMail({ ...server, security, user: 'ads', password: 'pässword' }, TO, batch)
      assert.deepEqual([security, result.ok], [security, true])
      const [mail] = arrived
      assert.ok(mail)
      assert.deepEqual(
        [mail.from, mail.to, mail.isSecure, mail.user],
        ['ads@example.com', ['soc@example.com'], true, 'ads'],
      )
      assert.match(mail.text, /^Auto-Submitted: auto-generated\r$/m)
      assert.match(mail.text, /^Content-Type: multipart\/alternative/m)
      assert.match(mail.text, /^Message-ID: <01996c3e-0000-7000-8000-000000000001@example\.com>\r$/m)
    }
  })

  test('a server without STARTTLS gets nothing where it is asked for, and never a password', async (t) => {
    const { server, arrived } = await start(t, { disabledCommands: ['STARTTLS'], hideSTARTTLS: true })
    const isRefused = async (changes: Partial<MailServer>): Promise<boolean> => {
      const result = await sendMail({ ...server, ...changes }, TO, batch)
      return !result.ok && !result.isPermanent
    }
    assert.ok(await isRefused({ security: 'starttls' }))
    assert.ok(await isRefused({ security: 'starttls-if-offered', user: 'ads', password: 'pässword' }))
    assert.ok(await isRefused({ security: 'none', user: 'ads', password: 'pässword' }))
    assert.equal(arrived.length, 0)
    assert.equal((await sendMail({ ...server, security: 'starttls-if-offered' }, TO, batch)).ok, true)
    assert.equal((await sendMail({ ...server, security: 'none' }, TO, batch)).ok, true)
    assert.deepEqual(
      arrived.map(({ isSecure }) => isSecure),
      [false, false],
    )
  })

  test('a certificate of an authority that is not trusted is refused', async (t) => {
    const { server, arrived } = await start(t, {})
    const result = await sendMail({ ...server, caPath: '' }, TO, batch)
    assert.equal(result.ok, false)
    assert.match(result.ok ? '' : result.reason, /certificate/)
    assert.equal(arrived.length, 0)
  })

  test('a wrong password is told, is not permanent, and is not in the reason', async (t) => {
    const { server } = await start(t, {})
    const result = await sendMail({ ...server, user: 'ads', password: 'wrong-word' }, TO, batch)
    assert.ok(!result.ok && !result.isPermanent)
    assert.match(result.reason, /does not accept smtp\.user and smtp\.password/)
    assert.doesNotMatch(result.reason, /wrong-word/)
  })

  test('a code of 4xx may pass, one of 5xx for the recipient or the message is for good', async (t) => {
    const refuse = (code: number): Error =>
      Object.assign(new Error('not\r\nnow \u202e'), { responseCode: code })
    const codes = { soft: 451, hard: 550 }
    for (const [word, code] of Object.entries(codes)) {
      const { server } = await start(t, { onRcptTo: (_, __, done) => done(refuse(code)) })
      const result = await sendMail(server, TO, batch)
      assert.ok(!result.ok)
      assert.equal(result.isPermanent, word === 'hard')
      assert.match(result.reason, new RegExp(String(code)))
      assert.doesNotMatch(result.reason, /[\r\n\u202e]/)
    }
    const { server } = await start(t, {
      onData: (stream, _, done) => {
        stream.resume()
        stream.on('end', () => done(refuse(554)))
      },
    })
    const result = await sendMail(server, TO, batch)
    assert.ok(!result.ok && result.isPermanent)
  })

  test('a server that says nothing is given up, and one that is not there too', async (t) => {
    const { server } = await start(t, { onConnect: () => {} })
    const slow = await sendMail({ ...server, timeoutMs: 100 }, TO, batch)
    assert.ok(!slow.ok && !slow.isPermanent)
    const absent = await sendMail({ ...server, port: 9 }, TO, batch)
    assert.ok(!absent.ok && !absent.isPermanent)
    const unset = await sendMail({ ...server, host: '' }, TO, batch)
    assert.match(unset.ok ? '' : unset.reason, /smtp\.host is not set/)
  })

  test('no text of a log line makes a header or another recipient', async (t) => {
    const { server, arrived } = await start(t, {})
    const hostile = 'x\r\nBcc: evil@example.net\r\n\r\n<script>\u202e'
    const notice = noticeOf({
      title: hostile + 'y'.repeat(10_000),
      sentences: [hostile],
      facts: [[hostile, hostile]],
      lines: [`${hostile}\r\n.\r\nMAIL FROM:<evil@example.net>`],
      link: null,
    })
    assert.equal((await sendMail(server, TO, batchOf([notice]))).ok, true)
    const [mail] = arrived
    assert.ok(mail)
    assert.equal(arrived.length, 1)
    assert.deepEqual(mail.to, ['soc@example.com'])
    const head = mail.text.slice(0, mail.text.indexOf('\r\n\r\n'))
    assert.deepEqual(
      [...head.matchAll(/^([\w-]+):/gm)].map(([, name = '']) => name.toLowerCase()).toSorted(),
      [
        'auto-submitted',
        'content-type',
        'date',
        'from',
        'message-id',
        'mime-version',
        'subject',
        'to',
        'x-auto-response-suppress',
      ],
    )
    assert.doesNotMatch(mail.text, /^Bcc:/m)
  })
})
