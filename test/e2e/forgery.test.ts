/** What another site's page can make a browser send: nothing of it changes anything, whatever the path. */
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { SESSION_COOKIE } from '../../src/api/accounts/session-cookie.ts'
import { newCertificate } from '../../src/api/test-server.ts'
import { browserTest, openScreen } from './browser.ts'
import { ask, asBrowser, beginWithRoles, codeOf, type Operation, operationsOf } from './caller.ts'
import { type Service, until } from './harness.ts'

/** What the audit log and the switches say: no edit may have happened. */
async function stateOf(service: Service): Promise<unknown> {
  const { parts } = service.app
  return [
    (await parts.state?.audit({ limit: 1 }))?.[0]?.hash,
    parts.decider?.engine.flags,
    parts.accounts?.sessions().map(({ id }) => id),
    parts.list.snapshot.entries,
  ]
}

test('no request that another page can make a browser send changes anything, whatever the path', async (t) => {
  const { service, cookies } = await beginWithRoles(t)
  const operations = await operationsOf(service, cookies.viewer)
  const edits = operations.filter(({ method, role }) => method !== 'GET' && role !== 'own')
  assert.ok(edits.length > 30)
  const cookie = `${SESSION_COOKIE}=${cookies.administrator}`
  const before = await stateOf(service)
  const json = 'application/json'
  const forgeries: readonly (readonly [string, Record<string, string>])[] = [
    ['without the header', { 'content-type': json }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', { 'content-type': 'text/plain' }],
    ['another site', { 'content-type': json, 'x-requested-with': 'web', 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { 'content-type': json, 'x-requested-with': 'web', 'sec-fetch-site': 'same-site' }],
  ]
  for (const [i, [what, headers]] of forgeries.entries())
    for (const { method, path, name } of edits) {
      const body = JSON.stringify({ frozen: true, action: 'off', reason: 'forged', dryRun: false })
      const from = `127.0.4.${i + 1}`
      const told = await ask(service, { method, path, headers: { ...headers, cookie }, body, from })
      assert.ok([403, 415].includes(told.status), `${what}: ${name} ${told.status}`)
      if (told.status === 403) assert.equal(codeOf(told), 'forged', `${what}: ${name}`)
    }
  const gets = new Set(operations.filter(({ method }) => method === 'GET').map(({ path }) => path))
  for (const { path, name } of edits) {
    if (gets.has(path)) continue
    const told = await ask(service, { path, headers: { cookie }, from: '127.0.4.9' })
    assert.ok([400, 404, 405].includes(told.status), `GET ${name}: ${told.status}`)
  }
  assert.deepEqual(await stateOf(service), before)
})

browserTest(
  'a page of a neighbour on the same host gets nothing done in a browser that is signed in here',
  async (t) => {
    const { service, cookies } = await beginWithRoles(t)
    const operations = await operationsOf(service, cookies.viewer)
    const edits = operations.filter(({ method, role }) => method !== 'GET' && role !== 'own')
    const screen = await openScreen(t, service)
    const context = screen.page.context()
    await context.addCookies([
      {
        name: SESSION_COOKIE,
        value: cookies.administrator,
        domain: '127.0.0.1',
        path: '/',
        secure: true,
        httpOnly: true,
        sameSite: 'Strict',
      },
    ])
    await screen.page.goto(`${screen.origin}/engine`)
    await screen.page
      .getByRole('button', { name: 'Switch off' })
      .or(screen.page.getByRole('button', { name: 'Freeze' }))
      .first()
      .waitFor()
    const { served } = await newCertificate()
    const neighbour = createServer({ cert: served.cert, key: served.key }, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(attackPage(screen.origin, edits))
    })
    await new Promise<void>((resolve) => {
      neighbour.listen(0, '127.0.0.1', resolve)
    })
    t.after(() => {
      neighbour.closeAllConnections()
      neighbour.close()
    })
    const before = await stateOf(service)
    const page = await context.newPage()
    const sent: string[] = []
    page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`))
    await page.goto(`https://127.0.0.1:${(neighbour.address() as AddressInfo).port}/`)
    await until('all was tried', async () => (await page.title()) === 'done')
    assert.ok(sent.filter((one) => one.startsWith('POST /api/v1/')).length >= edits.length, 'it did send')
    assert.deepEqual(await stateOf(service), before)
    const told = await ask(service, { path: '/api/v1/status', headers: asBrowser(cookies.administrator) })
    assert.equal(told.status, 200, 'and the session still stands')
  },
)

/** Everything that a page can try without being let: fetches with the cookie, images, forms. */
function attackPage(origin: string, edits: readonly Operation[]): string {
  const body = JSON.stringify({
    frozen: true,
    action: 'off',
    reason: 'forged',
    targets: ['192.0.2.1'],
    dryRun: false,
  })
  const forms = edits
    .slice(0, 12)
    .map(
      ({ path }, i) =>
        `<iframe name=f${i}></iframe><form method=post enctype=text/plain target=f${i} action="${origin}${path}"><input name='{"frozen":true,"reason":"' value='"}'></form>`,
    )
  const paths = JSON.stringify(edits.map(({ method, path }) => [method, origin + path]))
  return `<!doctype html><meta charset=utf-8><title>trying</title>${forms.join('')}<script type=module>
    const body = ${JSON.stringify(body)}
    const tries = []
    for (const [method, url] of ${paths}) {
      tries.push(fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body }))
      tries.push(fetch(url, { method, credentials: 'include', headers: { 'x-requested-with': 'web', 'content-type': 'application/json' }, body }))
      tries.push(new Promise((done) => { const image = new Image(); image.onload = image.onerror = done; image.src = url }))
    }
    for (const form of document.forms) form.submit()
    await Promise.allSettled(tries)
    document.title = 'done'
  </script>`
}
