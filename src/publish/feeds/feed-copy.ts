/**
 * The definitions of all feeds in a file beside their last lists (`<data>/lists/feeds.json`), so that a start without the
 * state serves every feed to the same people as before. Hashes of secrets only, readable by the owner only.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { systemCodeOf, messageOf } from '../../lib/errors.ts'
import type { Json } from '../../model/state.ts'
import { bodyOfFeed, feedOfBody, type KeptFeed } from './feed-object.ts'

const fileSchema = z.object({ feeds: z.array(z.json()) })

export interface FeedCopy {
  readonly feeds: readonly KeptFeed[]
  /** What was not as it should be, one sentence each. */
  readonly findings: readonly string[]
}

/** Never rejects; without a file there are no feeds and no findings. */
export async function readFeedCopy(path: string): Promise<FeedCopy> {
  let bodies: readonly Json[]
  try {
    bodies = fileSchema.parse(JSON.parse(await readFile(path, 'utf8'))).feeds as readonly Json[]
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return { feeds: [], findings: [] }
    const why = messageOf(error).split('\n', 1)[0] ?? ''
    return { feeds: [], findings: [`The copy of the feeds' definitions ${path} cannot be read (${why}).`] }
  }
  const read = bodies.map(feedOfBody)
  return {
    feeds: read.filter((feed) => typeof feed !== 'string'),
    findings: read
      .filter((feed) => typeof feed === 'string')
      .map((why) => `A feed in ${path} is not used: ${why}`),
  }
}

/** Whole or not at all. Rejects with the file system's error. */
export async function writeFeedCopy(path: string, feeds: readonly KeptFeed[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.tmp`
  {
    await using file = await open(draft, 'w', 0o600)
    await file.writeFile(`${JSON.stringify({ feeds: feeds.map(bodyOfFeed) })}\n`)
    await file.sync()
  }
  await rename(draft, path)
}
