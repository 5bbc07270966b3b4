/** One address or network a line, as `/files/blacklist.txt` has it: LF, ASCII, sorted, no header. */
import { linesFormat, networkText } from './text-lines.ts'

export const plain = linesFormat({ name: 'plain', title: 'Plain text' }, networkText)
