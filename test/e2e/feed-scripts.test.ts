/**
 * The real nft and ipset read our files: each in a network namespace of its own, so that nothing of this machine is touched.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, type TestContext, test } from 'node:test'
import { entry, NOW_MS, network, packed } from '../../src/publish/feeds/feed-fixture.ts'
import type { FeedRow } from '../../src/publish/feeds/feed-rows.ts'
import { feedFormat, renderFeed } from '../../src/publish/feeds/format-table.ts'

const INSTALL_LIMIT_MS = 180_000
const RUN_LIMIT_MS = 60_000
/** All of two documentation networks, and of IPv6 more than one chunk. */
const HOSTS_V4 = 512
const HOSTS_V6 = 12_000

/** Why the programs cannot be run here; null when they can. */
let obstacle: string | null = null

describe('the real nft and ipset', () => {
  before(() => {
    if (!isInstalled()) install()
    obstacle = isInstalled()
      ? namespaceObstacle()
      : 'nft and ipset are not installed (apt-get install nftables ipset)'
    if (obstacle !== null && process.env['CI'] === 'true')
      assert.fail(`CI has to run nft and ipset: ${obstacle}`)
  })

  test('nft checks and loads the file, and the next one replaces all elements at once', async (t) => {
    if (isMissing(t)) return
    const folder = await folderOf(t)
    for (const timeouts of [false, true]) {
      const full = await fileOf(folder, 'full.nft', 'nftables', LONG, timeouts)
      const short = await fileOf(folder, 'short.nft', 'nftables', SHORT, timeouts)
      const output = inNamespace(
        `nft -c -f "$1" && nft -f "$1" && nft -j list set inet ads block4 && nft -j list set inet ads block6 &&
         nft -f "$2" && nft -j list set inet ads block4 && nft -j list set inet ads block6`,
        [full, short],
      )
      assert.deepEqual(output.trim().split('\n').map(elementsOf), [HOSTS_V4 + 1, HOSTS_V6, 2, 1])
    }
  })

  test('a file that nft refuses changes nothing', async (t) => {
    if (isMissing(t)) return
    const folder = await folderOf(t)
    const good = await fileOf(folder, 'good.nft', 'nftables', SHORT, false)
    const broken = join(folder, 'broken.nft')
    await writeFile(broken, `${render('nftables', [], false)}add element inet ads block4 { nonsense }\n`)
    const output = inNamespace(
      'nft -f "$1" && { nft -f "$2" 2>/dev/null && exit 9; nft -j list set inet ads block4; }',
      [good, broken],
    )
    assert.equal(elementsOf(output.trim()), 2)
  })

  test('nft takes the list of nothing, and rows that lie in each other', async (t) => {
    if (isMissing(t)) return
    const folder = await folderOf(t)
    const nested = packed([entry('198.51.100.0/24'), entry('198.51.100.9'), entry('198.51.100.0/25')], {
      aggregate: 'none',
    })
    const files = [
      await fileOf(folder, 'none.nft', 'nftables', [], true),
      await fileOf(folder, 'nested.nft', 'nftables', nested, true),
    ]
    inNamespace('nft -c -f "$1" && nft -c -f "$2"', files)
  })

  test('ipset restores the file, and the next one is swapped in', async (t) => {
    if (isMissing(t)) return
    const folder = await folderOf(t)
    for (const timeouts of [false, true]) {
      const full = await fileOf(folder, 'full.ipset', 'ipset', LONG, timeouts)
      const short = await fileOf(folder, 'short.ipset', 'ipset', SHORT, timeouts)
      const none = await fileOf(folder, 'none.ipset', 'ipset', [], timeouts)
      const output = inNamespace(
        `for file in "$@"; do
           ipset restore -exist -file "$file" && ipset list -terse ads4 && ipset list -terse ads6 || exit 1
         done; ipset list -name`,
        [full, short, none],
      )
      const counts = [...output.matchAll(/Number of entries: (\d+)/g)].map((match) => Number(match[1]))
      assert.deepEqual(counts, [HOSTS_V4 + 1, HOSTS_V6, 2, 1, 1, 0])
      assert.ok(output.endsWith('\nads4\nads6\n'), 'no set is left over')
    }
  })
})

const LONG: readonly FeedRow[] = packed(
  [
    ...Array.from({ length: 256 }, (_, i) => entry(`192.0.2.${i}`)),
    ...Array.from({ length: 256 }, (_, i) => entry(`198.51.100.${i}`)),
    ...Array.from({ length: HOSTS_V6 }, (_, i) => entry(`2001:db8:${i.toString(16)}:7::/64`)),
    entry('203.0.113.0/24', { expiresAtMs: null }),
  ],
  { aggregate: 'none' },
)
const SHORT = packed([
  entry('198.51.100.7'),
  entry('203.0.113.0/24', { expiresAtMs: null }),
  entry('2001:db8::1'),
])

function render(format: string, rows: readonly FeedRow[], timeouts: boolean): string {
  const found = feedFormat(format)
  assert.ok(found !== null)
  const options = {
    sentinels: [network('192.0.2.255')],
    comments: false,
    timeouts,
    nowMs: NOW_MS,
    listName: 'ads',
  }
  return renderFeed(found, rows, options).toString('latin1')
}

async function fileOf(
  folder: string,
  name: string,
  format: string,
  rows: readonly FeedRow[],
  timeouts: boolean,
): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, render(format, rows, timeouts))
  return path
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ads-feed-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The elements that `nft -j list set` tells; a network counts as one. */
function elementsOf(json: string): number {
  const { nftables } = JSON.parse(json) as { nftables: { set?: { elem?: unknown[] } }[] }
  return nftables.find(({ set }) => set !== undefined)?.set?.elem?.length ?? 0
}

/** Runs a shell script in a new network namespace and answers what it printed; fails the test when it fails. */
function inNamespace(script: string, args: readonly string[]): string {
  const run = namespaceRun(script, args)
  assert.equal(run.status, 0, `${run.stdout.slice(-500)}${run.stderr.slice(-2000)}`)
  return run.stdout
}

function namespaceRun(script: string, args: readonly string[]) {
  const namespaces = process.getuid?.() === 0 ? ['-n'] : ['-r', '-n']
  const environment = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
  const options = {
    encoding: 'utf8',
    env: environment,
    timeout: RUN_LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
  } as const
  return spawnSync('unshare', [...namespaces, 'sh', '-c', script, 'sh', ...args], options)
}

function isMissing(t: TestContext): boolean {
  if (obstacle !== null) t.skip(obstacle)
  return obstacle !== null
}

function isInstalled(): boolean {
  return ['nft', 'ipset'].every((name) =>
    ['/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, name))),
  )
}

/** What keeps a namespace, the kernel's tables or its sets from being used; null: nothing. */
function namespaceObstacle(): string | null {
  const run = namespaceRun('nft list ruleset && ipset list -name', [])
  if (run.error !== undefined) return `unshare cannot be run: ${run.error.message}`
  return run.status === 0
    ? null
    : `no namespace with nft and ipset can be had: ${run.stderr.trim().slice(0, 300)}`
}

/** Installs Debian's packages where we may. */
function install(): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env: environment, stdio: 'ignore', timeout: INSTALL_LIMIT_MS } as const
  spawnSync('apt-get', ['update', '-qq'], options)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nftables', 'ipset'], options)
}
