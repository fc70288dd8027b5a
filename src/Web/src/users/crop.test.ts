import { describe, expect, it } from 'vitest'
import { maxZoom, moved, sideOf, wholePicture, withinPicture, zoomed } from './crop'

const wide = { width: 400, height: 200 }

describe('cropping a picture to a square', () => {
  it('begins with its middle, as large as fits', () => {
    expect(wholePicture(wide)).toEqual({ zoom: 1, x: 200, y: 100 })
    expect(sideOf(wholePicture(wide), wide)).toBe(200)
  })

  it('moves it as the finger goes, and no farther than its edges', () => {
    expect(moved(wholePicture(wide), 0.25, 0, wide)).toEqual({ zoom: 1, x: 150, y: 100 })
    expect(moved(wholePicture(wide), 9, 9, wide)).toEqual({ zoom: 1, x: 100, y: 100 })
    expect(moved(wholePicture(wide), -9, 0, wide)).toEqual({ zoom: 1, x: 300, y: 100 })
  })

  it('zooms about the point under the finger', () => {
    const crop = zoomed(wholePicture(wide), 2, wide, 0.5, 0)
    expect(crop).toEqual({ zoom: 2, x: 250, y: 100 })
    // What lay at the right edge lies there still.
    expect(crop.x + sideOf(crop, wide) / 2).toBe(300)
  })

  it('zooms neither out beyond the picture nor in for ever', () => {
    expect(zoomed(wholePicture(wide), 0.1, wide).zoom).toBe(1)
    expect(zoomed(wholePicture(wide), 1000, wide).zoom).toBe(maxZoom)
    expect(withinPicture({ zoom: 0, x: -5, y: 5000 }, wide)).toEqual({ zoom: 1, x: 100, y: 100 })
  })
})
