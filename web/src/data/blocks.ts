/** Blocks page by page, newest first, and how many there are. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import { type Input, rows } from './api.ts'

const PAGE_ROWS = 200

export type BlocksFilter = Omit<Input<'listBlocks'>, 'before'>

/** The tags that stand on blocks, the most frequent first. */
export const tagsQuery = queryOptions({
  queryKey: ['block-tags'],
  queryFn: () => rows('listTags', {}),
  staleTime: 10_000,
})

/** The first page is asked again and again; once somebody has scrolled farther, nothing moves under his eyes. */
export function blockPagesQuery(filter: BlocksFilter) {
  return infiniteQueryOptions({
    queryKey: ['block-pages', filter],
    queryFn: ({ pageParam }) =>
      rows('listBlocks', filter, { limit: PAGE_ROWS, ...(pageParam === null ? {} : { cursor: pageParam }) }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : 5000),
    refetchOnWindowFocus: false,
  })
}
