import { api, take, type Schemas } from '@/api/client'
import { upload } from '@/api/upload'
import { fields, type Floor, type FloorSeat } from './floor'
import { bodyOf } from './changes'

/** The floor as the server has it. */
export interface SavedFloor {
  version: number
  floor: Floor
  picture: string | null
}

const toSeat = (seat: Schemas['SeatResponse']): FloorSeat => ({
  id: seat.id,
  ...(Object.fromEntries(fields.map((field) => [field, seat[field]])) as Omit<FloorSeat, 'id'>),
})

const toSaved = ({ version, plan }: Schemas['FloorResponse'], seats: readonly FloorSeat[]): SavedFloor => ({
  version,
  picture: plan?.url ?? null,
  floor: { seats, plan: plan && { x: plan.x, y: plan.y, width: plan.width, height: plan.height } },
})

/**
 * The version first: should seats change before they are read, then saving is refused. The other way round it would
 * overwrite what nobody has seen.
 */
export async function readFloor(): Promise<SavedFloor> {
  const floor = await take(api.GET('/api/floor'))
  const seats = await take(api.GET('/api/seat'))
  return toSaved(floor, seats.map(toSeat))
}

export async function saveFloor(before: SavedFloor, after: Floor, force: boolean): Promise<SavedFloor> {
  const body = bodyOf(before.floor, after, before.version, force)
  const answer = await take(api.PUT('/api/admin/floor', { body }))
  return toSaved(answer, answer.seats.map(toSeat))
}

/** The picture is saved at once: it is no part of the draft. */
export async function savePicture(file: File, seats: readonly FloorSeat[], onProgress: (share: number) => void) {
  const path = '/api/admin/floor/plan'
  return toSaved(await upload<Schemas['FloorResponse']>('PUT', path, 'image', file, file.name, onProgress), seats)
}

export async function removePicture(seats: readonly FloorSeat[]): Promise<SavedFloor> {
  return toSaved(await take(api.DELETE('/api/admin/floor/plan')), seats)
}
