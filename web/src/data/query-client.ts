/** Answers of the API in memory: fresh for five seconds, asked again when the window comes back or the service has started. */
import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './api.ts'

/** While the service starts or its store does it is asked for half a minute; a person sees why it takes so long. */
const STARTING = 503
const STARTING_TRIES = 20
const STARTING_MS = 1500

const isStarting = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === STARTING || error.status === 0)

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      // What was refused will be refused again; what failed may work.
      retry: (failures, error) =>
        isStarting(error)
          ? failures < STARTING_TRIES
          : failures < 2 && !(error instanceof ApiError && error.status < 500),
      retryDelay: (failures, error) =>
        isStarting(error) ? STARTING_MS : Math.min(1000 * 2 ** failures, 10_000),
    },
  },
})
