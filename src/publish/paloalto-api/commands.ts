/**
 * What is sent to the PAN-OS XML API. The forms were read in: the vendor's "PAN-OS XML API" pages (Run Operational Mode
 * Commands; Apply User-ID Mapping and Populate Dynamic Groups; registered IP addresses); the refresh and `target-vsys` in
 * several public scripts that check for the answer "EDL refresh job enqueued"; `show` with `anchor` and `num-records` as a
 * public collector measured it on PAN-OS 11.1 (FIELD.md B.3); `clear session all filter source` in a public script.
 * Every value is escaped; names were held against a strict pattern when they were written down.
 */
import { escapeXml } from './xml.ts'

/** One request: fields of the form; the key goes in a header and is no field. */
export type Command = Readonly<Record<string, string>>

const op = (cmd: string): Command => ({ type: 'op', cmd })

export function systemInfo(): Command {
  return op('<show><system><info></info></system></show>')
}

/** Holds for the connection, not for the account. */
export function targetVsys(vsys: string): Command {
  const name = escapeXml(vsys)
  return op(`<set><system><setting><target-vsys>${name}</target-vsys></setting></system></set>`)
}

/** Lets the firewall fetch the list now; answered at once, done by a job. */
export function refreshList(list: string): Command {
  return op(externalList('refresh', `<name>${escapeXml(list)}</name>`))
}

/** What is loaded: totals, and `count` members from the `anchor`-th on, counting from 1; at least one. */
export function showList(list: string, anchor: number, count: number): Command {
  const page = `<anchor>${anchor}</anchor><num-records>${count}</num-records>`
  return op(externalList('show', `<name>${escapeXml(list)}</name>${page}`))
}

function externalList(verb: 'refresh' | 'show', inner: string): string {
  const what = `<${verb}><type><ip>${inner}</ip></type></${verb}>`
  return `<request><system><external-list>${what}</external-list></system></request>`
}

/** Tags addresses for so long; the tag ends by itself. */
export function register(
  vsys: string | null,
  addresses: readonly string[],
  tag: string,
  timeoutSeconds: number,
): Command {
  const member = `<tag><member timeout="${timeoutSeconds}">${escapeXml(tag)}</member></tag>`
  const entries = addresses.map((address) => `<entry ip="${escapeXml(address)}">${member}</entry>`)
  return userId(vsys, `<register>${entries.join('')}</register>`)
}

export function unregister(vsys: string | null, addresses: readonly string[], tag: string): Command {
  const member = `<tag><member>${escapeXml(tag)}</member></tag>`
  const entries = addresses.map((address) => `<entry ip="${escapeXml(address)}">${member}</entry>`)
  return userId(vsys, `<unregister>${entries.join('')}</unregister>`)
}

function userId(vsys: string | null, payload: string): Command {
  // Version 2.0 is what tags with a timeout are documented with.
  const cmd = `<uid-message><version>2.0</version><type>update</type><payload>${payload}</payload></uid-message>`
  return { type: 'user-id', cmd, ...(vsys === null ? {} : { vsys }) }
}

export function clearSessions(source: string): Command {
  const filter = `<filter><source>${escapeXml(source)}</source></filter>`
  return op(`<clear><session><all>${filter}</all></session></clear>`)
}

/** The security rules in force, in their order. */
export function securityRules(vsys: string): Command {
  const device = "/config/devices/entry[@name='localhost.localdomain']"
  return {
    type: 'config',
    action: 'show',
    xpath: `${device}/vsys/entry[@name='${vsys}']/rulebase/security/rules`,
  }
}
