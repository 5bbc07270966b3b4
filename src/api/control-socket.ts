/**
 * The path of the control socket. The kernel takes at most 107 bytes for a socket path (sun_path of unix(7)); a longer
 * one is reached through the folder's own file descriptor in /proc, so a deep data folder works too.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { CONTROL_SOCKET } from './control-contract.ts'

const SOCKET_PATH_LIMIT_BYTES = 107

export interface SocketPath {
  /** The path for messages. */
  readonly path: string
  /** The path for bind and connect; valid until `close`. */
  readonly shortPath: string
  close(): void
}

/** Throws the system's error when the folder does not exist and its path is too long. */
export function openSocketPath(dataFolder: string): SocketPath {
  const path = join(dataFolder, CONTROL_SOCKET)
  if (Buffer.byteLength(path) <= SOCKET_PATH_LIMIT_BYTES)
    return { path, shortPath: path, close: () => undefined }
  const folder = openSync(dataFolder, 'r')
  return { path, shortPath: `/proc/self/fd/${folder}/${CONTROL_SOCKET}`, close: () => closeSync(folder) }
}
