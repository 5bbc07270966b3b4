/** The served certificate by command: what is in the audit log is what is served, also when one of the two fails. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { ManualClock } from '../lib/clock.ts'
import { ServerCertificate } from '../publish/certificate.ts'
import { certificateNames } from '../publish/machine-names.ts'
import { issueLeaf, makeAuthority } from '../publish/made-certificate.ts'
import { StateStore } from '../store/state/state-store.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { certificateActions } from './certificate-actions.ts'
import type { Parts } from './parts.ts'

// TLS itself looks at the real clock.
const TODAY_MS = Math.floor(performance.timeOrigin)
const NAMES = certificateNames(['localhost', '127.0.0.1'])
const ADA = { user: 'ada' }

async function begin(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-actions-'))
  const clock = new ManualClock(TODAY_MS)
  const store = new StateStore({ path: join(folder, 'state.sqlite'), clock, report: () => {} })
  const certificate = new ServerCertificate({
    folder: join(folder, 'certificates'),
    names: [],
    certPath: '',
    keyPath: '',
    clock,
    alarms: new Alarms({ clock }),
    machine: async () => NAMES,
    checkEveryMs: 0,
  })
  await certificate.start()
  context.after(async () => {
    await certificate.stop()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })
  let isWritable = true
  const actions = certificateActions({ clock, certificate } as unknown as Parts, () => {
    if (isWritable) return store
    throw new Error('the state is away')
  })
  const authority = await makeAuthority('theirs', TODAY_MS)
  const theirs = async () => {
    const { cert, key } = await issueLeaf(authority, NAMES, TODAY_MS)
    return { certificate: cert, key, reason: 'ours', dryRun: false }
  }
  const rows = async () => (await store.audit({ limit: 10 })).map(({ action }) => action)
  return { certificate, actions, theirs, rows, away: () => (isWritable = false) }
}

test('a certificate is served and then audited, and so is the way back', async (context) => {
  const { certificate, actions, theirs, rows } = await begin(context)
  const made = certificate.served.fingerprint
  await actions.replaceCertificate(await theirs(), ADA)
  assert.notEqual(certificate.served.fingerprint, made)
  await actions.removeCertificate({ reason: '' }, ADA)
  assert.equal(certificate.served.source, 'made')
  assert.deepEqual(await rows(), ['certificate.remove', 'certificate.replace'])
})

test('one that cannot be kept leaves no audit row, and one that cannot be audited is taken back', async (context) => {
  const { certificate, actions, theirs, rows, away } = await begin(context)
  const first = await theirs()
  await assert.rejects(async () => actions.replaceCertificate({ ...first, key: 'hello' }, ADA), /key/)
  assert.deepEqual(await rows(), [])
  const made = certificate.served.fingerprint
  await actions.replaceCertificate(first, ADA)
  const given = certificate.served.fingerprint
  assert.notEqual(given, made)
  away()
  const second = await theirs()
  await assert.rejects(async () => actions.replaceCertificate(second, ADA), /state is away/)
  assert.equal(certificate.served.fingerprint, given)
  await assert.rejects(async () => actions.removeCertificate({ reason: '' }, ADA), /state is away/)
  assert.equal(certificate.served.fingerprint, given)
  assert.deepEqual(await rows(), ['certificate.replace'])
})
