/**
 * A process that publishes lists as fast as it can, to be killed: the list of the older system with its last good copy, and two
 * packed feeds. What it serves before it knows any decision, as a firewall would get it right after a start, is its first
 * line of output, as JSON; then it changes one address of COUNT after the other and writes every revision.
 */
import { ManualClock } from '../../src/lib/clock.ts'
import { coveredBy, FakeDecisions, host, MemoryState, range } from '../../src/api/feed-testing.ts'
import { FeedDesk } from '../../src/publish/feeds/feed-desk.ts'
import { FIRST_FEED } from '../../src/publish/feeds/feed-definition.ts'
import { FeedService } from '../../src/publish/feeds/feed-service.ts'
import { ListFile } from '../../src/publish/list-file.ts'
import { Alarms } from '../../src/telemetry/alarms.ts'

export const COUNT = 700

/** What one feed serves: the first address and how many follow without a gap; or why that cannot be said. */
export interface Served {
  readonly feed: string
  readonly origin: string
  readonly revision: number
  readonly first: number
  readonly count: number
  readonly fault: string | null
}

async function open(folder: string) {
  const clock = new ManualClock(Date.now())
  const alarms = new Alarms({ clock })
  const file = new ListFile({ folder, clock, alarms, minIntervalMs: 0 })
  const { snapshot } = await file.load()
  const feeds = await FeedService.open({
    folder,
    clock,
    alarms,
    sentinel: () => '192.0.2.255',
    refuse: () => null,
    never: () => [],
    spared: () => Promise.resolve([]),
    initialList: snapshot,
    onListRendered: ({ snapshot: rendered }) => file.save(rendered),
    onFailure: (what, error) => {
      throw new Error(what, { cause: error })
    },
    writeEveryMs: 0,
  })
  return { clock, feeds, file }
}

/** What is served from the folder before anything is known. */
export async function servedFrom(folder: string): Promise<Served[]> {
  const { feeds, file } = await open(folder)
  const served = servedBy(feeds)
  await feeds.close()
  await file.close()
  return served
}

function servedBy(feeds: FeedService): Served[] {
  return feeds.all().map(({ definition, engine }) => {
    const { body, origin, revision } = engine.file(1)
    const facts = { feed: definition.name, origin, revision }
    try {
      const list = definition.format === 'json-lines' ? textOf(body) : body
      return { ...facts, ...coveredBy(list), fault: null }
    } catch (error) {
      return { ...facts, first: 0, count: 0, fault: String(error) }
    }
  })
}

/** JSON lines as a plain list. */
function textOf(body: Buffer): Buffer {
  const rows = body.toString('utf8').trimEnd().split('\n')
  const networks = rows.map((row) => (JSON.parse(row) as { network: string }).network)
  return Buffer.from(`${networks.join('\n')}\n`)
}

async function publish(folder: string): Promise<void> {
  const { clock, feeds } = await open(folder)
  const served = servedBy(feeds)
  process.stdout.write(`${JSON.stringify(served)}\n`)
  const state = new MemoryState()
  const isFirst = feeds.all().length === 1
  await feeds.takeState(state, true)
  // On from what was served, so that nothing is held for having shrunk.
  let next =
    served.find(({ feed }) => feed === FIRST_FEED.name)?.count === COUNT ? (served[0]?.first ?? 0) : 0
  const decisions = new FakeDecisions()
  decisions.add(range(COUNT, next))
  feeds.takeDecisions(decisions)
  if (isFirst) {
    const desk = new FeedDesk({ service: feeds, state, clock })
    const who = { by: 'ann', reason: 'test' }
    const feed = { ...FIRST_FEED, aggregate: 'lossless' as const }
    await desk.add({ ...feed, name: 'edge', path: '/feeds/edge.txt' }, [], who)
    await desk.add({ ...feed, name: 'siem', path: '/feeds/siem.jsonl', format: 'json-lines' }, [], who)
  }
  process.stdout.write('publishing\n')
  for (;;) {
    const change = { added: [host(next + COUNT)], removed: [host(next)] }
    decisions.remove(change.removed)
    decisions.add(change.added)
    feeds.apply(change)
    next = (next + 1) % 100_000
    await feeds.idle()
    // Time passes, so that revisions of other hours are thinned out as well.
    clock.advance(60_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const folder = process.argv[2]
if (process.argv[1] === import.meta.filename && folder !== undefined) await publish(folder)
