/**
 * For tests: a management API built to the documented XML (see commands.ts for what was read), over HTTPS on 127.0.0.1. It
 * keeps what real firewalls keep: the virtual system chosen holds for the connection, tags have a timeout and the platform
 * a most, entries that are there already are answered as errors.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { readXml, type XmlElement } from '../xml.ts'

export interface FakePanOsOptions {
  readonly cert: string
  readonly key: string
  readonly apiKey?: string
  readonly lists?: Readonly<Record<string, number>>
  /** Names of virtual systems; empty: one, and none has to be chosen. */
  readonly vsys?: readonly string[]
  readonly maxRegistered?: number
  /** XML of the `<entry>` elements, per virtual system. */
  readonly rules?: Readonly<Record<string, string>>
}

export class FakePanOs {
  readonly requests: { readonly form: Readonly<Record<string, string>>; readonly vsys: string | null }[] = []
  readonly registered = new Map<string, { readonly tag: string; readonly timeout: string | null }>()
  readonly refreshed: string[] = []
  readonly cleared: string[] = []
  /** Headers and URLs as they came, to look for the key in. */
  readonly urls: string[] = []
  lists: Record<string, number>
  ignored = 0
  apiKey: string
  /** Answers so much later. */
  delayMs = 0
  /** Closes the connection after each answer. */
  closes = false
  /** Answers this text with this status instead. */
  instead: { readonly status: number; readonly text: string } | null = null
  readonly #options: FakePanOsOptions
  readonly #server: Server
  readonly #chosen = new WeakMap<Socket, string>()

  constructor(options: FakePanOsOptions) {
    this.#options = options
    this.apiKey = options.apiKey ?? 'LUFRPT1fakekey=='
    this.lists = { ...options.lists }
    this.#server = createServer({ cert: options.cert, key: options.key }, (request, response) => {
      void this.#answer(request, response)
    })
  }

  async start(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    this.urls.push(request.url ?? '')
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString('utf8')))
    const vsys = this.#chosen.get(request.socket) ?? null
    this.requests.push({ form, vsys })
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs).unref())
    if (this.closes) response.setHeader('connection', 'close')
    const [status, text] =
      this.instead !== null
        ? [this.instead.status, this.instead.text]
        : request.headers['x-pan-key'] === this.apiKey
          ? [200, this.#reply(form, request.socket)]
          : [403, failure('Invalid Credential', '403')]
    response.writeHead(status, { 'content-type': 'application/xml' }).end(text)
  }

  #reply(form: Readonly<Record<string, string>>, socket: Socket): string {
    if (form['type'] === 'config') return this.#rules(form['xpath'] ?? '')
    const command = readXml(form['cmd'] ?? '<none/>')
    if (form['type'] === 'user-id') return this.#userId(command)
    const path = pathOf(command)
    if (path.startsWith('show/system/info')) return this.#info()
    if (path === 'set/system/setting/target-vsys') {
      const name = leafOf(command)
      if (!(this.#options.vsys ?? []).includes(name)) return failure(`${name} is not a valid reference`, '12')
      this.#chosen.set(socket, name)
      return success(`Session target vsys changed to ${name}`)
    }
    if (path.startsWith('request/system/external-list/')) return this.#externalList(command, path, socket)
    if (path === 'clear/session/all/filter/source') {
      this.cleared.push(leafOf(command))
      return success('<member>sessions cleared</member>')
    }
    return failure('Unknown command', '1')
  }

  #info(): string {
    const multi = (this.#options.vsys ?? []).length > 0 ? 'on' : 'off'
    return success(
      `<system><hostname>LAB-FW-01</hostname><serial>013201001234</serial><sw-version>11.1.2</sw-version><multi-vsys>${multi}</multi-vsys></system>`,
    )
  }

  #externalList(command: XmlElement, path: string, socket: Socket): string {
    const name = textAt(command, 'name')
    const vsys = this.#chosen.get(socket) ?? null
    const needsVsys = (this.#options.vsys ?? []).length > 0
    const valid = this.lists[name]
    if (valid === undefined || (needsVsys && vsys === null))
      return failure(`${name} is invalid name.Current target-vsys is ${vsys ?? 'none'}`, '17')
    if (path.includes('/refresh/')) {
      this.refreshed.push(needsVsys ? `${vsys ?? ''}/${name}` : name)
      return success('EDL refresh job enqueued')
    }
    const members = valid > 0 ? '<member>198.51.100.1</member>' : ''
    return (
      `<response status="success"><result total-count="${valid}" count="1"><external-list><vsys>${vsys ?? 'vsys1'}</vsys><name>${name}</name>` +
      `<total-valid>${valid}</total-valid><total-ignored>${this.ignored}</total-ignored><total-invalid>0</total-invalid>` +
      `<valid-members>${members}</valid-members></external-list></result></response>`
    )
  }

  #userId(message: XmlElement): string {
    const payload = message.children.find(({ name }) => name === 'payload')
    const problems: string[] = []
    for (const verb of payload?.children ?? []) {
      for (const entry of verb.children) {
        const ip = entry.attributes.get('ip') ?? ''
        const member = entry.children[0]?.children[0]
        const tag = member?.text ?? ''
        const problem =
          verb.name === 'register'
            ? this.#register(ip, tag, member?.attributes.get('timeout') ?? null)
            : this.#unregister(ip, tag)
        if (problem !== null)
          problems.push(`<${verb.name}><entry ip="${ip}" message="${problem}"/></${verb.name}>`)
      }
    }
    if (problems.length === 0)
      return success('<uid-response><version>2.0</version><payload></payload></uid-response>')
    const payloadText = `<uid-response><version>2.0</version><payload>${problems.join('')}</payload></uid-response>`
    return `<response status="error"><msg><line>${payloadText}</line></msg></response>`
  }

  #register(ip: string, tag: string, timeout: string | null): string | null {
    if (this.registered.has(ip)) return `tag ${tag} already exists, ignore`
    const most = this.#options.maxRegistered ?? Number.POSITIVE_INFINITY
    if (this.registered.size >= most) return `max registered-ip for the platform reached (${most})`
    this.registered.set(ip, { tag, timeout })
    return null
  }

  #unregister(ip: string, tag: string): string | null {
    return this.registered.delete(ip) ? null : `tag ${tag} does not exist, ignore unreg`
  }

  #rules(xpath: string): string {
    const vsys = /vsys\/entry\[@name='([^']+)'\]/.exec(xpath)?.[1] ?? ''
    const rules = this.#options.rules?.[vsys]
    return rules === undefined
      ? '<response status="success" code="7"><result/></response>'
      : success(`<rules>${rules}</rules>`)
  }
}

/** A rule as the configuration holds it. */
export function ruleXml(
  name: string,
  rule: { action: string; source?: string; from?: string; logSetting?: string; more?: string },
): string {
  const list = (field: string, member: string): string => `<${field}><member>${member}</member></${field}>`
  return (
    `<entry name="${name}" uuid="ace432fe-a9f2-5a1e-327a-91fdce0077da">${list('to', 'any')}${list('from', rule.from ?? 'UNTRUST')}` +
    `${list('source', rule.source ?? 'any')}${list('destination', 'any')}${list('application', 'any')}${list('service', 'any')}` +
    `<action>${rule.action}</action>${rule.logSetting === undefined ? '' : `<log-setting>${rule.logSetting}</log-setting>`}${rule.more ?? ''}</entry>`
  )
}

function success(result: string): string {
  return `<response status="success"><result>${result}</result></response>`
}

function failure(message: string, code: string): string {
  return `<response status="error" code="${code}"><msg><line>${message}</line></msg></response>`
}

/** `set/system/setting/target-vsys` of a command that goes down one way. */
function pathOf(element: XmlElement): string {
  const [first] = element.children
  return first === undefined ? element.name : `${element.name}/${pathOf(first)}`
}

function leafOf(element: XmlElement): string {
  const [first] = element.children
  return first === undefined ? element.text : leafOf(first)
}

function textAt(element: XmlElement, name: string): string {
  if (element.name === name) return element.text
  for (const one of element.children) {
    const found = textAt(one, name)
    if (found !== '') return found
  }
  return ''
}
