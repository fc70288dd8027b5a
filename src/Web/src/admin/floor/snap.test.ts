import { describe, expect, it } from 'vitest'
import { boxBetween, gridsFor, plainNumber, scaleBox, snap } from './snap'

const snapping = { grid: 10, reach: 4, near: 500 }

describe('what is dragged', () => {
  it('comes onto the grid, the first of them', () => {
    const { by, guides } = snap(
      [
        { x: 3, y: 3 },
        { x: 50, y: 50 },
      ],
      [],
      { x: 14, y: -1 },
      snapping,
    )
    expect(by).toEqual({ x: 17, y: -3 })
    expect(guides).toEqual([])
  })

  it('rather stands in line with a neighbour, and shows the line', () => {
    const { by, guides } = snap([{ x: 0, y: 0 }], [{ x: 33, y: 100 }], { x: 31, y: 12 }, snapping)
    expect(by).toEqual({ x: 33, y: 10 })
    expect(guides).toEqual([{ axis: 'x', at: 33, from: 12, to: 100 }])
  })

  it('takes the nearest of two lines, and any of those that are dragged', () => {
    const moving = [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
    ]
    const { by } = snap(
      moving,
      [
        { x: 12, y: 50 },
        { x: 111, y: 50 },
      ],
      { x: 10, y: 0 },
      snapping,
    )
    expect(by.x).toBe(11)
  })

  it('minds no one far away', () => {
    const { guides } = snap([{ x: 0, y: 0 }], [{ x: 31, y: 900 }], { x: 31, y: 0 }, snapping)
    expect(guides).toEqual([])
  })

  it('goes where it is dragged when nothing snaps', () => {
    expect(snap([{ x: 0, y: 0 }], [{ x: 1, y: 1 }], { x: 1.23456, y: 2 }, undefined).by).toEqual({ x: 1.235, y: 2 })
  })
})

it('offers grids that suit the floor', () => {
  expect([80, 7, 0.003, 1].map(plainNumber)).toEqual([100, 5, 0.002, 1])
  expect(gridsFor(80)).toEqual([5, 10, 20, 50])
  expect(gridsFor(1)).toEqual([0.05, 0.1, 0.2, 0.5])
})

describe('a picture that is scaled', () => {
  const box = { x: 100, y: 100, width: 200, height: 100 }
  it('keeps its shape, and the opposite corner its place', () => {
    expect(scaleBox(box, 'se', { x: 500, y: 150 })).toEqual({ x: 100, y: 100, width: 400, height: 200 })
    expect(scaleBox(box, 'nw', { x: 200, y: 190 })).toEqual({ x: 200, y: 150, width: 100, height: 50 })
    expect(scaleBox(box, 'ne', { x: 500, y: 199 })).toEqual({ x: 100, y: 0, width: 400, height: 200 })
  })

  it('never turns over', () => {
    const { width, height } = scaleBox(box, 'se', { x: -900, y: -900 })
    expect([width, height]).toEqual([4, 2])
  })
})

it('finds the box between two corners', () => {
  expect(boxBetween({ x: 5, y: 1 }, { x: 2, y: 3 })).toEqual({ x: 2, y: 1, width: 3, height: 2 })
})
