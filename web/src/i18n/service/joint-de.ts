/** Several sentences in one text. German. */
import type { JOINT_SENTENCES } from '../../../../src/model/sentences/joint.ts'

export const jointDe: Readonly<Record<keyof typeof JOINT_SENTENCES, string>> = {
  'joint.semicolon': '{first}; {second}',
  'joint.blank': '{first} {second}',
  'joint.closed': '{what}.',
  'joint.comma': '{first}, {second}',
}
