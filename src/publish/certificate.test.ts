import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { connect } from 'node:tls'
import { ManualClock } from '../lib/clock.ts'
import { AppError } from '../lib/errors.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { type CertificateOptions, ServerCertificate } from './certificate.ts'
import { certificateNames, dnsNameOf, fullNames } from './machine-names.ts'
import { DAY_MS, issueLeaf, makeAuthority } from './made-certificate.ts'
import type { ServedCertificate } from './own-certificate.ts'

// TLS itself looks at the real clock, so certificates that are tried on a socket are made for today.
const TODAY_MS = Math.floor(performance.timeOrigin)
const NAMES = certificateNames(['localhost', '127.0.0.1'])

async function fixture(context: TestContext, options: Partial<CertificateOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const clock = new ManualClock(TODAY_MS)
  const alarms = new Alarms({ clock })
  const served: ServedCertificate[] = []
  let machine = certificateNames(['fw-log', 'localhost', '127.0.0.1', '::1', '192.0.2.10', '2001:db8::10'])
  const make = (more: Partial<CertificateOptions> = {}): ServerCertificate =>
    new ServerCertificate({
      folder: join(folder, 'certificates'),
      names: ['list.example.org', '203.0.113.5'],
      certPath: '',
      keyPath: '',
      clock,
      alarms,
      onChange: (certificate) => served.push(certificate),
      machine: async () => machine,
      checkEveryMs: 0,
      ...options,
      ...more,
    })
  return {
    folder,
    clock,
    alarms,
    served,
    make,
    setMachine: (...texts: string[]) => {
      machine = certificateNames(texts)
    },
    codes: () => alarms.active().map((alarm) => alarm.code),
  }
}

function leafOf(certificate: ServedCertificate): X509Certificate {
  return new X509Certificate(certificate.cert)
}

/** Connects as a firewall with a certificate profile would; the error, or null when the chain and name are right. */
async function handshake(
  certificate: ServedCertificate,
  host: string,
  name: string,
  ca: string,
): Promise<string | null> {
  const server = createServer({ cert: certificate.cert, key: certificate.key, minVersion: 'TLSv1.2' })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const bound = server.address()
  assert.ok(bound !== null && typeof bound === 'object')
  try {
    return await new Promise<string | null>((resolve) => {
      const isName = name === 'localhost'
      const socket = connect({ host, port: bound.port, ca, ...(isName ? { servername: name } : {}) }, () => {
        resolve(null)
        socket.destroy()
      })
      socket.on('error', (error) => resolve(error.message))
    })
  } finally {
    server.close()
  }
}

describe('the certificate that we make', () => {
  test('is trusted for localhost and 127.0.0.1 by whoever trusts our authority, and by nobody else', async (context) => {
    const { make } = await fixture(context)
    const certificate = make()
    await certificate.start()
    const ca = certificate.authorityPem() ?? ''
    assert.equal(await handshake(certificate.served, '127.0.0.1', 'localhost', ca), null)
    assert.equal(await handshake(certificate.served, '127.0.0.1', '127.0.0.1', ca), null)
    const other = await makeAuthority('other', TODAY_MS)
    assert.notEqual(await handshake(certificate.served, '127.0.0.1', 'localhost', other.cert), null)
  })

  test('holds the given names, those of the machine, and loopback, for 397 days at most under a 10-year authority', async (context) => {
    const { make } = await fixture(context)
    const certificate = make()
    await certificate.start()
    const leaf = leafOf(certificate.served)
    for (const name of ['list.example.org', 'fw-log', 'localhost']) assert.equal(leaf.checkHost(name), name)
    for (const address of ['203.0.113.5', '192.0.2.10', '2001:db8::10', '127.0.0.1', '::1']) {
      assert.equal(leaf.checkIP(address), address)
    }
    assert.equal(leaf.checkIP('192.0.2.11'), undefined)
    const lifeMs = leaf.validToDate.getTime() - leaf.validFromDate.getTime()
    assert.ok(lifeMs <= 397 * DAY_MS && lifeMs > 390 * DAY_MS)
    assert.equal(leaf.ca, false)
    const authority = new X509Certificate(certificate.authorityPem() ?? '')
    assert.equal(authority.ca, true)
    assert.equal(Math.round((authority.validToDate.getTime() - TODAY_MS) / DAY_MS / 365.25), 10)
    // The chain served is whole.
    assert.equal(certificate.served.cert.match(/BEGIN CERTIFICATE/g)?.length, 2)
    assert.ok(leaf.verify(authority.publicKey))
  })

  test('is kept over a restart, with keys that only the owner can read', async (context) => {
    const { make, folder } = await fixture(context)
    const first = make()
    await first.start()
    const second = make()
    await second.start()
    assert.equal(second.served.fingerprint, first.served.fingerprint)
    for (const name of ['ca.key', 'server.key']) {
      assert.equal((await stat(join(folder, 'certificates', name))).mode & 0o777, 0o600)
    }
    assert.equal((await stat(join(folder, 'certificates'))).mode & 0o777, 0o700)
  })

  test('is renewed 30 days before its end, under the same authority, and told to the listeners', async (context) => {
    const { make, clock, served, codes } = await fixture(context)
    const certificate = make()
    await certificate.start()
    const first = certificate.served
    const authority = certificate.authorityPem()
    clock.set(first.notAfterMs - 31 * DAY_MS)
    await certificate.check()
    assert.equal(served.length, 1)
    clock.set(first.notAfterMs - 29 * DAY_MS)
    await certificate.check()
    assert.equal(served.length, 2)
    assert.notEqual(certificate.served.fingerprint, first.fingerprint)
    assert.equal(certificate.authorityPem(), authority)
    assert.ok(certificate.daysLeft() > 300)
    assert.deepEqual(codes(), [])
  })

  test('that ended while the service was stopped is made anew at start', async (context) => {
    const { make, clock, codes } = await fixture(context)
    const first = make()
    await first.start()
    clock.advance(500 * DAY_MS)
    const second = make()
    await second.start()
    assert.ok(second.daysLeft() > 300)
    assert.equal(second.authorityPem(), first.authorityPem())
    assert.deepEqual(codes(), [])
  })

  test('is renewed when the machine has an address that it lacks, not when one went', async (context) => {
    const { make, setMachine, served } = await fixture(context)
    const certificate = make()
    await certificate.start()
    setMachine('fw-log', '127.0.0.1')
    await certificate.check()
    assert.equal(served.length, 1)
    setMachine('fw-log', '127.0.0.1', '192.0.2.99')
    await certificate.check()
    assert.equal(served.length, 2)
    assert.equal(leafOf(certificate.served).checkIP('192.0.2.99'), '192.0.2.99')
  })

  test('is made anew when its files are damaged, and the authority never is', async (context) => {
    const { make, folder } = await fixture(context)
    const first = make()
    await first.start()
    await writeFile(join(folder, 'certificates', 'server.key'), 'rubbish')
    const second = make()
    await second.start()
    assert.equal(second.authorityPem(), first.authorityPem())
    await writeFile(join(folder, 'certificates', 'ca.key'), 'rubbish')
    await assert.rejects(make().start(), (error) => {
      assert.ok(error instanceof AppError)
      assert.match(
        error.message,
        /authority .* is damaged: the key cannot be read.*Restore ca\.crt and ca\.key/,
      )
      return true
    })
  })

  test('does not outlive its authority, whose end is announced a year before', async (context) => {
    const { make, clock, codes } = await fixture(context)
    const certificate = make()
    await certificate.start()
    const end = new X509Certificate(certificate.authorityPem() ?? '').validToDate.getTime()
    clock.set(end - 100 * DAY_MS)
    await certificate.check()
    assert.equal(certificate.served.notAfterMs, end)
    assert.deepEqual(codes(), ['certificate-authority-ending'])
    clock.set(end - 10 * DAY_MS)
    const fingerprint = certificate.served.fingerprint
    await certificate.check()
    assert.equal(certificate.served.fingerprint, fingerprint)
    assert.deepEqual(codes().sort(), ['certificate-authority-ending', 'certificate-ending'])
  })
})

describe('an own certificate', () => {
  async function own(context: TestContext) {
    const base = await fixture(context)
    const certPath = join(base.folder, 'own.crt')
    const keyPath = join(base.folder, 'own.key')
    const authority = await makeAuthority('corporate', TODAY_MS)
    const put = async (nowMs: number): Promise<void> => {
      const leaf = await issueLeaf(authority, NAMES, nowMs)
      await writeFile(certPath, leaf.cert)
      await writeFile(keyPath, leaf.key)
    }
    await put(TODAY_MS)
    const certificate = base.make({ certPath, keyPath })
    return { ...base, certificate, certPath, keyPath, put, authority }
  }

  test('is served as it is, and there is no authority of ours to give away', async (context) => {
    const { certificate, authority } = await own(context)
    await certificate.start()
    assert.equal(certificate.served.source, 'own')
    assert.equal(certificate.authorityPem(), null)
    assert.equal(await handshake(certificate.served, '127.0.0.1', 'localhost', authority.cert), null)
  })

  test('is swapped when its files change', async (context) => {
    const { certificate, put, served, codes } = await own(context)
    await certificate.start()
    await certificate.check()
    assert.equal(served.length, 1)
    await put(TODAY_MS)
    await certificate.check()
    assert.equal(served.length, 2)
    assert.notEqual(served[0]?.fingerprint, served[1]?.fingerprint)
    assert.deepEqual(codes(), [])
  })

  test('that turns bad is not taken: the old one stays, the alarm says what is wrong, and it heals', async (context) => {
    const { certificate, certPath, keyPath, put, alarms, codes, clock } = await own(context)
    await certificate.start()
    const good = certificate.served.fingerprint
    const cert = await readFile(certPath, 'utf8')
    const other = await issueLeaf(await makeAuthority('other', TODAY_MS), NAMES, TODAY_MS)
    const blocks = (text: string): string[] =>
      text.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? []
    const faults: readonly [string, string, string, RegExp][] = [
      ['another key', cert, other.key, /the key does not belong to the certificate/],
      ['no PEM', 'hello', other.key, /holds no PEM certificate/],
      ['a broken chain', `${blocks(cert)[0]}${blocks(other.cert)[1]}`, other.key, /did not issue/],
      ['a key with rubbish', cert, 'hello', /key cannot be read/],
    ]
    for (const [name, newCert, newKey, message] of faults) {
      await writeFile(certPath, newCert)
      await writeFile(keyPath, newKey)
      await certificate.check()
      assert.equal(certificate.served.fingerprint, good, name)
      assert.match(alarms.active()[0]?.message ?? '', message)
    }
    await rm(keyPath)
    await certificate.check()
    assert.match(alarms.active()[0]?.message ?? '', /own\.key cannot be read/)
    await put(clock.nowMs() - 500 * DAY_MS)
    await certificate.check()
    assert.equal(certificate.served.fingerprint, good)
    assert.match(alarms.active()[0]?.message ?? '', /ended on/)
    await put(TODAY_MS)
    await certificate.check()
    assert.notEqual(certificate.served.fingerprint, good)
    assert.deepEqual(codes(), [])
  })

  test('E06: near its end is an alarm that grows, 30, 14, 7, 3 and 1 day before and after it', async (context) => {
    const { certificate, clock, alarms } = await own(context)
    await certificate.start()
    for (const [days, severity] of [
      [29.9, 'warning'],
      [14, 'warning'],
      [7, 'warning'],
      [6.9, 'critical'],
      [3, 'critical'],
      [1, 'critical'],
      [-1, 'critical'],
    ] as const) {
      clock.set(certificate.served.notAfterMs - days * DAY_MS)
      await certificate.check()
      assert.equal(alarms.active()[0]?.code, 'certificate-ending')
      assert.equal(alarms.active()[0]?.severity, severity)
    }
  })

  test('that cannot be used at start is a fault of the configuration, told exactly', async (context) => {
    const { make, certPath, keyPath } = await own(context)
    await chmod(keyPath, 0o600)
    await writeFile(keyPath, 'hello')
    await assert.rejects(make({ certPath, keyPath }).start(), (error) => {
      assert.ok(error instanceof AppError && error.code === 'bad-configuration')
      assert.match(error.message, /own\.crt cannot be used: the key cannot be read/)
      return true
    })
    await assert.rejects(make({ certPath }).start(), /must be given together/)
  })
})

describe('a certificate that is handed over', () => {
  async function pair(nowMs: number, authorityName = 'theirs') {
    const authority = await makeAuthority(authorityName, nowMs)
    return { authority, leaf: await issueLeaf(authority, NAMES, nowMs) }
  }

  test('is served at once and after a restart, is kept for the owner alone, and gives way to ours again', async (context) => {
    const site = await fixture(context)
    const certificate = site.make()
    await certificate.start()
    const made = certificate.served
    const { leaf, authority } = await pair(TODAY_MS)
    const replaced = await certificate.replace(leaf.cert, leaf.key)
    assert.equal(replaced.source, 'own')
    assert.deepEqual(site.served, [made, replaced])
    assert.equal(certificate.authorityPem(), null)
    const path = join(site.folder, 'certificates', 'given.pem')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    site.setMachine('fw-log', '192.0.2.99')
    await certificate.check()
    assert.equal(certificate.served, replaced, 'ours is not renewed over it')

    const again = site.make()
    await again.start()
    assert.equal(again.served.fingerprint, replaced.fingerprint)
    assert.equal(await handshake(again.served, '127.0.0.1', 'localhost', authority.cert), null)
    const back = await again.takeBack()
    assert.equal(back.source, 'made')
    assert.notEqual(again.authorityPem(), null)
    await assert.rejects(again.takeBack(), /no certificate was handed over/)
    const last = site.make()
    await last.start()
    assert.equal(last.served.source, 'made')
    assert.deepEqual(site.codes(), [])
  })

  test('is refused with the reason, and the old one stays: key, chain, dates, no PEM, and files that say it', async (context) => {
    const site = await fixture(context)
    const certificate = site.make()
    await certificate.start()
    const { served } = certificate
    const good = await pair(TODAY_MS)
    const other = await pair(TODAY_MS, 'others')
    const old = await pair(TODAY_MS - 1000 * DAY_MS)
    const [leafAlone = ''] = good.leaf.cert.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/) ?? []
    for (const [cert, key, reason] of [
      [good.leaf.cert, other.leaf.key, /key does not belong/],
      [`${leafAlone}\n${other.authority.cert}`, good.leaf.key, /did not issue/],
      [old.leaf.cert, old.leaf.key, /ended on/],
      ['hello', good.leaf.key, /no PEM certificate/],
      [good.leaf.cert, 'hello', /key cannot be read/],
    ] as const) {
      assert.throws(() => certificate.tryOut(cert, key), reason)
      await assert.rejects(certificate.replace(cert, key), reason)
      assert.equal(certificate.served, served)
    }
    const files = join(site.folder, 'own')
    await writeFile(`${files}.crt`, good.leaf.cert)
    await writeFile(`${files}.key`, good.leaf.key)
    const fromFiles = site.make({ certPath: `${files}.crt`, keyPath: `${files}.key` })
    await fromFiles.start()
    assert.equal(fromFiles.isFromFiles, true)
    await assert.rejects(fromFiles.replace(other.leaf.cert, other.leaf.key), /web\.tls\.cert/)
  })

  test('that is damaged on disk is an alarm until another is handed over, and ours is served', async (context) => {
    const site = await fixture(context)
    const certificate = site.make()
    await certificate.start()
    const { leaf } = await pair(TODAY_MS)
    await certificate.replace(leaf.cert, leaf.key)
    const path = join(site.folder, 'certificates', 'given.pem')
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 300))
    const again = site.make()
    await again.start()
    assert.equal(again.served.source, 'made')
    await again.check()
    assert.deepEqual(site.codes(), ['certificate-given-damaged'], 'that ours is good does not mend it')
    await again.replace(leaf.cert, leaf.key)
    assert.deepEqual(site.codes(), [])
  })
})

test('names for a certificate are host names and addresses, cleaned; what is neither is left out', () => {
  const names = certificateNames([
    'FW-Log.',
    'bücher.example',
    '*.example.org',
    '192.0.2.1',
    '::ffff:192.0.2.1',
    'fe80::1',
    'a b',
    '',
  ])
  assert.deepEqual(names, {
    dns: ['fw-log', 'xn--bcher-kva.example', '*.example.org'],
    addresses: ['192.0.2.1'],
  })
  assert.equal(dnsNameOf('-x'), null)
})

test('the full name of a host comes from /etc/hosts and /etc/resolv.conf', () => {
  const hosts =
    '127.0.0.1 localhost\n192.0.2.1 fw-log.example.org fw-log # us\n192.0.2.2 other.example.org other\n'
  assert.deepEqual(fullNames('fw-log', hosts, 'nameserver 192.0.2.53\nsearch example.net example.com\n'), [
    'fw-log.example.org',
    'fw-log.example.net',
  ])
  assert.deepEqual(fullNames('fw-log.example.org', hosts, 'search example.net'), [])
})
