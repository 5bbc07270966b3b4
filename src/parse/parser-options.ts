/** What the parser takes from the settings; one place, for the service and for the commands that read files. */
import type { Settings } from '../config/schema.ts'
import type { ParserOptions } from './parser.ts'

/** `referenceMs`: tells the year of stamps without one where lines have no arrival, Unix ms. */
export function parserOptions(settings: Settings, referenceMs?: number): ParserOptions {
  return {
    timeZone: settings['time.zone'],
    deviceZones: settings['time.deviceZones'],
    paloaltoTemplates: settings['parse.paloaltoTemplates'],
    programs: settings['parse.programs'],
    ...(referenceMs === undefined ? {} : { referenceMs }),
  }
}
