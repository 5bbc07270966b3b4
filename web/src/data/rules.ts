/** Names of the rules of detection, as the API writes them; complete by its type. */
import type { Reply } from './api.ts'

export type RuleName = NonNullable<Reply<'listBlocks'>['rule']>

const ALL: Readonly<Record<RuleName, true>> = {
  'port-scan': true,
  'host-sweep': true,
  threat: true,
  'slow-scan': true,
  'subnet-scan': true,
  'random-scan': true,
  'brute-force': true,
  'vendor-scan': true,
}

export const RULES = Object.keys(ALL) as readonly RuleName[]
