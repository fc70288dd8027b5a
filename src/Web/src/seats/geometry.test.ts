import { describe, expect, it } from 'vitest'
import {
  areasOf,
  boundsOf,
  firstView,
  fit,
  hullOf,
  keepInside,
  nearestTowards,
  reveal,
  scaleRange,
  shortName,
  spacingOf,
  zoomAt,
} from './geometry'

const grid = Array.from({ length: 12 }, (_, index) => ({ x: (index % 4) * 90, y: Math.floor(index / 4) * 110 }))
const phone = { width: 358, height: 420 }

describe('bounds', () => {
  it('hold all points and boxes', () => {
    expect(
      boundsOf([
        { x: -5, y: 2 },
        { x: 7, y: 3 },
      ]),
    ).toEqual({ x: -5, y: 2, width: 12, height: 1 })
    expect(boundsOf([{ x: 0, y: 0 }], [{ x: 10, y: 10, width: 5, height: 5 }])).toMatchObject({ width: 15, height: 15 })
    expect(boundsOf([])).toEqual({ x: 0, y: 0, width: 1, height: 1 })
  })
})

describe('how near the seats stand', () => {
  it('is the distance between neighbours', () => expect(spacingOf(grid)).toBe(90))
  it('does not mind a few that stand nearer, or on one another', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({ x: index * 50, y: 0 }))
    expect(spacingOf([...many, { x: 1, y: 0 }, { x: 0, y: 0 }])).toBe(50)
  })
  it('is something for one seat and for none', () => {
    expect(spacingOf([{ x: 3, y: 3 }])).toBeGreaterThan(0)
    expect(spacingOf([])).toBeGreaterThan(0)
  })
})

describe('areas', () => {
  it('are the outermost seats, in order', () => {
    const hull = hullOf([...grid, { x: 45, y: 55 }])
    expect(hull).toHaveLength(4)
    expect(hull).toContainEqual({ x: 270, y: 220 })
  })
  it('are there also for a row and for one seat', () => {
    expect(
      hullOf([
        { x: 0, y: 0 },
        { x: 1, y: 0 },
        { x: 2, y: 0 },
      ]),
    ).toEqual([
      { x: 0, y: 0 },
      { x: 2, y: 0 },
    ])
    expect(
      areasOf([
        { x: 4, y: 5, zone: 'A' },
        { x: 0, y: 0, zone: null },
        { x: 9, y: 5, zone: 'A' },
      ]),
    ).toEqual([{ name: 'A', path: 'M4 5L9 5Z', label: { x: 4, y: 5 }, width: 5 }])
  })
})

describe('views', () => {
  const bounds = { x: -100, y: -50, width: 1000, height: 500 }

  it('show all of the floor in the middle', () => {
    const view = fit(bounds, { width: 500, height: 500 })
    expect(view).toEqual({ k: 0.5, x: 50, y: 150 })
  })

  it('begin as near as fingers need, but leave nothing of the screen empty for it', () => {
    expect(firstView(bounds, phone, 80).k).toBeCloseTo(44 / 80)
    expect(firstView(bounds, phone, 10).k).toBeCloseTo(420 / 500)
    expect(firstView(bounds, { width: 1200, height: 700 }, 80)).toEqual(fit(bounds, { width: 1200, height: 700 }))
    const { x, k } = firstView(bounds, phone, 80)
    expect(bounds.x * k + x).toBeCloseTo(0)
  })

  it('keep what is under the finger where it is', () => {
    const view = { k: 1, x: 10, y: 20 }
    const at = { x: 200, y: 100 }
    const next = zoomAt(view, 2, at, { least: 0.1, most: 10 })
    expect((at.x - next.x) / next.k).toBeCloseTo((at.x - view.x) / view.k)
    expect((at.y - next.y) / next.k).toBeCloseTo((at.y - view.y) / view.k)
  })

  it('come only so near and so far', () => {
    const range = scaleRange(bounds, phone, 80)
    const far = zoomAt({ k: 1, x: 0, y: 0 }, 1e-9, { x: 0, y: 0 }, range)
    expect(far.k).toBe(range.least)
    expect(zoomAt(far, 1e9, { x: 0, y: 0 }, range).k).toBe(range.most)
    expect(range.least).toBeLessThan(range.most)
  })

  it('never lose the floor', () => {
    for (const k of [0.1, 0.5, 3]) {
      const { x } = keepInside({ k, x: 1e6, y: -1e6 }, bounds, phone)
      const left = bounds.x * k + x
      const right = (bounds.x + bounds.width) * k + x
      if (bounds.width * k <= phone.width) expect(left >= -1e-6 && right <= phone.width + 1e-6).toBe(true)
      else expect(left <= 1e-6 && right >= phone.width - 1e-6).toBe(true)
    }
    const beyond = keepInside({ k: 1, x: -1e6, y: 0 }, bounds, phone, 60)
    expect(900 + beyond.x).toBeCloseTo(phone.width - 60)
  })

  it('bring a point onto the screen, moving no more than that', () => {
    const view = { k: 1, x: 0, y: 0 }
    expect(reveal(view, { x: 100, y: 100 }, phone, 40)).toEqual(view)
    const moved = reveal(view, { x: 500, y: 10 }, phone, 40)
    expect(500 + moved.x).toBe(phone.width - 40)
    expect(10 + moved.y).toBe(40)
  })
})

describe('the arrows', () => {
  it('lead to the neighbour', () => {
    const from = { x: 90, y: 110 }
    expect(nearestTowards(grid, from, 'left')).toEqual({ x: 0, y: 110 })
    expect(nearestTowards(grid, from, 'right')).toEqual({ x: 180, y: 110 })
    expect(nearestTowards(grid, from, 'up')).toEqual({ x: 90, y: 0 })
    expect(nearestTowards(grid, from, 'down')).toEqual({ x: 90, y: 220 })
  })
  it('lead nowhere at the edge, and over a gap', () => {
    expect(nearestTowards(grid, { x: 0, y: 0 }, 'left')).toBeUndefined()
    expect(nearestTowards([...grid, { x: 900, y: 20 }], { x: 270, y: 0 }, 'right')).toEqual({ x: 900, y: 20 })
  })
})

describe('names on seats', () => {
  it.each([
    ['A12', 4, 'A12'],
    ['Переговорная 2', 4, 'П2'],
    ['Seat 1003', 4, 'S10…'],
    ['Longname', 4, 'Lon…'],
    ['A-1', 4, 'A-1'],
    ['  B7 ', 4, 'B7'],
    ['👩‍💻', 4, '👩‍💻'],
  ])('%s', (name, most, short) => expect(shortName(name, most)).toBe(short))
})
