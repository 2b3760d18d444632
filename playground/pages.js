// The picture of the pages: what each is, and which have changed since it was drawn last. A page is told from the bytes of an
// export, as docs/FORMAT.md has them.

/** Where the first place begins. */
const FIRST_PLACE = 40_960;

/** What a page is, by the byte that it begins with. */
const KINDS = { 1: 'leaf', 2: 'branch', 3: 'chain' };

export const LEGEND = [
  ['leaf', 'rows and keys'], ['branch', 'branches'], ['chain', 'long values'], ['ledger', 'checksums'], ['other', 'roots'], ['free', 'free'], ['changed', 'changed'],
];

/** The pages of an exported file, in order: { kind, sum }. */
export const pagesOf = (bytes) => {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(64, true);
  const group = Math.floor(Math.floor((size - 64) / 9) / 8) * 8;
  const pages = [];
  for (let at = FIRST_PLACE, place = 0; at + size <= bytes.length; at += size, place += 1) {
    const words = new Uint32Array(bytes.slice(at, at + size).buffer);
    let sum = 0;
    for (const word of words) {
      sum = (Math.imul(sum ^ word, 0x9e37_79b1) ^ (sum >>> 15)) >>> 0;
    }
    const isLedger = place % (group + 1) === 0;
    const kind = isLedger ? 'ledger' : words.every((word) => word === 0) ? 'free' : KINDS[bytes[at]] ?? 'other';
    pages.push({ kind, sum });
  }
  return { size, pages };
};

/** Draws a square for each page; how many differ from those of before. */
export const draw = (canvas, pages, before) => {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const ratio = devicePixelRatio;
  const width = canvas.clientWidth;
  // The more there are, the smaller they are.
  const pitch = Math.max(4, Math.min(16, Math.floor(Math.sqrt((width * 260) / Math.max(1, pages.length)))));
  const columns = Math.max(1, Math.floor(width / pitch));
  const height = Math.max(pitch, Math.ceil(pages.length / columns) * pitch);
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  let changed = 0;
  pages.forEach(({ kind, sum }, place) => {
    const [x, y] = [(place % columns) * pitch, Math.floor(place / columns) * pitch];
    const side = pitch - (pitch > 6 ? 2 : 1);
    context.fillStyle = color(kind);
    context.fillRect(x, y, side, side);
    if (before !== undefined && before[place]?.sum !== sum) {
      changed += 1;
      context.strokeStyle = color('changed');
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, side - 2, side - 2);
    }
  });
  return changed;
};
