/**
 * Writes the documents that are printed from the source: docs/config.md from the table of settings.
 * Run by `npm run -s cli -- :docs`.
 */
import { writeFileSync } from 'node:fs'
import { settingsDocument } from '../src/config/document.ts'

writeFileSync(new URL('../docs/config.md', import.meta.url), settingsDocument())
