// Which of the WebAssembly's constants only the moved functions read: texts, which go with them into the second module.
//
// A module knows no borders between constants, so a run of bytes from one address that is spoken of to the next counts as one.
// It stays if a function that stays names its start, in an instruction or as an offset, or if a word of data that stays does.
// Only text moves: numbers and tables may be reached by arithmetic from an address that lies beside them.

/** Shorter runs are not worth a segment of their own. */
const LEAST_LENGTH = 16;
/** So much of a run is to be letters and spaces: tables of digits are no text, and are reached from beside them. */
const LEAST_LETTERS = 0.5;

/** The memory's first contents in one piece: what lies between two segments is zero. */
function contentsOf(module) {
  const segments = Array.from({ length: module.getNumDataSegments() }, (_, index) => module.getDataSegmentInfo(module.getDataSegmentByIndex(index)));
  const start = Math.min(...segments.map((each) => each.offset));
  const end = Math.max(...segments.map((each) => each.offset + each.data.byteLength));
  const bytes = new Uint8Array(end - start);
  for (const { offset, data } of segments) bytes.set(new Uint8Array(data), offset - start);
  return { start, bytes };
}

/**
 * Divides the memory's first contents between the two modules, as { first, deferred }: lists of { start, bytes }. `numbers` says
 * which numbers each function holds, `moved` which functions leave the first module.
 */
export function divideData(module, numbers, moved) {
  const { start, bytes } = contentsOf(module);
  const inside = (address) => address >= start && address < start + bytes.length;
  const words = [...wordsOf(start, bytes)].filter(inside);
  const named = new Set([start, ...words]);
  const by_first = new Set([start]);
  for (const [name, all] of numbers) {
    for (const address of all) {
      if (!inside(address)) continue;
      named.add(address);
      if (!moved.has(name)) by_first.add(address);
    }
  }
  const borders = [...named].sort((a, b) => a - b);
  const runs = borders.map((from, index) => ({
    start: from,
    bytes: bytes.subarray(from - start, (borders[index + 1] ?? Infinity) - start),
    stays: by_first.has(from),
  }));
  const starting = new Map(runs.map((run) => [run.start, run]));
  const open_ends = runs.filter((run) => run.stays);
  while (open_ends.length) {
    const { start: from, bytes: content } = open_ends.pop();
    for (const word of wordsOf(from, content)) {
      const run = starting.get(word);
      if (run && !run.stays) {
        run.stays = true;
        open_ends.push(run);
      }
    }
  }
  for (const run of runs) run.stays ||= !isText(run.bytes);
  return { first: joined(runs.filter((run) => run.stays)), deferred: joined(runs.filter((run) => !run.stays)) };
}

/** The words at the addresses that four divides. */
function* wordsOf(start, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = (4 - (start % 4)) % 4; at + 4 <= bytes.length; at += 4) yield view.getUint32(at, true);
}

function isText(bytes) {
  if (bytes.length < LEAST_LENGTH) return false;
  const is_letter = (byte) => byte === 10 || byte === 32 || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
  const letters = bytes.reduce((sum, byte) => sum + is_letter(byte), 0);
  return letters >= bytes.length * LEAST_LETTERS;
}

/** Neighbours made one, without the zeros at their ends: memory is zero where nothing is written. */
function joined(runs) {
  const lists = [];
  for (const { start, bytes } of runs) {
    const last = lists[lists.length - 1];
    if (last && last.start + last.bytes.length === start) last.bytes = [...last.bytes, ...bytes];
    else lists.push({ start, bytes: [...bytes] });
  }
  return lists.map(({ start, bytes }) => ({ start, bytes: Uint8Array.from(bytes.slice(0, bytes.findLastIndex((byte) => byte !== 0) + 1)) })).filter(({ bytes }) => bytes.length > 0);
}
