/** That an authority of client certificates ends is told in time, and is over with a new one beside it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../lib/clock.ts'
import { makeAuthority } from '../publish/made-certificate.ts'
import { FIRST_FEED, type FeedDefinition } from '../publish/feeds/feed-definition.ts'
import { Alarms } from '../telemetry/alarms.ts'
import { tellFeedAuthorities } from './feed-authorities.ts'

const NOW_MS = Date.UTC(2026, 10, 22)
const DAY_MS = 24 * 3_600_000
/** What `makeAuthority` gives from a day before. */
const LIFE_DAYS = 3652

const feedOf = (authority: string | null): FeedDefinition => ({
  ...FIRST_FEED,
  name: 'edge',
  access: {
    open: false,
    credentials: [],
    sources: [],
    certificates: authority === null ? null : { authority, names: ['*'] },
  },
})

test('an authority that ends is told from 30 days on, and a new one beside it ends the alarm', async () => {
  const clock = new ManualClock(NOW_MS)
  const alarms = new Alarms({ clock })
  const old = (await makeAuthority('old', NOW_MS)).cert
  const next = (await makeAuthority('next', NOW_MS + 400 * DAY_MS)).cert
  const told = (pem: string | null, days: number): (string | undefined)[] => {
    tellFeedAuthorities([{ definition: feedOf(pem) }], alarms, NOW_MS + days * DAY_MS)
    return alarms.active().map(({ code, severity }) => `${code} ${severity}`)
  }
  assert.deepEqual(told(old, LIFE_DAYS - 31), [])
  assert.deepEqual(told(old, LIFE_DAYS - 20), ['feed-authority-ending:edge warning'])
  assert.deepEqual(told(old, LIFE_DAYS - 3), ['feed-authority-ending:edge critical'])
  assert.deepEqual(told(old, LIFE_DAYS + 2), ['feed-authority-ending:edge critical'])
  assert.deepEqual(told(old + next, LIFE_DAYS + 2), [])
  told(old, LIFE_DAYS)
  assert.deepEqual(told(null, LIFE_DAYS), [])
})
