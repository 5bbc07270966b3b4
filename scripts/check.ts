/**
 * What is looked at before each commit: format, lint, types and dead code, and the fast tests beside them. Each of the
 * two ends at its first failure, whose output is shown. What was compiled and typed is kept for the next time.
 * Run by `npm run check`, which puts the tools into PATH.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Step = readonly [name: string, command: string, args: readonly string[]]

const root = fileURLToPath(new URL('..', import.meta.url))
const cacheFolder = join(root, 'node_modules', '.cache', 'active-defense')
const env = { ...process.env, NODE_COMPILE_CACHE: join(cacheFolder, 'compiled') }

const { testArguments } = (await import(new URL('launch.mjs', import.meta.url).href)) as {
  testArguments: (root: string, args: readonly string[]) => string[] | null
}

/** Types of a project, and what they were the last time. */
function types(name: string, project: string): Step {
  const kept = ['--incremental', '--tsBuildInfoFile', join(cacheFolder, `${name}.tsbuildinfo`)]
  return [name, 'tsc', ['-p', project, ...kept]]
}

const source: readonly Step[] = [
  ['format', 'biome', ['format', '.']],
  ['lint', 'oxlint', ['src', 'test', 'scripts', 'web']],
  types('types', '.'),
  types('page', 'web'),
  ['unused', 'knip', []],
]
const tests: readonly Step[] = [['tests', process.execPath, testArguments(root, ['fast']) ?? ['--version']]]

/** Whether every step ended well. */
async function runAll(steps: readonly Step[]): Promise<boolean> {
  for (const [name, command, args] of steps) {
    const startedMs = performance.now()
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const output: string[] = []
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => output.push(text))
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    if (code === 0) process.stdout.write(`ok  ${name.padEnd(7)} ${seconds} s\n`)
    else {
      process.stdout.write(output.join(''))
      process.stderr.write(`${name} failed (${signal ?? `exit ${code}`}) after ${seconds} s\n`)
      return false
    }
  }
  return true
}

const isGood = await Promise.all([runAll(source), runAll(tests)])
process.exitCode = isGood.every(Boolean) ? 0 : 1
