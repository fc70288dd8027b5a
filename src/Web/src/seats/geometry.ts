/** The geometry of the floor map: everything that can be right or wrong without a screen. */

export interface Point {
  x: number
  y: number
}

export interface Box extends Point {
  width: number
  height: number
}

export interface Size {
  width: number
  height: number
}

/** Where the floor lies on the screen: a point of the floor is at `k` times itself plus (x, y). */
export interface View extends Point {
  k: number
}

export function boundsOf(points: Point[], boxes: Box[] = []): Box {
  const xs = [...points.map(({ x }) => x), ...boxes.flatMap(({ x, width }) => [x, x + width])]
  const ys = [...points.map(({ y }) => y), ...boxes.flatMap(({ y, height }) => [y, y + height])]
  if (xs.length === 0) return { x: 0, y: 0, width: 1, height: 1 }
  const [left, top] = [Math.min(...xs), Math.min(...ys)]
  return { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top }
}

export const grow = ({ x, y, width, height }: Box, by: number): Box => ({
  x: x - by,
  y: y - by,
  width: width + 2 * by,
  height: height + 2 * by,
})

/**
 * How near the seats stand to each other: the distance to the nearest neighbour that nine of ten seats keep. Seats may
 * stand at any coordinates, so all sizes on the map are multiples of this.
 */
export function spacingOf(points: Point[]): number {
  const nearest = points
    .map((point) =>
      points.reduce((least, other) => {
        const distance = Math.hypot(point.x - other.x, point.y - other.y)
        return distance > 0 && distance < least ? distance : least
      }, Infinity),
    )
    .filter(Number.isFinite)
    .sort((one, other) => one - other)
  return nearest[Math.floor(nearest.length / 10)] ?? 100
}

/** The corners of the smallest convex area around the points, in order (Andrew's monotone chain). */
export function hullOf(points: Point[]): Point[] {
  const sorted = [...points].sort((one, other) => one.x - other.x || one.y - other.y)
  if (sorted.length < 3) return sorted
  const turn = (a: Point, b: Point, c: Point) => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
  const half = (chain: Point[]) => {
    const corners: Point[] = []
    for (const point of chain) {
      while (corners.length > 1 && turn(corners.at(-2) as Point, corners.at(-1) as Point, point) <= 0) corners.pop()
      corners.push(point)
    }
    return corners.slice(0, -1)
  }
  return [...half(sorted), ...half(sorted.reverse())]
}

export interface Area {
  name: string
  /** The outline, as a path to be drawn with a stroke as wide as the seats stand apart. */
  path: string
  /** Where its name stands: left above its uppermost seat. */
  label: Point
  /** From its leftmost seat to its rightmost. */
  width: number
}

/** The zones as areas around their seats. */
export function areasOf(seats: (Point & { zone: string | null })[]): Area[] {
  const zones = new Map<string, Point[]>()
  for (const seat of seats) if (seat.zone) zones.set(seat.zone, [...(zones.get(seat.zone) ?? []), seat])
  return [...zones].map(([name, points]) => {
    const { x, y, width } = boundsOf(points)
    const corners = hullOf(points).map((point) => `${point.x} ${point.y}`)
    return { name, path: `M${corners.join('L')}Z`, label: { x, y }, width }
  })
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value))

const centred = (bounds: Box, size: Size, k: number): View => ({
  k,
  x: size.width / 2 - (bounds.x + bounds.width / 2) * k,
  y: size.height / 2 - (bounds.y + bounds.height / 2) * k,
})

const scaleToFit = (bounds: Box, size: Size) =>
  Math.min(size.width / Math.max(bounds.width, 1e-6), size.height / Math.max(bounds.height, 1e-6))

/** All of the floor, in the middle. */
export const fit = (bounds: Box, size: Size): View => centred(bounds, size, scaleToFit(bounds, size))

/**
 * How the map shows itself at first: all of the floor, but where fingers would find too little there, as near as it takes
 * without leaving a part of the screen empty, from its upper left corner on.
 */
export function firstView(bounds: Box, size: Size, spacing: number, target = 44): View {
  const whole = scaleToFit(bounds, size)
  const filled = Math.max(size.width / Math.max(bounds.width, 1e-6), size.height / Math.max(bounds.height, 1e-6))
  const k = Math.max(whole, Math.min(target / spacing, filled))
  const view = centred(bounds, size, k)
  if (bounds.width * k > size.width) view.x = -bounds.x * k
  if (bounds.height * k > size.height) view.y = -bounds.y * k
  return view
}

/** How near and how far one may look. */
export function scaleRange(bounds: Box, size: Size, spacing: number): { least: number; most: number } {
  const whole = scaleToFit(bounds, size)
  return { least: whole * 0.8, most: Math.max(whole * 2, 160 / spacing) }
}

/** Nearer or farther, where what is under `at` stays there. */
export function zoomAt(view: View, factor: number, at: Point, range: { least: number; most: number }): View {
  const k = clamp(view.k * factor, range.least, range.most)
  return { k, x: at.x - ((at.x - view.x) / view.k) * k, y: at.y - ((at.y - view.y) / view.k) * k }
}

/**
 * The same view, but never so far off that something of the floor cannot be had: what fits stays on the screen, what does
 * not fills it, but for some room at the right, where the buttons lie over it.
 */
export function keepInside(view: View, bounds: Box, size: Size, atRight = 0): View {
  const axis = (offset: number, start: number, length: number, room: number, beyond: number) => {
    const [first, last] = [-start * view.k, room - (start + length) * view.k]
    return first <= last ? clamp(offset, first, last) : clamp(offset, last - beyond, first)
  }
  return {
    k: view.k,
    x: axis(view.x, bounds.x, bounds.width, size.width, atRight),
    y: axis(view.y, bounds.y, bounds.height, size.height, 0),
  }
}

/** The same view, moved as little as brings a point of the floor onto the screen. */
export function reveal(view: View, point: Point, size: Size, margin: number): View {
  const axis = (offset: number, at: number, room: number) => {
    const shown = at * view.k + offset
    const [low, high] = [Math.min(margin, room / 2), Math.max(room - margin, room / 2)]
    return shown < low ? offset + low - shown : shown > high ? offset + high - shown : offset
  }
  return { k: view.k, x: axis(view.x, point.x, size.width), y: axis(view.y, point.y, size.height) }
}

export type Direction = 'left' | 'right' | 'up' | 'down'

/** The next point in a direction: the nearest, where going sideways counts twice; nothing behind or rather beside than ahead. */
export function nearestTowards<T extends Point>(points: T[], from: Point, direction: Direction): T | undefined {
  const [dx, dy] = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] }[direction] as [number, number]
  let best: { point: T; distance: number } | undefined
  for (const point of points) {
    const [x, y] = [point.x - from.x, point.y - from.y]
    const ahead = x * dx + y * dy
    const aside = Math.abs(x * dy) + Math.abs(y * dx)
    if (ahead <= 0 || aside > ahead * 2) continue
    const distance = ahead + 2 * aside
    if (!best || distance < best.distance) best = { point, distance }
  }

  return best?.point
}

/** The keys that lead from point to point, on a plan. */
export const arrows: Readonly<Record<string, Direction>> = {
  ArrowLeft: 'left',
  ArrowRight: 'right',
  ArrowUp: 'up',
  ArrowDown: 'down',
}

/** The point that a key leads to: the next one in the arrow's direction; Home to the first, End to the last. */
export function pointByKey<T extends Point>(key: string, points: T[], from: Point): T | undefined {
  if (key === 'Home') return points[0]
  if (key === 'End') return points.at(-1)
  const direction = arrows[key]
  return direction && nearestTowards(points, from, direction)
}

/** As one reads: from the upper left on. */
export const inOrder = <T extends Point>(points: readonly T[]): T[] =>
  [...points].sort((one, other) => one.y - other.y || one.x - other.x)

/** A name that fits on a seat: as it is, or the first letters of its words with its numbers. */
export function shortName(name: string, most: number): string {
  const letters = [...name.trim()]
  if (letters.length <= most) return name.trim()
  const initials = name
    .trim()
    .split(/[\s\-_.]+/)
    .map((word) => (/^\d+$/.test(word) ? word : ([...word][0] ?? '')))
    .join('')
  const short = initials.length > 1 ? [...initials] : letters
  return short.length <= most ? short.join('') : `${short.slice(0, most - 1).join('')}…`
}
