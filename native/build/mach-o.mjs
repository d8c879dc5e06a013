/** Reads from a Mach-O file (64-bit, one architecture) what dyld would: see <mach-o/loader.h>. */

const MAGIC_64 = 0xfeedfacf;
const CPU_NAMES = { 16777223: 'x86_64', 16777228: 'arm64' };
const FILE_TYPES = { 2: 'executable', 6: 'dylib', 8: 'bundle' };

const LC_SYMTAB = 0x2;
const LC_LOAD_DYLIB = 0xc;
const LC_CODE_SIGNATURE = 0x1d;
const LC_BUILD_VERSION = 0x32;
const LC_LOAD_WEAK_DYLIB = 0x80000018;
const LC_REEXPORT_DYLIB = 0x8000001f;
const LC_DYLD_INFO_ONLY = 0x80000022;
const LC_DYLD_CHAINED_FIXUPS = 0x80000034;

/** Ordinal of a symbol that is looked up in every image of the process. */
export const FLAT_NAMESPACE = -2;

/**
 * @param {Buffer} file
 * @returns {{ arch: string, type: string, libraries: string[], minimumVersion: string | undefined, isSigned: boolean,
 *   imports: { symbol: string, ordinal: number }[], exports: string[] }} ordinal n > 0 means `libraries[n - 1]`
 */
export function readMachO(file) {
  if (file.readUInt32LE(0) !== MAGIC_64) throw new Error('not a 64-bit Mach-O file of one architecture');
  const result = {
    arch: CPU_NAMES[file.readUInt32LE(4)] ?? 'unknown',
    type: FILE_TYPES[file.readUInt32LE(12)] ?? 'unknown',
    libraries: [],
    minimumVersion: undefined,
    isSigned: false,
    imports: [],
    exports: [],
  };
  const commandCount = file.readUInt32LE(16);
  for (let i = 0, at = 32; i < commandCount; i += 1) {
    readCommand(file, at, result);
    at += file.readUInt32LE(at + 4);
  }
  return result;
}

function readCommand(file, at, result) {
  const word = (offset) => file.readUInt32LE(at + offset);
  switch (word(0)) {
    case LC_LOAD_DYLIB:
    case LC_LOAD_WEAK_DYLIB:
    case LC_REEXPORT_DYLIB:
      result.libraries.push(stringAt(file, at + word(8)));
      break;
    case LC_CODE_SIGNATURE:
      result.isSigned = true;
      break;
    case LC_BUILD_VERSION:
      result.minimumVersion = `${word(12) >>> 16}.${(word(12) >>> 8) & 0xff}`;
      break;
    case LC_DYLD_INFO_ONLY:
      // Offset and size of the bind, weak bind and lazy bind programs.
      for (const offset of [16, 24, 32]) {
        readBinds(file.subarray(word(offset), word(offset) + word(offset + 4)), result.imports);
      }
      break;
    case LC_SYMTAB:
      readExports(file, word(8), word(12), word(16), result.exports);
      break;
    case LC_DYLD_CHAINED_FIXUPS:
      throw new Error('chained fixups are not understood');
  }
}

function stringAt(file, at) {
  return file.toString('latin1', at, file.indexOf(0, at));
}

/** Symbols that the file defines for others: external, and not undefined. */
function readExports(file, symbols, count, strings, exports) {
  for (let i = 0; i < count; i += 1) {
    const at = symbols + 16 * i;
    const type = file[at + 4];
    const isExternal = (type & 0x01) !== 0 && (type & 0x10) === 0;
    const isDefined = (type & 0x0e) !== 0;
    if (isExternal && isDefined) exports.push(stringAt(file, strings + file.readUInt32LE(at)));
  }
}

/** Runs a bind program, keeping only which symbol is bound from where. */
function readBinds(program, imports) {
  let at = 0;
  let ordinal = 0;
  let symbol = '';
  const uleb = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = program[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const bind = () => imports.push({ symbol, ordinal });
  while (at < program.length) {
    const byte = program[at++];
    const immediate = byte & 0x0f;
    switch (byte & 0xf0) {
      case 0x10: // SET_DYLIB_ORDINAL_IMM
        ordinal = immediate;
        break;
      case 0x20: // SET_DYLIB_ORDINAL_ULEB
        ordinal = uleb();
        break;
      case 0x30: // SET_DYLIB_SPECIAL_IMM: 0, or a negative number of four bits
        ordinal = immediate === 0 ? 0 : immediate - 16;
        break;
      case 0x40: // SET_SYMBOL_TRAILING_FLAGS_IMM
        symbol = stringAt(program, at);
        at += symbol.length + 1;
        break;
      case 0x60: // SET_ADDEND_SLEB
      case 0x70: // SET_SEGMENT_AND_OFFSET_ULEB
      case 0x80: // ADD_ADDR_ULEB
        uleb();
        break;
      case 0x90: // DO_BIND
      case 0xb0: // DO_BIND_ADD_ADDR_IMM_SCALED
        bind();
        break;
      case 0xa0: // DO_BIND_ADD_ADDR_ULEB
        bind();
        uleb();
        break;
      case 0xc0: // DO_BIND_ULEB_TIMES_SKIPPING_ULEB
        bind();
        uleb();
        uleb();
        break;
      case 0x00: // DONE; separates the entries of a lazy bind program
      case 0x50: // SET_TYPE_IMM
        break;
      default:
        throw new Error(`unknown bind opcode 0x${byte.toString(16)}`);
    }
  }
}
