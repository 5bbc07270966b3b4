/**
 * The PAN-OS XML API as the product uses it: each method one thing asked of the firewall, its answer as plain data or a
 * PanOsError. Commands of a virtual system go over the same connection as the command that chose it, for the choice holds
 * for the connection alone; when the firewall closed it in between, both are sent again.
 */
import {
  type LoadedList,
  loadedList,
  PanOsError,
  resultOf,
  rulesOf,
  type SecurityRule,
  systemFacts,
  userIdOutcome,
} from './answers.ts'
import {
  clearSessions,
  type Command,
  refreshList,
  register,
  securityRules,
  showList,
  systemInfo,
  targetVsys,
  unregister,
} from './commands.ts'
import type { PanOsConnection, RawAnswer } from './connection.ts'

const VSYS_TRIES = 3
/** Entries in one User-ID message, as MineMeld sends them. */
export const TAGS_PER_MESSAGE = 1000

/** A virtual system, or null on a firewall that has one. */
export type Vsys = string | null

export class PanOsClient {
  readonly #connection: PanOsConnection

  constructor(connection: PanOsConnection) {
    this.#connection = connection
  }

  async info(): Promise<ReturnType<typeof systemFacts>> {
    const { status, text } = await this.#connection.ask(systemInfo())
    return systemFacts(resultOf(status, text))
  }

  /** Lets the firewall fetch; resolves when the job is taken. */
  async refresh(list: string, vsys: Vsys): Promise<void> {
    const { status, text } = await this.#inVsys(refreshList(list), vsys)
    resultOf(status, text)
  }

  /** How many entries are in force. One member is asked for: its page cannot be empty. */
  async loaded(list: string, vsys: Vsys): Promise<LoadedList> {
    const { status, text } = await this.#inVsys(showList(list, 1, 1), vsys)
    return loadedList(resultOf(status, text))
  }

  /** At most TAGS_PER_MESSAGE addresses; answers what the firewall said of those that failed. */
  async register(
    addresses: readonly string[],
    tag: string,
    timeoutSeconds: number,
    vsys: Vsys,
  ): Promise<readonly string[]> {
    const { status, text } = await this.#connection.ask(register(vsys, addresses, tag, timeoutSeconds))
    return userIdOutcome(status, text).failed
  }

  async unregister(addresses: readonly string[], tag: string, vsys: Vsys): Promise<readonly string[]> {
    const { status, text } = await this.#connection.ask(unregister(vsys, addresses, tag))
    return userIdOutcome(status, text).failed
  }

  async clearSessions(source: string, vsys: Vsys): Promise<void> {
    const { status, text } = await this.#inVsys(clearSessions(source), vsys)
    resultOf(status, text)
  }

  /** Null: it has no rules of its own, as when Panorama gives them all. */
  async rules(vsys: Vsys): Promise<SecurityRule[] | null> {
    const { status, text } = await this.#connection.ask(securityRules(vsys ?? 'vsys1'))
    return rulesOf(resultOf(status, text))
  }

  close(): void {
    this.#connection.close()
  }

  async #inVsys(command: Command, vsys: Vsys): Promise<RawAnswer> {
    if (vsys === null) return this.#connection.ask(command)
    for (let tries = 0; tries < VSYS_TRIES; tries++) {
      const chosen = await this.#connection.ask(targetVsys(vsys))
      resultOf(chosen.status, chosen.text)
      const answer = await this.#connection.ask(command)
      if (answer.socket === chosen.socket) return answer
    }
    throw new PanOsError('unclear', `it closes the connection after each answer, so ${vsys} cannot be chosen`)
  }
}
