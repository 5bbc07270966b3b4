/**
 * What the product is made of and where its data lies: versions, packages with their licences from the lock file, sizes,
 * and the documents that come with it. Read when asked; the lock file and the documents are found beside the program.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Reply, ServiceActions } from '../api/control-contract.ts'
import { AppError, messageOf, systemCodeOf } from '../lib/errors.ts'
import type { Parts } from './parts.ts'

const ROOT = join(import.meta.dirname, '../..')
const DOCUMENTS = [
  ['README.md', ''],
  ['CHANGELOG.md', ''],
  ['ARCHITECTURE.md', ''],
  ['docs', '.md'],
  ['docs/firewalls', '.md'],
] as const
const DOCUMENT_BYTES = 2 << 20
const ENGINE_LIMIT_MS = 3000

const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
})

interface Package {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly integrity: string | null
}

export function aboutActions(parts: Parts): Pick<ServiceActions, 'about' | 'readDocument' | 'softwareBill'> {
  return {
    about: () => about(parts),
    readDocument: async ({ name }) => {
      // Only names that the folders were found to hold: no path of a stranger is opened.
      const known = (await documents()).find((one) => one.name === name)
      if (known === undefined) throw new AppError('not-found', `there is no document ${name}`)
      const text = await readFile(join(ROOT, known.name), 'utf8')
      return { ...known, text: text.slice(0, DOCUMENT_BYTES) }
    },
    softwareBill: async () => billOf(parts.version, await packages()),
  }
}

async function about(parts: Parts): Promise<Reply<'about'>> {
  const { version, startedAtMs, dataFolder } = parts
  const engine = await logEngine(parts)
  return {
    version,
    startedAt: new Date(startedAtMs).toISOString(),
    dataFolder,
    engines: [
      { name: 'Node.js', version: process.versions.node },
      { name: 'ClickHouse (chDB)', version: engine.version ?? 'away' },
      { name: 'SQLite', version: process.versions['sqlite'] ?? 'unknown' },
      { name: 'OpenSSL', version: process.versions.openssl ?? 'unknown' },
    ],
    places: [
      {
        path: join(dataFolder, 'state.sqlite'),
        what: 'state',
        bytes: await sizeOfState(join(dataFolder, 'state.sqlite')),
      },
      { path: join(dataFolder, 'logs'), what: 'records', bytes: engine.bytes },
      {
        path: join(dataFolder, 'segments'),
        what: 'waiting',
        bytes: parts.pipeline?.status?.segments['waitingBytes'] ?? null,
      },
      { path: join(dataFolder, 'lists'), what: 'lists', bytes: null },
      { path: join(dataFolder, 'certificates'), what: 'certificates', bytes: null },
      { path: join(dataFolder, 'secrets.key'), what: 'secrets', bytes: null },
    ],
    records: engine.records,
    documents: await documents(),
    packages: (await packages()).map(({ name, version: of, license }) => ({ name, version: of, license })),
  }
}

interface LogEngine {
  readonly version: string | null
  readonly bytes: number | null
  readonly records: number | null
}

async function logEngine({ logs, events }: Parts): Promise<LogEngine> {
  const away = { version: null, bytes: null, records: null }
  if (logs?.isReady !== true) return away
  const signal = AbortSignal.timeout(ENGINE_LIMIT_MS)
  try {
    const [row] = await logs.client.rows<Record<string, string | number>>(
      `SELECT version() AS version, sum(bytes_on_disk) AS bytes, sum(rows) AS records FROM system.parts WHERE active AND database = currentDatabase() AND table = 'logs'`,
      {},
      signal,
    )
    if (row === undefined) return away
    return {
      version: String(row['version']),
      bytes: Number(row['bytes']),
      records: Number(row['records']),
    }
  } catch (error) {
    events.partFailed('about', 'ask the log store for its version', messageOf(error))
    return away
  }
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** With its write-ahead log, where the newest changes lie until the next checkpoint. */
async function sizeOfState(path: string): Promise<number | null> {
  const [main, log] = await Promise.all([sizeOf(path), sizeOf(`${path}-wal`)])
  return main === null ? null : main + (log ?? 0)
}

/** Those that a running service uses, by name. A copy in another package's folder is told once. */
async function packages(): Promise<Package[]> {
  const lock = lockFile.safeParse(JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')))
  if (!lock.success) throw new AppError('failed', 'package-lock.json cannot be understood')
  const found = new Map<string, Package>()
  for (const [path, entry] of Object.entries(lock.data.packages)) {
    const name = path.split('node_modules/').at(-1) ?? ''
    if (name === '' || entry.dev === true || entry.version === undefined) continue
    found.set(`${name}@${entry.version}`, {
      name,
      version: entry.version,
      license: entry.license ?? 'unknown',
      integrity: entry.integrity ?? null,
    })
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

async function documents(): Promise<{ name: string; title: string }[]> {
  const found: { name: string; title: string }[] = []
  for (const [place, suffix] of DOCUMENTS) {
    try {
      const names = suffix === '' ? [place] : (await readdir(join(ROOT, place))).sort()
      for (const name of names) {
        if (!name.endsWith('.md')) continue
        const path = suffix === '' ? name : `${place}/${name}`
        const [first = ''] = (await readFile(join(ROOT, path), 'utf8')).split('\n', 1)
        found.push({ name: path, title: first.replace(/^#+\s*/, '') || path })
      }
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error // an installation may come without documents
    }
  }
  return found
}

/** https://cyclonedx.org/docs/1.6/json/ */
function billOf(version: string, all: readonly Package[]): Record<string, unknown> {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', name: 'active-defense-syslog', version } },
    components: all.map((one) => ({
      type: 'library',
      name: one.name,
      version: one.version,
      purl: `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`,
      licenses: one.license === 'unknown' ? [] : [{ expression: one.license }],
      ...(one.integrity === null ? {} : { hashes: [hashOf(one.integrity)] }),
    })),
  }
}

function hashOf(integrity: string): { alg: string; content: string } {
  const [algorithm = '', base64 = ''] = integrity.split('-', 2)
  return {
    alg: algorithm.toUpperCase().replace(/^SHA/, 'SHA-'),
    content: Buffer.from(base64, 'base64').toString('hex'),
  }
}
