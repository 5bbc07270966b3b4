/** A real control server on a temporary data folder, with answers of the test's own, and the command line against it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceActions } from '../api/control-contract.ts'
import { ControlServer } from '../api/control-server.ts'
import { testWorld, type WorldOptions } from './testing.ts'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export class FakeService {
  readonly folder = mkdtempSync(join(tmpdir(), 'ads-cli-'))
  /** Each question: route, input, user. */
  readonly asked: [string, unknown, string][] = []
  #server: ControlServer | null = null

  /** Notes each question and answers with what the test gives: a value, a function of the input, or an Error to throw. */
  async serve(answers: { [Name in keyof ServiceActions]?: unknown }): Promise<void> {
    await this.stop()
    const actions = Object.fromEntries(
      Object.entries(answers).map(([name, answer]) => [
        name,
        (input: unknown, { user }: { user: string }) => {
          this.asked.push([name, input, user])
          const value: unknown =
            typeof answer === 'function' ? (answer as (input: unknown) => unknown)(input) : answer
          if (value instanceof Error) throw value
          return value
        },
      ]),
    ) as unknown as ServiceActions
    this.#server = new ControlServer({ dataFolder: this.folder, actions, report: () => {} })
    await this.#server.start()
  }

  async run(argv: readonly string[], options: WorldOptions = {}): Promise<Ran> {
    const world = testWorld(options)
    const code = await world.run(...argv, '--data', this.folder)
    return { code, out: world.stdout(), err: world.stderr() }
  }

  async stop(): Promise<void> {
    await this.#server?.stop()
    this.#server = null
  }

  async end(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true })
  }
}
