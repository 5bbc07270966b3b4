/**
 * What the PAN-OS XML API answers, as plain data. It reports most failures with HTTP 200 and `<response status="error"
 * code="403">`, so the status in the text decides. A part that is not there is null, never a guess.
 */
import { boundedText } from '../../lib/visible-text.ts'
import { child, descend, readXml, type XmlElement, XmlError } from './xml.ts'

/**
 * `auth`: key or rights; `certificate`: not the one that was given; `unreachable`: no answer in time; `full`: the platform
 * holds no more registered addresses; `refused`: the firewall understood and said no; `unclear`: not what is documented.
 */
export type PanOsFault = 'auth' | 'certificate' | 'unreachable' | 'full' | 'refused' | 'unclear'

export class PanOsError extends Error {
  readonly fault: PanOsFault

  constructor(fault: PanOsFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.fault = fault
  }
}

export interface LoadedList {
  readonly valid: number
  readonly ignored: number | null
  readonly invalid: number | null
  readonly members: readonly string[]
}

export interface SecurityRule {
  readonly name: string
  readonly action: string
  readonly isDisabled: boolean
  readonly from: readonly string[]
  readonly to: readonly string[]
  readonly source: readonly string[]
  readonly negatesSource: boolean
  readonly destination: readonly string[]
  readonly application: readonly string[]
  readonly service: readonly string[]
  /** Null: as the release has it, which is on. */
  readonly logEnd: boolean | null
  readonly logSetting: string | null
}

const MESSAGE_CHARACTERS = 300
/** "max registered-ip for the platform reached (xxxx)" (KB kA14u000000sdArCAI). */
const FULL = /max(?:imum)?[ -]registered[ -]ip|registered[ -]ip.{0,40}(?:limit|capacity|maximum)/i
/** Answers to entries that were as they were meant to be; MineMeld takes them for success as well. */
const HARMLESS = /already exists?, ignore|does not exist, ignore unreg/i

/** The `<result>` of an answer. Throws PanOsError. */
export function resultOf(httpStatus: number, text: string): XmlElement {
  let response: XmlElement | null = null
  try {
    response = readXml(text)
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    if (httpStatus === 401 || httpStatus === 403) throw new PanOsError('auth', `HTTP ${httpStatus}`)
    if (httpStatus >= 500) throw new PanOsError('unreachable', `HTTP ${httpStatus}`)
    throw new PanOsError(
      'unclear',
      `the answer (HTTP ${httpStatus}) is no XML that is understood: ${error.message}`,
    )
  }
  const status = response.attributes.get('status')
  const code = response.attributes.get('code') ?? ''
  if (response.name !== 'response' || status === undefined)
    throw new PanOsError('unclear', 'the answer is no <response> with a status')
  if (status === 'success') return child(response, 'result') ?? response
  const message = messageOfResponse(response)
  // 403: wrong key or too few rights, 16: unauthorized, 22: the session has timed out (PAN-OS XML API Error Codes).
  if (code === '403' || code === '16' || httpStatus === 401 || httpStatus === 403)
    throw new PanOsError('auth', message)
  if (code === '22' || httpStatus >= 500) throw new PanOsError('unreachable', message)
  if (FULL.test(message)) throw new PanOsError('full', message)
  throw new PanOsError('refused', code === '' ? message : `${message} (code ${code})`)
}

/**
 * What became of a User-ID message. Entries that were so already are no failure, though the firewall answers them with
 * `status="error"`; it answers each of the others by name, and those are told. Throws PanOsError for all else.
 */
export function userIdOutcome(httpStatus: number, text: string): { readonly failed: readonly string[] } {
  let response: XmlElement
  try {
    response = readXml(text)
  } catch {
    resultOf(httpStatus, text) // says what is wrong
    return { failed: [] }
  }
  const entries = elementsNamed(response, 'entry').filter(({ attributes }) => attributes.has('message'))
  const bad = entries.filter(({ attributes }) => !HARMLESS.test(attributes.get('message') ?? ''))
  const full = bad.find(({ attributes }) => FULL.test(attributes.get('message') ?? ''))
  if (full !== undefined) throw new PanOsError('full', shown(full.attributes.get('message') ?? ''))
  if (response.attributes.get('status') !== 'success') {
    const message = messageOfResponse(response)
    const isHarmless = entries.length > 0 ? true : HARMLESS.test(message)
    if (!isHarmless) resultOf(httpStatus, text)
  }
  return {
    failed: bad.map(({ attributes }) =>
      shown(`${attributes.get('ip') ?? '?'}: ${attributes.get('message') ?? ''}`),
    ),
  }
}

/** `<external-list><total-valid>…<valid-members><member>…`, as measured on PAN-OS 11.1 (FIELD.md B.3). */
export function loadedList(result: XmlElement): LoadedList {
  const list = child(result, 'external-list')
  const valid = numberOf(child(list, 'total-valid'))
  if (valid === null)
    throw new PanOsError(
      'unclear',
      `the firewall does not say how many entries it loaded: ${shown(result.text)}`,
    )
  const members = child(list, 'valid-members')?.children ?? []
  return {
    valid,
    ignored: numberOf(child(list, 'total-ignored')),
    invalid: numberOf(child(list, 'total-invalid')),
    members: members.filter(({ name }) => name === 'member').map(({ text }) => text),
  }
}

/** Null when the firewall has no rules of its own. */
export function rulesOf(result: XmlElement): SecurityRule[] | null {
  const rules = result.name === 'rules' ? result : child(result, 'rules')
  if (rules === null) return null
  return rules.children.filter(({ name }) => name === 'entry').map(ruleOf)
}

function ruleOf(entry: XmlElement): SecurityRule {
  const members = (name: string): string[] => {
    const list = child(entry, name)?.children.filter((one) => one.name === 'member') ?? []
    return list.map(({ text }) => text)
  }
  const word = (name: string): string | null => child(entry, name)?.text ?? null
  const logEnd = word('log-end')
  return {
    name: entry.attributes.get('name') ?? '',
    action: word('action') ?? '',
    isDisabled: word('disabled') === 'yes',
    from: members('from'),
    to: members('to'),
    source: members('source'),
    negatesSource: word('negate-source') === 'yes',
    destination: members('destination'),
    application: members('application'),
    service: members('service'),
    logEnd: logEnd === null ? null : logEnd === 'yes',
    logSetting: word('log-setting'),
  }
}

/** `<result><system><hostname>…<serial>…<sw-version>…<multi-vsys>on`. */
export function systemFacts(result: XmlElement): {
  readonly hostname: string | null
  readonly serial: string | null
  readonly version: string | null
  readonly isMultiVsys: boolean | null
} {
  const system = child(result, 'system')
  const word = (name: string): string | null => {
    const text = child(system, name)?.text ?? ''
    return text === '' ? null : shown(text)
  }
  const multi = word('multi-vsys')
  return {
    hostname: word('hostname'),
    serial: word('serial'),
    version: word('sw-version'),
    isMultiVsys: multi === null ? null : multi === 'on',
  }
}

/** `<msg>text</msg>`, `<msg><line>…`, or either within `<result>`. */
function messageOfResponse(response: XmlElement): string {
  const message =
    descend(response, 'msg') ?? descend(response, 'result', 'msg') ?? descend(response, 'result') ?? response
  const lines = elementsNamed(message, 'line').map(({ text }) => text)
  const text = [message.text, ...lines].filter((part) => part !== '').join(' ')
  return shown(text === '' ? 'the firewall gave no reason' : text)
}

function elementsNamed(element: XmlElement, name: string): XmlElement[] {
  const own = element.name === name ? [element] : []
  return [...own, ...element.children.flatMap((one) => elementsNamed(one, name))]
}

function numberOf(element: XmlElement | null): number | null {
  return element !== null && /^\d{1,9}$/.test(element.text) ? Number(element.text) : null
}

function shown(text: string): string {
  return boundedText(text.trim(), MESSAGE_CHARACTERS)
}
