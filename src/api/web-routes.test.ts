/** The page's files as browsers ask for them, by Fastify's own injected requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fastifyRateLimit from '@fastify/rate-limit'
import fastify from 'fastify'
import { addWebRoutes, type WebFiles } from './web-routes.ts'

test('files of the page are not counted against an address, the page itself is', async () => {
  const app = fastify()
  await app.register(fastifyRateLimit, { max: 3, timeWindow: 60_000 })
  const script = { type: 'text/javascript; charset=utf-8', body: Buffer.from('export {}') }
  const files: WebFiles = { index: '<!doctype html>', assets: new Map([['/assets/a.js', script]]) }
  addWebRoutes(app, files)
  const ask = async (url: string): Promise<number> => (await app.inject({ url })).statusCode
  const statuses = new Set<number>()
  for (let i = 0; i < 10; i++) statuses.add(await ask('/assets/a.js'))
  assert.deepEqual([...statuses], [200])
  for (let i = 0; i < 3; i++) assert.equal(await ask('/'), 200)
  assert.equal(await ask('/'), 429)
  await app.close()
})
