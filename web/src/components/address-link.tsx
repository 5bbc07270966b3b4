/** An address that leads to its own page. */
import { Link } from '@tanstack/react-router'

export function AddressLink({ address }: { readonly address: string }) {
  return (
    <Link to="/ip/$address" params={{ address }} className="mono">
      {address}
    </Link>
  )
}
