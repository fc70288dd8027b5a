import type { Reservation, Standing } from './checkin'
import type { Pass } from './pass'
import type { Person } from './people'

/** What the desk knows of the code that was read last. */
export interface Scanned {
  pass?: Pass
  visit?: { reservation: Reservation; person: Person | null; standing: Standing }
  /** It was checked in just now, here. */
  done?: boolean
  /** Why nothing can be said, or the check-in was refused: `no_pass`, or what was thrown. */
  failure?: unknown
}
