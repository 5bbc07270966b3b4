/**
 * The plain page at `/`: what runs, in words and numbers, as one HTML text without script. Every value is escaped, and
 * control and direction characters are made visible: names and reasons come from log lines, which are hostile.
 */
import type { DeviceStatus } from '../model/device.ts'
import type { Fetcher } from '../publish/fetch-log.ts'
import type { BlockLine, FindingStatus, InputHealth, ServiceStatus } from './health.ts'
import { readinessOf } from './health.ts'

/** Rows of a table; the rest is counted in a line below. */
const MAX_ROWS = 20
/** Addresses of the list that are shown at once; the rest is folded. */
const SHOWN_URLS = 2
const INPUT_NAMES: Readonly<Record<string, string>> = {
  udp: 'Syslog over UDP',
  tcp: 'Syslog over TCP',
  tls: 'Syslog over TLS',
  http: 'Lines over HTTPS',
  file: 'Log files',
}

/** HTML that is already escaped. */
class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | null | readonly Html[]

/** Builds HTML; whatever is put in is escaped unless it is Html itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const texts = parts.map((part, i) => render(part) + (strings[i + 1] ?? ''))
  return new Html((strings[0] ?? '') + texts.join(''))
}

function render(part: Part): string {
  if (part === null) return ''
  if (part instanceof Html) return part.text
  if (typeof part === 'object') return part.map((item) => item.text).join('')
  return escapeHtml(String(part))
}

/** Text for HTML content and quoted attributes; control, direction and zero-width characters become visible. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(
      // oxlint-disable-next-line no-control-regex -- making them visible is the purpose
      /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
}

/** The whole page. Pure: the same status gives the same text. */
export function statusPage(status: ServiceStatus): string {
  return page(
    'Active Defense Syslog',
    html`<header><h1>Active Defense Syslog</h1>${pills(status)}</header>
<main>${findings(status)}${listCard(status)}${engineCard(status)}${partsCard(status)}${inputsCard(status)}${blocksCard(status)}${fetchersCard(status)}${devicesCard(status)}</main>
<footer>Version ${status.version}, up ${duration(status.nowMs - status.startedAtMs)}. As of ${instant(status.nowMs)}. <a href="/">Refresh</a></footer>`,
  )
}

/** A page with one message: for when the status cannot be told. */
export function messagePage(title: string, message: string): string {
  return page(
    title,
    html`<header><h1>Active Defense Syslog</h1></header><main><section><h2>${title}</h2><p>${message}</p></section></main>`,
  )
}

function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
</head>
<body>
${body}
</body>
</html>
`.text
}

type Tone = 'good' | 'warn' | 'bad'

function pill(tone: Tone, text: string): Html {
  return html`<span class="pill ${tone}">${text}</span>`
}

function pills(status: ServiceStatus): Html {
  const { isReady } = readinessOf(status.components)
  return html`${isReady ? pill('good', 'ready') : pill('bad', 'not ready')} ${enginePill(status)}`
}

function enginePill(status: ServiceStatus): Html {
  const { state } = status.engine
  return pill(state === 'on' ? 'good' : 'warn', `engine ${state}`)
}

function findings(status: ServiceStatus): Html {
  if (status.findings.length === 0) return html``
  return html`<section><h2>What stands in the way</h2>${status.findings.slice(0, MAX_ROWS).map((finding) => findingLine(finding, status.nowMs))}${more(status.findings.length)}</section>`
}

function findingLine(finding: FindingStatus, nowMs: number): Html {
  return html`<div class="finding ${finding.severity}"><p><strong>${finding.message}</strong></p><p>${finding.mend}</p><p class="soft"><code>${finding.code}</code>, since ${ago(finding.sinceMs, nowMs)}${finding.count > 1 ? `, ${number(finding.count)} times` : ''}</p></div>`
}

function listCard(status: ServiceStatus): Html {
  const { list, nowMs } = status
  const origin = {
    decisions: '',
    file: 'The last good copy: decisions are not loaded.',
    start: 'Nothing is known yet.',
  }[list.origin]
  return html`<section class="third"><h2>Block list</h2>
<p class="big">${number(list.entries)}</p><p class="soft">${list.entries === 1 ? 'entry' : 'entries'}, revision ${list.revision}, changed ${ago(list.madeAtMs, nowMs)}</p>
${list.refused > 0 ? html`<p>${pill('warn', `${number(list.refused)} kept out`)}</p>` : null}${origin === '' ? null : html`<p>${pill('warn', origin)}</p>`}
${list.urls.slice(0, SHOWN_URLS).map(urlLine)}${otherUrls(list.urls.slice(SHOWN_URLS))}
<p><a href="/files/blacklist.txt">Open the list</a></p></section>`
}

/** A long address breaks behind its slashes and nowhere else, as far as it can. */
function urlLine(url: string): Html {
  const pieces = url.split(/(?<=[^:/]\/)/)
  return html`<p><code>${pieces.map((piece, i) => html`${i === 0 ? null : html`<wbr>`}${piece}`)}</code></p>`
}

function otherUrls(urls: readonly string[]): Html | null {
  if (urls.length === 0) return null
  return html`<details><summary>${urls.length === 1 ? '1 more address' : `${urls.length} more addresses`}</summary>${urls.map(urlLine)}</details>`
}

function engineCard(status: ServiceStatus): Html {
  const { engine, certificate, nowMs } = status
  const tone: Tone = certificate.daysLeft >= 30 ? 'good' : certificate.daysLeft >= 7 ? 'warn' : 'bad'
  return html`<section class="third"><h2>Engine and certificate</h2>
<p>${enginePill(status)}${engine.sinceMs === null ? null : html` <span class="soft">since ${ago(engine.sinceMs, nowMs)}</span>`}</p>
${engine.note === '' ? null : html`<p>${engine.note}</p>`}<p>${counted(status.activeBlocks, 'active block')}${status.heldBlocks === 0 ? null : html`, ${pill('warn', `${number(status.heldBlocks)} held for review`)}`}</p>
<p>${pill(tone, counted(certificate.daysLeft, 'day'))} until the certificate ends${certificate.source === 'made' ? html` (<a href="/ca.crt">authority for firewalls</a>)` : ' (your own)'}</p>
<details><summary>SHA-256 fingerprint</summary><p class="soft"><code>${certificate.fingerprint}</code></p></details></section>`
}

function partsCard(status: ServiceStatus): Html {
  const { logStore } = status
  return html`<section class="third"><h2>Parts</h2>
${status.components.map((component) => html`<p>${pill(component.isReady ? 'good' : 'bad', component.name)} ${component.reason}</p>`)}
<p class="soft">${logStore.records === null ? 'How many records are stored is not known now.' : `${counted(logStore.records, 'record')} stored`}</p></section>`
}

interface Column<Row> {
  readonly label: string
  readonly cell: (row: Row) => Part
  /** `short` stays on one line; `wide` takes what room is left. */
  readonly kind?: 'number' | 'wide' | 'short'
}

function table<Row>(
  title: string,
  rows: readonly Row[],
  none: string,
  columns: readonly Column<Row>[],
): Html {
  if (rows.length === 0) return html`<h2>${title}</h2><p class="soft">${none}</p>`
  const cells = (row: Row): Html[] =>
    columns.map(
      ({ label, cell, kind }) =>
        html`<td class="${kind ?? ''}" data-label="${label}"><span>${cell(row)}</span></td>`,
    )
  return html`<h2>${title}</h2><table><thead><tr>${columns.map(({ label, kind }) => html`<th class="${kind ?? ''}" scope="col">${label}</th>`)}</tr></thead><tbody>${rows.slice(0, MAX_ROWS).map((row) => html`<tr>${cells(row)}</tr>`)}</tbody></table>${more(rows.length)}`
}

function more(count: number): Html {
  return count > MAX_ROWS ? html`<p class="soft">and ${number(count - MAX_ROWS)} more</p>` : html``
}

function inputsCard(status: ServiceStatus): Html {
  return html`<section>${table<InputHealth>('Inputs', status.inputs, 'Nothing is listened to yet.', [
    {
      label: 'Input',
      cell: (input) =>
        html`${INPUT_NAMES[input.name] ?? input.name}${input.note === '' ? null : html` ${pill('warn', 'see above')}`}`,
    },
    { label: 'Address', cell: (input) => html`<code>${input.address ?? 'off'}</code>` },
    { label: 'Messages', kind: 'number', cell: (input) => number(input.received) },
    { label: 'Per second', kind: 'number', cell: (input) => number(input.perSecond) },
    {
      label: 'Lost',
      kind: 'number',
      cell: (input) =>
        input.lost === null ? 'unknown' : input.lost === 0 ? '0' : pill('bad', number(input.lost)),
    },
  ])}${sendersLine(status)}${status.relay === null ? null : html`<p>Relay: ${status.relay}</p>`}</section>`
}

function sendersLine({ senders }: ServiceStatus): Html {
  const { known, pending, storeOnly } = senders
  const use = storeOnly ? pill('warn', 'their lines are only stored') : 'their lines are used, untrusted'
  return html`<p>Senders: ${number(known)} known, ${number(pending)} pending${pending === 0 ? null : html` (${use})`}</p>`
}

function blocksCard(status: ServiceStatus): Html {
  return html`<section>${table<BlockLine>(
    'Recent blocks',
    status.recentBlocks,
    'Nothing has been blocked yet.',
    [
      { label: 'Address', kind: 'short', cell: (block) => html`<code>${block.target}</code>` },
      { label: 'Rule', kind: 'short', cell: ruleCell },
      { label: 'Why', kind: 'wide', cell: (block) => block.reason },
      { label: 'Blocked', kind: 'short', cell: (block) => ago(block.createdAtMs, status.nowMs) },
      {
        label: 'Until',
        cell: (block) => (block.expiresAtMs === null ? 'removed by hand' : instantCell(block.expiresAtMs)),
      },
    ],
  )}</section>`
}

/** Our name, and the older one that users know. */
function ruleCell({ rule, originalName }: BlockLine): Html {
  return html`${rule}${originalName === '' ? null : html`<br><span class="soft small">${originalName}</span>`}`
}

function fetchersCard(status: ServiceStatus): Html {
  const none = 'No firewall has fetched the list since the start.'
  return html`<section class="half">${table<Fetcher>('Who fetched the list', status.fetchers, none, [
    { label: 'Address', kind: 'short', cell: (fetcher) => html`<code>${fetcher.address}</code>` },
    { label: 'Last', kind: 'short', cell: (fetcher) => ago(fetcher.lastMs, status.nowMs) },
    { label: 'Revision', kind: 'number', cell: (fetcher) => fetcher.lastRevision },
    { label: 'Fetches', kind: 'number', cell: (fetcher) => number(fetcher.fetches) },
    { label: 'Client', kind: 'wide', cell: (fetcher) => fetcher.userAgent },
  ])}</section>`
}

function devicesCard(status: ServiceStatus): Html {
  return html`<section class="half">${table<DeviceStatus>(
    'Devices',
    status.devices,
    'No line has come yet.',
    [
      { label: 'Device', kind: 'wide', cell: (device) => device.device },
      { label: 'Last line', kind: 'short', cell: (device) => ago(device.lastSeenAtMs, status.nowMs) },
      { label: 'Records', kind: 'number', cell: (device) => number(device.records) },
      { label: 'Not understood', kind: 'number', cell: (device) => number(device.unparsed) },
      { label: 'Clock', cell: (device) => clockText(device) },
    ],
  )}</section>`
}

function clockText(device: DeviceStatus): Part {
  if (device.clockOffsetMs === null) return 'not known yet'
  const offset = Math.abs(device.clockOffsetMs)
  const text =
    offset < 2000 ? 'right' : `${duration(offset)} ${device.clockOffsetMs > 0 ? 'behind' : 'ahead'}`
  return device.clockInsane ? html`${pill('bad', text)} its lines convict nobody` : text
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** `1 day`, `2 days`. */
function counted(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** `2026-01-31 13:05:09 UTC`, or `unknown` for what is no time. */
function instant(atMs: number): string {
  if (!Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) return 'unknown'
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Breaks between date and time where it must. */
function instantCell(atMs: number): Html {
  const [date = '', ...time] = instant(atMs).split(' ')
  return html`${date} <span class="short">${time.join(' ')}</span>`
}

function ago(atMs: number, nowMs: number): Html {
  if (!Number.isFinite(atMs) || atMs <= 0) return html`never`
  return html`<time title="${instant(atMs)}">${nowMs - atMs < 1500 ? 'just now' : `${duration(nowMs - atMs)} ago`}</time>`
}

/** The two largest units: `3 d 4 h`, `12 min`, `8 s`. */
export function duration(durationMs: number): string {
  const seconds = Math.max(0, Math.round(durationMs / 1000))
  const units: readonly [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ]
  const first = units.findIndex(([, size]) => seconds >= size)
  if (first === -1) return '0 s'
  const texts: string[] = []
  let rest = seconds
  for (const [unit, size] of units.slice(first, first + 2)) {
    if (rest >= size) texts.push(`${Math.floor(rest / size)} ${unit}`)
    rest %= size
  }
  return texts.join(' ')
}
