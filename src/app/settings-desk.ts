/**
 * The settings of the running service: what they are, where each came from, and changes to the kept ones. A change is
 * checked against everything else first, written with its audit row, then handed to the parts; those that need a
 * restart are kept and told so.
 */
import { checkChange, settingViews } from '../config/view.ts'
import { type Configuration, type ConfigurationInput, loadConfiguration } from '../config/load.ts'
import { SECRET_KEYS, SETTING_KEYS, SETTINGS, type Settings } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import type { SecretBox } from '../lib/secret-box.ts'
import { refuseOutside } from './watched-files.ts'
import type { Json, SettingChange, SettingsRepository } from '../model/state.ts'

export interface SettingsDeskOptions {
  readonly input: ConfigurationInput
  readonly repository: SettingsRepository
  readonly clock: Clock
  /** Seals kept secrets, so that a copy of the state alone does not give them away. */
  readonly box: SecretBox
  /** Told of the settings that are now in force. */
  readonly apply: (settings: Settings) => void
  readonly onChange: (details: { setting: string; by: string }) => void
}

export class SettingsDesk {
  readonly #options: SettingsDeskOptions
  #configuration: Configuration

  private constructor(options: SettingsDeskOptions, configuration: Configuration) {
    this.#options = options
    this.#configuration = configuration
  }

  /** Reads everything again, this time with the settings kept in the state. Throws AppError `bad-configuration`. */
  static async open(options: SettingsDeskOptions): Promise<SettingsDesk> {
    return new SettingsDesk(options, await read(options))
  }

  get settings(): Settings {
    return this.#configuration.settings
  }

  /** Kept settings that no longer fit and are ignored. */
  get warnings(): readonly string[] {
    return this.#configuration.warnings
  }

  views(): ReturnType<typeof settingViews> {
    return settingViews(this.#configuration)
  }

  /** All or none. Throws AppError `bad-configuration` or `unsafe`, and then nothing has changed. */
  async change(
    changes: Readonly<Record<string, string | null>>,
    by: string,
    reason: string,
  ): Promise<{ results: { key: string; needsRestart: boolean }[] }> {
    const checked = Object.entries(changes).map(([name, text]) =>
      checkChange(this.#configuration, name, text),
    )
    const { settings } = this.#configuration
    const globs = checked.flatMap(({ key, value }) =>
      key === 'files.watch' ? ((value as string[] | undefined) ?? []) : [],
    )
    const added = globs.filter((glob) => !settings['files.watch'].includes(glob))
    await refuseOutside(added, settings['files.folders'], this.#options.input.workingDirectory)
    const rows = checked.map(
      ({ key, value }): SettingChange => ({
        key,
        value: SECRET_KEYS.includes(key) ? this.#sealed(key, value) : (value as Json | undefined),
        secret: SECRET_KEYS.includes(key),
      }),
    )
    const who = { by, atMs: this.#options.clock.nowMs(), reason: reason === '' ? null : reason }
    await this.#options.repository.changeSettings(rows, who)
    await this.reload()
    for (const { key } of checked) this.#options.onChange({ setting: key, by })
    return { results: checked.map(({ key, needsRestart }) => ({ key, needsRestart })) }
  }

  #sealed(key: string, value: unknown): Json | undefined {
    if (typeof value !== 'string' || value === '') return value as Json | undefined
    return { sealed: this.#options.box.seal(value, purposeOf(key)) }
  }

  /** Reads file, environment and kept settings again and hands on what acts at once. On an error the old ones stay. */
  async reload(): Promise<{ changed: string[]; needsRestart: string[] }> {
    const before = this.#configuration
    const after = await read(this.#options)
    const changed = SETTING_KEYS.filter(
      (key) => JSON.stringify(before.settings[key]) !== JSON.stringify(after.settings[key]),
    )
    this.#configuration = after
    if (changed.length > 0) this.#options.apply(after.settings)
    return { changed, needsRestart: changed.filter((key) => !SETTINGS[key].live) }
  }
}

const purposeOf = (key: string): string => `setting:${key}`

/** A secret that cannot be opened stays what it is, which the schema refuses: the setting is ignored with a warning. */
function opened(key: string, value: Json, box: SecretBox): unknown {
  if (!SECRET_KEYS.includes(key) || typeof value !== 'object' || value === null || !('sealed' in value))
    return value
  return (typeof value['sealed'] === 'string' ? box.unseal(value['sealed'], purposeOf(key)) : null) ?? value
}

async function read({ input, repository, box }: SettingsDeskOptions): Promise<Configuration> {
  const kept = new Map<string, unknown>()
  for (const { key, value } of await repository.settings()) kept.set(key, opened(key, value, box))
  return loadConfiguration(input, kept)
}
