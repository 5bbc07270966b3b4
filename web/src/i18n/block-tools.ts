/** Texts of what is done to many blocks at once: another end, tags. */
export const blockToolsEn = {
  'blocks.extend': 'Another end',
  'blocks.extendHint':
    'A block that a rule made is by hand from then on: lines that come do not move its end any more.',
  'blocks.end': 'End',
  'blocks.end.1': 'in one day',
  'blocks.end.7': 'in 7 days',
  'blocks.end.30': 'in 30 days',
  'blocks.end.90': 'in 90 days',
  'blocks.end.never': 'permanent: until removed',
  'blocks.end.date': 'at a time of your own',
  'blocks.tag': 'Tag',
  'blocks.tags': 'Tags',
  'blocks.anyTag': 'Any tag',
  'blocks.tagsAdd': 'Put on',
  'blocks.tagsRemove': 'Take off',
  'blocks.tagsHint': 'Words to find these blocks by. Press Enter after each. Who is blocked does not change.',
  'blocks.tagCount': '{count} blocks are chosen.',
  'blocks.tagCount_one': 'One block is chosen.',
  'undo.extended': 'Another end: {what}',
  'undo.tagged': 'Tags changed: {what}',
} as const

export const blockToolsDe: Readonly<Record<keyof typeof blockToolsEn, string>> = {
  'blocks.extend': 'Anderes Ende',
  'blocks.extendHint':
    'Eine Sperre, die eine Regel gesetzt hat, gilt danach als von Hand gesetzt: neue Zeilen verschieben ihr Ende nicht mehr.',
  'blocks.end': 'Ende',
  'blocks.end.1': 'in einem Tag',
  'blocks.end.7': 'in 7 Tagen',
  'blocks.end.30': 'in 30 Tagen',
  'blocks.end.90': 'in 90 Tagen',
  'blocks.end.never': 'dauerhaft: bis ein Mensch sie aufhebt',
  'blocks.end.date': 'zu einer eigenen Zeit',
  'blocks.tag': 'Schlagwort',
  'blocks.tags': 'Schlagwörter',
  'blocks.anyTag': 'Jedes Schlagwort',
  'blocks.tagsAdd': 'Vergeben',
  'blocks.tagsRemove': 'Entfernen',
  'blocks.tagsHint':
    'Wörter, unter denen Sie diese Sperren wiederfinden. Eingabetaste nach jedem. Wer gesperrt ist, ändert sich nicht.',
  'blocks.tagCount': '{count} Sperren sind gewählt.',
  'blocks.tagCount_one': 'Eine Sperre ist gewählt.',
  'undo.extended': 'Anderes Ende: {what}',
  'undo.tagged': 'Schlagwörter geändert: {what}',
}
