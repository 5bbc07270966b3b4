/**
 * Whether the person who is signed in may do an operation: by the same table of roles that the service judges by. For
 * hiding what would be refused; the service judges again.
 */
import { useQuery } from '@tanstack/react-query'
import type { RouteName } from '../../../src/api/control-contract.ts'
import { HTTP_ROUTES } from '../../../src/api/http/http-routes.ts'
import { holds, type Role } from '../../../src/api/http/roles.ts'
import { sessionQuery } from './queries.ts'

/** The role that an operation needs; null: not offered over HTTPS, so nobody may. */
export function roleFor(operation: RouteName): Role | null {
  return HTTP_ROUTES[operation]?.role ?? null
}

/** False also while it is not known who is signed in. */
export function useMay(operation: RouteName): boolean {
  const session = useQuery(sessionQuery)
  const role = session.data?.user?.role
  const needed = roleFor(operation)
  return role !== undefined && needed !== null && holds(role, needed)
}
