// Makes pictures and reads them, with libraries by other people.
// node pictures.mjs make FOLDER WIDTH HEIGHT   makes pictures that say where they were taken, and others, in FOLDER
// node pictures.mjs webp FOLDER TARGET         makes WebP of every PNG in FOLDER, in TARGET, and takes other pictures away there
// node pictures.mjs read FILE                  decodes a picture whole, and prints what it is and what it says (JSON)
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join, parse } from "node:path";
import exifr from "exifr";
import sharp from "sharp";

const exif = {
  IFD0: { Copyright: "Somebody's own", Software: "A camera" },
  IFD3: {
    GPSLatitudeRef: "N",
    GPSLatitude: "55/1 45/1 0/1",
    GPSLongitudeRef: "E",
    GPSLongitude: "37/1 37/1 0/1",
  },
};
const xmp = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="a secret place"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`;

function noise(width, height, channels) {
  const pixels = Buffer.alloc(width * height * channels);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = (i * 37 + (i >> 3) * 11) & 255;
  }
  return sharp(pixels, { raw: { width, height, channels } });
}

async function frames(width, height) {
  const one = await noise(width, height, 3).raw().toBuffer();
  const other = await noise(width, height, 3).negate().raw().toBuffer();
  return sharp(Buffer.concat([one, other]), { raw: { width, height: 2 * height, channels: 3, pageHeight: height } });
}

const tell = (picture, orientation) => picture.withExif(exif).withXmp(xmp).withMetadata({ orientation });

const [action, path] = process.argv.slice(2);
if (action === "make") {
  const [w, h] = process.argv.slice(4).map(Number);
  const moving = await frames(w, h);
  await Promise.all([
    tell(noise(w, h, 3), 6).withIccProfile("p3").jpeg().toFile(join(path, "sideways.jpg")),
    tell(noise(w, h, 3)).jpeg({ progressive: true }).toFile(join(path, "progressive.jpg")),
    tell(noise(w, h, 4)).png().toFile(join(path, "told.png")),
    noise(w, h, 3).png({ palette: true }).toFile(join(path, "palette.png")),
    tell(noise(w, h, 4), 8).webp().toFile(join(path, "told.webp")),
    noise(w, h, 3).webp().toFile(join(path, "simple.webp")),
    noise(w, h, 4).webp({ lossless: true }).toFile(join(path, "lossless.webp")),
    moving.clone().webp({ loop: 3, delay: [100, 200] }).toFile(join(path, "moving.webp")),
    moving.clone().gif({ loop: 3, delay: [100, 200] }).toFile(join(path, "moving.gif")),
  ]);
} else if (action === "webp") {
  const target = process.argv[4];
  await mkdir(target, { recursive: true });
  for (const old of (await readdir(target)).filter((name) => name.endsWith(".webp"))) await rm(join(target, old));
  for (const { base, name } of (await readdir(path)).map(parse)) {
    await sharp(join(path, base)).webp({ quality: 80, effort: 6 }).toFile(join(target, `${name}.webp`));
  }
} else {
  const bytes = await readFile(path);
  const picture = sharp(bytes, { pages: -1, failOn: "warning" });
  const said = await picture.metadata();
  const pixels = await picture.raw().toBuffer();
  // exifr knows no WebP, but what sharp finds in one.
  const read = (data) => exifr.gps(data).catch(() => undefined);
  const position = (await read(bytes)) ?? (said.exif && (await read(said.exif.subarray(6))));
  console.log(
    JSON.stringify({
      format: said.format,
      width: said.width,
      height: said.height,
      pages: said.pages ?? 1,
      loop: said.loop ?? null,
      delay: said.delay ?? null,
      orientation: said.orientation ?? 1,
      exif: said.exif?.length ?? 0,
      xmp: said.xmp?.length ?? 0,
      icc: said.icc?.length ?? 0,
      texts: said.comments?.length ?? 0,
      position: position ?? null,
      pixels: createHash("sha256").update(pixels).digest("hex"),
    }),
  );
}
