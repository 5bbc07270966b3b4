/** The form of a benchmark part: what it is given and the figures it answers. */

export interface PartContext {
  /** Lines that the part works on. */
  readonly lines: number
  /** Empty folder for the part alone. */
  readonly folder: string
  readonly say: (text: string) => void
}

export interface Figure {
  /** Row of DESIGN.md section 10. */
  readonly row: number
  readonly what: string
  readonly value: number
  readonly unit: string
  /** What it must reach, with its comparison; null where the row is information. */
  readonly target: { readonly atLeast: number } | { readonly atMost: number } | null
  /** For the ratio to the baseline and the figures per million lines; null where lines make no sense. */
  readonly work: Work | null
  readonly note: string
}

export interface Work {
  readonly lines: number
  readonly wallSeconds: number
  /** Of all processes that worked on them. */
  readonly cpuSeconds: number
  /** File that the lines came from, for the baseline; null when they came by network. */
  readonly file: string | null
}

export type Part = (context: PartContext) => Promise<Figure[]>
