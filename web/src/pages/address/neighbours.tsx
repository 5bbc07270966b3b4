/** What of the network around is on the list, and of the same owner; offers to block the whole network when it is much. */
import { Anchor, Button, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { AddressLink } from '../../components/address-link.tsx'
import type { Reply } from '../../data/api.ts'
import { useWords } from '../../i18n/language.tsx'
import { ActionDialog } from './actions.tsx'

const SHOWN = 12
/** So many of a network blocked one by one are worth a thought about all of it. */
const CONSIDER = 8

interface NeighboursProps {
  readonly profile: Reply<'addressProfile'>
  readonly mayBlock: boolean
}

export function Neighbours({ profile, mayBlock }: NeighboursProps) {
  const { t } = useWords()
  const [isAsked, setAsked] = useState(false)
  const { address, neighbours, owner } = profile
  const { network, size, blocked, targets } = neighbours
  const others = targets.filter((target) => target !== address)
  const isWhole = targets.includes(network)
  const isMuch = blocked >= CONSIDER && !isWhole
  return (
    <>
      <Text size="sm" className="sentence">
        {isWhole
          ? t('address.wholeBlocked', { network })
          : t('address.neighbourCount', { blocked, size, network })}{' '}
        {isMuch && t('address.consider', { network })}
      </Text>
      {others.length > 0 && (
        <Group gap={8} mt="xs">
          {others.slice(0, SHOWN).map((target) => (
            <AddressLink key={target} address={target} />
          ))}
          {others.length > SHOWN && (
            <Text span size="sm" c="dimmed">
              {t('overview.moreFirewalls', { count: others.length - SHOWN })}
            </Text>
          )}
        </Group>
      )}
      {network !== address && (
        <Group gap="xs" mt="sm">
          <Anchor component={Link} to="/ip/$address" params={{ address: network } as never} size="sm">
            {t('address.openNetwork', { network })}
          </Anchor>
          {isMuch && mayBlock && (
            <Button size="compact-sm" variant="default" onClick={() => setAsked(true)}>
              {t('address.blockNetwork', { network })}
            </Button>
          )}
        </Group>
      )}
      {owner !== null && (
        <Text size="sm" mt="sm" className="sentence">
          {t('address.owner', {
            owner: `${owner.asNumber === null ? '' : `AS${owner.asNumber} `}${owner.name ?? ''}`.trim(),
          })}{' '}
          {owner.blocked !== null && t('address.ownerBlocked', { count: owner.blocked })}
        </Text>
      )}
      <ActionDialog
        address={network}
        action={isAsked ? 'block' : null}
        block={null}
        onClose={() => setAsked(false)}
      />
    </>
  )
}
