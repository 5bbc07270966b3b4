/**
 * XML as the PAN-OS API answers it, read strictly and within bounds, and text escaped for what is sent. Elements,
 * attributes, text, comments, CDATA and the five named entities with character references are read; a DTD, a processing
 * instruction other than the declaration, and any other entity are refused, so nothing can expand or point elsewhere.
 */

export interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** Its own text, that of its children not included, trimmed. */
  readonly text: string
}

/** The answer cannot be trusted to be what it says. */
export class XmlError extends Error {}

const MOST_DEPTH = 64
const MOST_ELEMENTS = 600_000
const MOST_ATTRIBUTES = 64
const NAME = /[A-Za-z_][\w.:-]{0,127}/y
const BLANK = /[ \t\r\n]*/y
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

interface Open {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  text: string
}

/** Reads one document. Throws XmlError for whatever is not well-formed or beyond the bounds. O(length). */
export function readXml(text: string): XmlElement {
  return new Reader(text).document()
}

/** The child of that name, or null. */
export function child(element: XmlElement | null, name: string): XmlElement | null {
  return element?.children.find((one) => one.name === name) ?? null
}

/** The element at the end of a path of names, or null. */
export function descend(element: XmlElement | null, ...path: readonly string[]): XmlElement | null {
  let at = element
  for (const name of path) at = child(at, name)
  return at
}

/** Text for an element or attribute of what is sent. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

class Reader {
  readonly #text: string
  #at = 0
  #elements = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): XmlElement {
    if (this.#text.startsWith('\ufeff')) this.#at++
    this.#skip(BLANK)
    if (this.#text.startsWith('<?xml', this.#at)) this.#at = this.#endOf('?>')
    this.#misc()
    const root = this.#element()
    this.#misc()
    if (this.#at !== this.#text.length) this.#fail('something follows the document')
    return root
  }

  #element(): XmlElement {
    const stack: Open[] = [this.#open() as Open]
    if (this.#closed !== null) return this.#closed
    for (;;) {
      const top = stack.at(-1) as Open
      const next = this.#text.indexOf('<', this.#at)
      if (next === -1) this.#fail(`<${top.name}> is not closed`)
      if (next > this.#at) top.text += this.#decoded(this.#text.slice(this.#at, next))
      this.#at = next
      if (this.#text.startsWith('</', next)) {
        const element = this.#close(stack.pop() as Open)
        const parent = stack.at(-1)
        if (parent === undefined) return element
        parent.children.push(element)
      } else if (this.#text.startsWith('<!--', next)) this.#at = this.#endOf('-->')
      else if (this.#text.startsWith('<![CDATA[', next)) {
        const end = this.#endOf(']]>')
        top.text += this.#text.slice(next + 9, end - 3)
        this.#at = end
      } else {
        const open = this.#open()
        if (this.#closed !== null) top.children.push(this.#closed)
        else {
          if (stack.length >= MOST_DEPTH) this.#fail('elements lie too deep')
          stack.push(open as Open)
        }
      }
    }
  }

  /** Set by `#open` when the element was closed at once. */
  #closed: XmlElement | null = null

  #open(): Open | null {
    if (this.#text[this.#at] !== '<') this.#fail('an element was expected')
    this.#at++
    if (++this.#elements > MOST_ELEMENTS) this.#fail('there are too many elements')
    const name = this.#name()
    const attributes = new Map<string, string>()
    for (;;) {
      const before = this.#at
      this.#skip(BLANK)
      if (this.#text.startsWith('/>', this.#at)) {
        this.#at += 2
        this.#closed = { name, attributes, children: [], text: '' }
        return null
      }
      if (this.#text[this.#at] === '>') {
        this.#at++
        this.#closed = null
        return { name, attributes, children: [], text: '' }
      }
      if (this.#at === before) this.#fail('a blank was expected')
      this.#attribute(attributes)
    }
  }

  #attribute(attributes: Map<string, string>): void {
    const name = this.#name()
    this.#skip(BLANK)
    if (this.#text[this.#at] !== '=') this.#fail('an attribute has no value')
    this.#at++
    this.#skip(BLANK)
    const quote = this.#text[this.#at]
    if (quote !== '"' && quote !== "'") this.#fail('an attribute is not quoted')
    const end = this.#text.indexOf(quote, this.#at + 1)
    if (end === -1) this.#fail('an attribute does not end')
    const value = this.#text.slice(this.#at + 1, end)
    if (value.includes('<')) this.#fail('an attribute holds a "<"')
    if (attributes.has(name)) this.#fail(`the attribute ${name} comes twice`)
    if (attributes.size >= MOST_ATTRIBUTES) this.#fail('there are too many attributes')
    attributes.set(name, this.#decoded(value))
    this.#at = end + 1
  }

  #close(open: Open): XmlElement {
    this.#at += 2
    if (this.#name() !== open.name) this.#fail(`<${open.name}> is closed by another name`)
    this.#skip(BLANK)
    if (this.#text[this.#at] !== '>') this.#fail('an end tag does not end')
    this.#at++
    return { ...open, text: open.text.trim() }
  }

  #misc(): void {
    for (;;) {
      this.#skip(BLANK)
      if (!this.#text.startsWith('<!--', this.#at)) return
      this.#at = this.#endOf('-->')
    }
  }

  #name(): string {
    NAME.lastIndex = this.#at
    const found = NAME.exec(this.#text)
    if (found === null) this.#fail('a name was expected')
    this.#at = NAME.lastIndex
    return found[0]
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#at
    pattern.exec(this.#text)
    this.#at = Math.max(this.#at, pattern.lastIndex)
  }

  #endOf(mark: string): number {
    const end = this.#text.indexOf(mark, this.#at)
    if (end === -1) this.#fail(`${mark} is missing`)
    return end + mark.length
  }

  #decoded(text: string): string {
    if (!text.includes('&')) return text
    return text.replace(/&(?:#(\d{1,7})|#x([\da-fA-F]{1,6})|([A-Za-z]{1,8}));|&/g, (_, ...groups) => {
      const [decimal, hexadecimal, name] = groups as (string | undefined)[]
      const entity = name === undefined ? undefined : ENTITIES[name]
      if (entity !== undefined) return entity
      const code =
        decimal !== undefined
          ? Number(decimal)
          : hexadecimal !== undefined
            ? Number.parseInt(hexadecimal, 16)
            : -1
      if (code <= 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        this.#fail('an entity is not one of the five, or no character')
      return String.fromCodePoint(code)
    })
  }

  #fail(what: string): never {
    throw new XmlError(`${what} (at character ${this.#at})`)
  }
}
