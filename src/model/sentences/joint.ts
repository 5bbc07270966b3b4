/** Several sentences in one text. English forms of the book (book.ts). */
export const JOINT_SENTENCES = {
  'joint.semicolon': '{first!}; {second!}',
  'joint.blank': '{first!} {second!}',
  'joint.closed': '{what!}.',
  'joint.comma': '{first!}, {second!}',
} as const
