/** State of a block by word, sign and colour. */
import { Badge } from '@mantine/core'
import { useWords } from '../i18n/language.tsx'

const LOOKS = {
  block: { color: 'blue', sign: '■' },
  hold: { color: 'orange', sign: '‖' },
  shadow: { color: 'gray', sign: '○' },
} as const

export function StateBadge({ mode }: { readonly mode: keyof typeof LOOKS }) {
  const { t } = useWords()
  const { color, sign } = LOOKS[mode]
  return (
    <Badge
      color={color}
      variant="light"
      tt="none"
      fw={500}
      miw="max-content"
      leftSection={<span aria-hidden>{sign}</span>}
    >
      {t(`blocks.state.${mode}`)}
    </Badge>
  )
}
