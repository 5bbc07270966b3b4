/** Who was blocked today: one line of why, and one press to undo it. */
import { Button, Group, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { AddressLink } from '../../components/address-link.tsx'
import { Instant } from '../../components/instant.tsx'
import { Empty, Fault } from '../../components/problem.tsx'
import { offerReblock } from '../../components/undo.tsx'
import { orThrow } from '../../components/with-reason.tsx'
import { call, type Reply } from '../../data/api.ts'
import { useMay } from '../../data/may.ts'
import { queryClient } from '../../data/query-client.ts'
import type { TextKey } from '../../i18n/en.ts'
import { useWords } from '../../i18n/language.tsx'
import { Said } from '../../components/said.tsx'

type Block = Reply<'listBlocks'>

interface TodayProps {
  readonly items: readonly Block[]
  readonly most?: number
}

export function Today({ items, most = 10 }: TodayProps) {
  const { t, say } = useWords()
  const mayLift = useMay('removeBlocks')
  const undo = useMutation({
    mutationFn: async ({ target, expiresAt }: Block) => {
      const answer = await call('removeBlocks', {
        targets: [target],
        reason: t('undo.reason'),
        dryRun: false,
      })
      orThrow(answer)
      offerReblock(t, answer.results, new Map([[target, expiresAt]]))
    },
    onSettled: () => queryClient.invalidateQueries(),
  })
  if (items.length === 0) return <Empty>{t('overview.todayEmpty')}</Empty>
  return (
    <>
      <Fault error={undo.error} />
      <ul className="today">
        {items.slice(0, most).map((block) => (
          <li key={block.id}>
            <div className="today-text">
              <Group gap="0 8px">
                <AddressLink address={block.target} />
                <Text span size="xs" c="dimmed" className="nowrap">
                  {block.rule === null ? t('blocks.manual') : t(`rule.${block.rule}` as TextKey)} ·{' '}
                  <Instant at={block.createdAt} none="" />
                </Text>
              </Group>
              <Text size="sm" lineClamp={1} title={say(block.reason)}>
                <Said text={block.reason} isTyped={block.rule === null} />
              </Text>
            </div>
            {mayLift && (
              <Button
                size="compact-sm"
                variant="default"
                loading={undo.isPending && undo.variables?.id === block.id}
                aria-label={`${t('undo.do')}: ${block.target}`}
                onClick={() => undo.mutate(block)}
              >
                {t('undo.do')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
