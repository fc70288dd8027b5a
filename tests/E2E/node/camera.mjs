// Makes what a camera sees that looks at a picture: a film of one frame, as Chromium's pretended camera shows it again and
// again. The picture is decoded by a library of other people.
// node camera.mjs PICTURE FILM.y4m
import { writeFile } from "node:fs/promises";
import sharp from "sharp";

const [picture, film] = process.argv.slice(2);
const [width, height] = [1280, 720];
const brightness = await sharp(picture)
  .resize(width, height, { fit: "contain", background: "#777777" })
  .removeAlpha()
  .greyscale()
  .raw()
  .toBuffer();
const noColour = Buffer.alloc((width * height) / 2, 128);
const header = `YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\nFRAME\n`;
await writeFile(film, Buffer.concat([Buffer.from(header), brightness, noColour]));
