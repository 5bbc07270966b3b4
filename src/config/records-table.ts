/** Settings of searches over stored records. */
import { z } from 'zod'
import { setting } from './setting.ts'

export const RECORDS_SETTINGS = {
  'records.maskUsers': setting(
    z.boolean(),
    false,
    'true | false',
    'Viewers see (masked) in place of names of users and of raw lines in stored records, and cannot search by them.',
    true,
  ),
} as const
