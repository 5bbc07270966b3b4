/** `explain ADDRESS`: why an address is blocked, or is not, in plain sentences with the lines that prove it. */
import type { CliIo } from './io.ts'
import { clientOf, printing, type ServiceOptions, targetsOf } from './options.ts'
import { jsonLine, safeText } from './safe-text.ts'

export async function explain(io: CliIo, address: string, options: ServiceOptions): Promise<void> {
  const [target = address] = await targetsOf(io, [address])
  const reply = await clientOf(io, options).call('explain', { address: target })
  await printing(io, async (output) => {
    if (options.json) {
      await output.line(jsonLine(reply))
      return
    }
    for (const sentence of reply.sentences) await output.line(safeText(sentence))
  })
}
