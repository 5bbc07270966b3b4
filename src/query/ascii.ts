/** Lower case of the letters A to Z alone, as the log store has it: the case of other letters counts. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}
