/** One address or network: the verdict in a sentence, why, the lines that convicted, and what can be done. */
import { Badge, Button, Group, List, Paper, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { Answer, PageHead } from '../components/problem.tsx'
import { offerReblock, offerUnblock } from '../components/undo.tsx'
import { orThrow, WithReason } from '../components/with-reason.tsx'
import { call } from '../data/api.ts'
import { explainQuery } from '../data/queries.ts'
import { useWords } from '../i18n/language.tsx'

type Action = 'block' | 'lift' | 'allow'

export function AddressPage() {
  const { t } = useWords()
  const { address } = useParams({ from: '/ip/$address' })
  const explanation = useQuery(explainQuery(address))
  const [asked, setAsked] = useState<Action | null>(null)
  const labels: Record<Action, string> = {
    block: t('blocks.do'),
    lift: t('blocks.lift'),
    allow: t('address.allow'),
  }
  const act = async (reason: string) => {
    const change = { targets: [address], reason, dryRun: false }
    if (asked === 'lift') {
      const { block } = explanation.data ?? { block: null }
      const answer = await call('removeBlocks', change)
      orThrow(answer)
      if (block?.mode === 'block') offerReblock(t, answer.results, new Map([[address, block.expiresAt]]))
    }
    if (asked === 'block') {
      const answer = await call('addBlocks', { ...change, until: null })
      orThrow(answer)
      offerUnblock(t, answer.results)
    }
    if (asked === 'allow') orThrow(await call('addAllow', { ...change, until: null }))
  }
  return (
    <>
      <PageHead title={address}>
        {(['block', 'lift', 'allow'] as const).map((action) => (
          <Button key={action} variant="default" onClick={() => setAsked(action)}>
            {labels[action]}
          </Button>
        ))}
      </PageHead>
      <Answer query={explanation}>
        {({ sentences, verdict, evidence }) => (
          <Stack gap="md">
            <Group>
              <Badge
                color={verdict === 'blocked' ? 'blue' : verdict === 'held' ? 'orange' : 'gray'}
                variant="light"
                tt="none"
                size="lg"
              >
                {verdict === 'blocked' ? t('address.isOnList') : t('address.notOnList')}
              </Badge>
            </Group>
            <Paper withBorder p="md">
              <Text fz="lg" fw={500} className="sentence">
                {sentences[0]}
              </Text>
            </Paper>
            <List spacing={6} className="sentence">
              {sentences
                .slice(1)
                .filter((sentence) => !/^Line \d+ of /.test(sentence))
                .map((sentence) => (
                  <List.Item key={sentence}>{sentence}</List.Item>
                ))}
            </List>
            {evidence.length > 0 && (
              <section>
                <Text component="h2" fz="h2" fw={600} mt={0} mb="xs">
                  {t('address.evidence')}
                </Text>
                <Paper withBorder p="md" className="evidence">
                  {evidence.map((line) => (
                    <div key={line}>{line}</div>
                  ))}
                </Paper>
              </section>
            )}
          </Stack>
        )}
      </Answer>
      <WithReason
        title={asked === null ? '' : labels[asked]}
        what={<span className="mono">{address}</span>}
        action={asked === null ? '' : labels[asked]}
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        onConfirm={act}
      />
    </>
  )
}
