import type { Box, Point } from '@/seats/geometry'
import { round } from './floor'

/** A line along which seats stand, shown while one is dragged. */
export interface Guide {
  axis: 'x' | 'y'
  at: number
  from: number
  to: number
}

export interface Snapping {
  /** How far the lines of the grid lie apart. */
  grid: number
  /** How near to a neighbour's line is near enough. */
  reach: number
  /** How far away somebody is a neighbour. */
  near: number
}

/**
 * How far seats move that were dragged so far: in line with a neighbour where one of them almost is, else the first of
 * them onto the grid. Each direction by itself.
 */
export function snap(
  moving: readonly Point[],
  others: readonly Point[],
  by: Point,
  snapping: Snapping | undefined,
): { by: Point; guides: Guide[] } {
  const [first] = moving
  if (!snapping || !first) return { by: { x: round(by.x), y: round(by.y) }, guides: [] }
  const guides: Guide[] = []
  const along = (axis: 'x' | 'y'): number => {
    const across = axis === 'x' ? 'y' : 'x'
    let best: { off: number; far: number; at: number; from: number; to: number } | undefined
    for (const seat of moving) {
      for (const other of others) {
        const off = other[axis] - seat[axis] - by[axis]
        const [from, to] = [seat[across] + by[across], other[across]]
        const far = Math.abs(to - from)
        if (Math.abs(off) > snapping.reach || far > snapping.near) continue
        const closer = best ? Math.abs(off) - Math.abs(best.off) : -1
        if (!best || closer < -1e-6 || (closer <= 1e-6 && far < best.far))
          best = { off, far, at: other[axis], from, to }
      }
    }

    if (best) {
      guides.push({ axis, at: best.at, from: Math.min(best.from, best.to), to: Math.max(best.from, best.to) })
      return by[axis] + best.off
    }
    return Math.round((first[axis] + by[axis]) / snapping.grid) * snapping.grid - first[axis]
  }
  return { by: { x: round(along('x')), y: round(along('y')) }, guides }
}

/** A number of the row 1, 2, 5, 10, 20, 50, … near to one. */
export function plainNumber(near: number): number {
  const power = 10 ** Math.floor(Math.log10(near))
  const [lead = 1] = [1, 2, 5, 10].sort((one, other) => Math.abs(one - near / power) - Math.abs(other - near / power))
  return Number((lead * power).toPrecision(1))
}

/** Grids that suit a floor whose seats stand so far apart. */
export const gridsFor = (spacing: number): number[] => [
  ...new Set([20, 8, 4, 2].map((parts) => plainNumber(spacing / parts))),
]

export type Corner = 'nw' | 'ne' | 'sw' | 'se'

/** A box of which one corner was dragged to a point: it keeps its shape, and the opposite corner its place. */
export function scaleBox(box: Box, corner: Corner, to: Point): Box {
  const fixed = {
    x: corner.endsWith('w') ? box.x + box.width : box.x,
    y: corner.startsWith('n') ? box.y + box.height : box.y,
  }
  const across = corner.endsWith('w') ? fixed.x - to.x : to.x - fixed.x
  const down = corner.startsWith('n') ? fixed.y - to.y : to.y - fixed.y
  const factor = Math.max(across / box.width, down / box.height, 0.02)
  const [width, height] = [round(box.width * factor), round(box.height * factor)]
  return {
    x: round(corner.endsWith('w') ? fixed.x - width : fixed.x),
    y: round(corner.startsWith('n') ? fixed.y - height : fixed.y),
    width,
    height,
  }
}

export const isInside = ({ x, y }: Point, box: Box): boolean =>
  x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height

/** The box between two corners, whichever these are. */
export const boxBetween = (one: Point, other: Point): Box => ({
  x: Math.min(one.x, other.x),
  y: Math.min(one.y, other.y),
  width: Math.abs(one.x - other.x),
  height: Math.abs(one.y - other.y),
})
