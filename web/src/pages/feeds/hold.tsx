/** A feed that does not follow the decisions: a held revision or a pin, with what a person can do. */
import { Alert, Button, Group, List } from '@mantine/core'
import { useState } from 'react'
import { NeedsRole } from '../../components/needs-role.tsx'
import { WithReason } from '../../components/with-reason.tsx'
import { call } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

interface HoldProps {
  readonly feed: string
  readonly title: string
  readonly reasons: readonly string[]
  /** A held revision can also be refused; a pin can only be let go. */
  readonly canRefuse: boolean
}

export function Hold({ feed, title, reasons, canRefuse }: HoldProps) {
  const { t } = useWords()
  const mayDecide = useMay('releaseFeed')
  const [asked, setAsked] = useState<'release' | 'refuse' | null>(null)
  const release = canRefuse ? t('feeds.release') : t('feeds.follow')
  const label = asked === 'refuse' ? t('feeds.refuse') : release
  return (
    <Alert color="orange" variant="light" title={title} icon={<span aria-hidden>‖</span>}>
      {reasons.length > 0 && (
        <List size="sm" mb="xs">
          {reasons.map((reason) => (
            <List.Item key={reason}>
              <Said text={reason} isTyped />
            </List.Item>
          ))}
        </List>
      )}
      {mayDecide && (
        <Group gap="xs">
          <Button size="compact-sm" variant="default" onClick={() => setAsked('release')}>
            {release}
          </Button>
          {canRefuse && (
            <Button size="compact-sm" variant="default" onClick={() => setAsked('refuse')}>
              {t('feeds.refuse')}
            </Button>
          )}
        </Group>
      )}
      <NeedsRole operation="releaseFeed" />
      <WithReason
        title={label}
        what={title}
        action={label}
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        onConfirm={(reason) =>
          call(asked === 'refuse' ? 'refuseFeed' : 'releaseFeed', { feed, reason }).then(() => undefined)
        }
      />
    </Alert>
  )
}
