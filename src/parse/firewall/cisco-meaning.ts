/**
 * What Cisco's messages mean to us, and how a row of the tables of messages is written: numbers, meaning, the vendor's
 * word for what was done, what the message is about, and its documented forms (cisco-form.ts).
 */
import type { Template } from './cisco-form.ts'

/** What a message means. */
export const MEANING = {
  /** Stopped; counts for scans. */
  deny: 1,
  /** A connection began. */
  built: 2,
  /** A connection ended: which side began it is not said. */
  teardown: 3,
  /** An address was translated: {b} is the translated address of {a}. */
  translation: 4,
  /** Access list: {action} says what became of it. */
  list: 5,
  loginSuccess: 6,
  loginFailure: 7,
  /** AAA: a login only when the word is `authentication`. */
  aaa: 8,
  threat: 9,
  /** Threat whose attacker is named by the form. */
  attack: 10,
  /** Something else; the fields are kept. */
  other: 11,
  /** Other, but stopped. */
  stopped: 12,
  /** A login whose outcome is not said. */
  login: 13,
  /** A known bad address is the destination; the source only asked for it. */
  visit: 14,
} as const

export interface Message {
  readonly id: number
  readonly meaning: number
  /** The vendor's word for what was done, where the form has none; lower case with hyphens. */
  readonly action: string
  readonly subtype: string
  readonly forms: readonly Template[]
}

export type Row = readonly [
  ids: readonly number[],
  meaning: number,
  action: string,
  subtype: string,
  forms: readonly string[],
]

/** Both endpoints of a connection with what stands behind them: without it the line was cut. */
export const FULL = '{a} ({am})[({au})] to {b} ({bm})[({bu})]'
/** The same where it may be missing. */
export const MAPPED = '{a}[ ({am})][({au})] to {b}[ ({bm})][({bu})]'
