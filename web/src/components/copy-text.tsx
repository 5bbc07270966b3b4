/** Text to be copied: shown whole, with a button that says when it was copied. */
import { Button, CopyButton, Group, ScrollArea } from '@mantine/core'
import { useWords } from '../i18n/language.tsx'

interface CopyTextProps {
  readonly text: string
  /** What it is, for the button's name. */
  readonly label: string
}

export function CopyText({ text, label }: CopyTextProps) {
  const { t } = useWords()
  return (
    <Group gap="xs" wrap="nowrap" align="flex-start" className="copy-text">
      <ScrollArea flex={1} type="auto" viewportProps={{ tabIndex: 0, role: 'group', 'aria-label': label }}>
        <pre className="lines">{text}</pre>
      </ScrollArea>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button
            size="compact-sm"
            variant="default"
            miw={84}
            onClick={copy}
            aria-label={`${t('feeds.copy')}: ${label}`}
          >
            {copied ? t('feeds.copied') : t('feeds.copy')}
          </Button>
        )}
      </CopyButton>
    </Group>
  )
}
