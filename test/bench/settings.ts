/** The settings of every benchmark: the defaults, and the workload's networks. */
import { defaultSettings, type Settings } from '../../src/config/schema.ts'
import { BENCH_SETTINGS } from './workload.ts'

export function loadSettings(): Settings {
  return {
    ...defaultSettings(),
    'networks.own': [...BENCH_SETTINGS['networks.own']],
    'networks.public': [...BENCH_SETTINGS['networks.public']],
    'time.zone': BENCH_SETTINGS['time.zone'],
  }
}

/** The same as `--set` arguments, further ones behind. */
export function settingArguments(more: Readonly<Record<string, string | number | boolean>> = {}): string[] {
  const values = {
    'networks.own': BENCH_SETTINGS['networks.own'].join(','),
    'networks.public': BENCH_SETTINGS['networks.public'].join(','),
    'time.zone': BENCH_SETTINGS['time.zone'],
    'log.level': 'warn',
    ...more,
  }
  return Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`])
}
