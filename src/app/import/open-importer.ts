/** Joins the reading of others' lists with the parts. */
import type { Settings } from '../../config/schema.ts'
import type { Decider } from '../../decide/decider.ts'
import { SecretBox } from '../../lib/secret-box.ts'
import type { StateStore } from '../../store/state/state-store.ts'
import type { Parts } from '../parts.ts'
import { Importer } from './importer.ts'
import { systemResolver } from './resolve-hosts.ts'

/** Answers how to stop it. Rejects with AppError `state-unavailable`. */
export async function openImporter(
  parts: Parts,
  state: StateStore,
  decider: Decider,
  settings: () => Settings,
): Promise<() => Promise<void>> {
  const { clock, alarms, dataFolder } = parts
  const importer = await Importer.open({
    repository: state,
    decider,
    box: SecretBox.open(`${dataFolder}/secrets.key`),
    clock,
    alarms,
    privateTargets: () => settings()['import.privateTargets'],
    folders: () => settings()['import.folders'],
    askAddresses: systemResolver(),
  })
  parts.importer = importer
  return () => importer.stop()
}
