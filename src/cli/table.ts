/**
 * Plain tables for people: columns two blanks apart, no lines, no colours, hostile text escaped. Widths come from the
 * header and the first rows, so that a list of any length is printed as it comes.
 */
import type { LineOutput } from './io.ts'
import { safeText } from './safe-text.ts'

const ROWS_FOR_WIDTHS = 200

export class Table {
  readonly #output: LineOutput
  readonly #first: string[][]
  #widths: number[] | null = null

  constructor(output: LineOutput, header: readonly string[]) {
    this.#output = output
    this.#first = [header.map(safeText)]
  }

  async row(cells: readonly string[]): Promise<void> {
    const safe = cells.map(safeText)
    if (this.#widths !== null) {
      await this.#print(safe)
      return
    }
    this.#first.push(safe)
    if (this.#first.length > ROWS_FOR_WIDTHS) await this.#printFirst()
  }

  /** Prints what is left. A table without rows prints nothing. */
  async end(): Promise<void> {
    if (this.#widths === null && this.#first.length > 1) await this.#printFirst()
  }

  async #printFirst(): Promise<void> {
    const columns = this.#first[0]?.length ?? 0
    this.#widths = Array.from({ length: columns }, (_, i) =>
      Math.max(...this.#first.map((cells) => lengthOf(cells[i] ?? ''))),
    )
    for (const cells of this.#first) await this.#print(cells)
  }

  async #print(cells: readonly string[]): Promise<void> {
    const widths = this.#widths ?? []
    const padded = cells.map((cell, i) => cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - lengthOf(cell))))
    await this.#output.line(padded.join('  ').trimEnd())
  }
}

const lengthOf = (text: string): number => Array.from(text).length
