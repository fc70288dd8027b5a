/** Which part of a picture fills the square: how large it is drawn, and where its middle lies. */
export interface Crop {
  /** 1: the picture's shorter side fills the square. */
  zoom: number
  /** The point of the picture in the middle of the square, in its own pixels. */
  x: number
  y: number
}

export interface Size {
  width: number
  height: number
}

export const maxZoom = 5

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most)

/** How many of the picture's pixels one side of the square shows. */
export const sideOf = (crop: Crop, { width, height }: Size): number => Math.min(width, height) / crop.zoom

export const wholePicture = ({ width, height }: Size): Crop => ({ zoom: 1, x: width / 2, y: height / 2 })

/** The nearest crop that leaves no empty edge. */
export function withinPicture(crop: Crop, size: Size): Crop {
  const zoom = clamp(crop.zoom, 1, maxZoom)
  const half = sideOf({ ...crop, zoom }, size) / 2
  return { zoom, x: clamp(crop.x, half, size.width - half), y: clamp(crop.y, half, size.height - half) }
}

/** Moves the picture by a share of the square's side, as a finger does that lies on it. */
export function moved(crop: Crop, right: number, down: number, size: Size): Crop {
  const side = sideOf(crop, size)
  return withinPicture({ ...crop, x: crop.x - right * side, y: crop.y - down * side }, size)
}

/** Zooms about a point of the square, given in shares of its side from the middle, which stays where it is. */
export function zoomed(crop: Crop, factor: number, size: Size, right = 0, down = 0): Crop {
  const zoom = clamp(crop.zoom * factor, 1, maxZoom)
  const before = sideOf(crop, size)
  const after = sideOf({ ...crop, zoom }, size)
  return withinPicture({ zoom, x: crop.x + right * (before - after), y: crop.y + down * (before - after) }, size)
}
