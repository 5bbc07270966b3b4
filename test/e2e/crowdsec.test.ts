/** CrowdSec's API on the HTTPS server of the whole service: by key, and by client certificate once a bouncer has one. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { request } from 'node:https'
import { test } from 'node:test'
import { certificateNames } from '../../src/publish/machine-names.ts'
import { issueLeaf, makeAuthority } from '../../src/publish/made-certificate.ts'
import { startService } from './harness.ts'

interface Reply {
  readonly status: number
  readonly text: string
}

function ask(port: number, path: string, options: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const all = { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, ...options }
    const asked = request(all, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('a bouncer fetches over HTTPS with its key, or with its certificate; a program reports an attacker', async (t) => {
  const service = await startService(t)
  const port = Number(new URL(service.app.urls.page).port)
  const wanted = { hostsOnly: false, sources: [], note: '' }
  const { key } = await service.control.call('addBouncer', { name: 'by-key', ...wanted })
  const path = '/v1/decisions?ip=198.51.100.7'
  assert.equal((await ask(port, path, {})).status, 403)
  const byKey = { headers: { 'x-api-key': key } }
  assert.deepEqual(await ask(port, path, byKey), { status: 200, text: 'null' })

  await service.control.call('reportBlocks', {
    targets: ['198.51.100.7'],
    source: 'siem',
    reason: 'beacons',
    confidence: 80,
    evidence: ['proxy: 198.51.100.7 CONNECT 203.0.113.10:443'],
    until: null,
    dryRun: false,
  })
  assert.match((await ask(port, path, byKey)).text, /"value":"198\.51\.100\.7"/)
  const told = await service.control.call('explain', { address: '198.51.100.7' })
  assert.deepEqual(told.evidence, ['proxy: 198.51.100.7 CONNECT 203.0.113.10:443'])
  assert.ok(told.sentences.some((sentence) => sentence.startsWith('Reported by siem with confidence 80')))

  const authority = await makeAuthority('bouncers', Date.now())
  const leaf = await issueLeaf(authority, certificateNames(['bouncer']), Date.now())
  const certificate = new X509Certificate(leaf.cert).fingerprint256
  await service.control.call('addBouncer', { name: 'by-certificate', certificate, ...wanted })
  assert.equal((await ask(port, path, { cert: leaf.cert, key: leaf.key })).status, 200)
  assert.equal((await ask(port, path, {})).status, 403)
  assert.equal((await ask(port, '/v1/nothing', {})).status, 404)
})
