#pragma once

#include <cstdint>

namespace joblib::detail {

/// Python's pickle opcodes, protocols 0 to 5, and what follows each (n: so many bytes, little
/// endian; text up to a newline: line).
enum class Opcode : std::uint8_t {
  mark = '(',
  stop = '.',
  pop = '0',
  pop_mark = '1',
  dup = '2',
  decimal_float = 'F',  // line
  decimal_int = 'I',    // line; 00 and 01 are False and True
  binint = 'J',         // 4, signed
  binint1 = 'K',        // 1
  decimal_long = 'L',   // line, an L at its end
  binint2 = 'M',        // 2
  none = 'N',
  persid = 'P',  // line
  binpersid = 'Q',
  reduce = 'R',
  string = 'S',           // line: a quoted literal
  binstring = 'T',        // 4 and so many bytes
  short_binstring = 'U',  // 1 and so many bytes
  unicode = 'V',          // line: UTF-8 with \uXXXX
  binunicode = 'X',       // 4 and so many bytes
  append = 'a',
  build = 'b',
  global = 'c',  // two lines
  dict = 'd',
  empty_dict = '}',
  appends = 'e',
  get = 'g',          // line
  binget = 'h',       // 1
  inst = 'i',         // two lines
  long_binget = 'j',  // 4
  list = 'l',
  empty_list = ']',
  obj = 'o',
  put = 'p',          // line
  binput = 'q',       // 1
  long_binput = 'r',  // 4
  setitem = 's',
  tuple = 't',
  empty_tuple = ')',
  setitems = 'u',
  binfloat = 'G',  // 8, big endian
  // protocol 2
  proto = 0x80,  // 1
  newobj = 0x81,
  ext1 = 0x82,  // 1
  ext2 = 0x83,  // 2
  ext4 = 0x84,  // 4
  tuple1 = 0x85,
  tuple2 = 0x86,
  tuple3 = 0x87,
  newtrue = 0x88,
  newfalse = 0x89,
  long1 = 0x8a,  // 1 and so many bytes
  long4 = 0x8b,  // 4 and so many bytes
  // protocol 3
  binbytes = 'B',        // 4 and so many bytes
  short_binbytes = 'C',  // 1 and so many bytes
  // protocol 4
  short_binunicode = 0x8c,  // 1 and so many bytes
  binunicode8 = 0x8d,       // 8 and so many bytes
  binbytes8 = 0x8e,         // 8 and so many bytes
  empty_set = 0x8f,
  additems = 0x90,
  frozenset = 0x91,
  newobj_ex = 0x92,
  stack_global = 0x93,
  memoize = 0x94,
  frame = 0x95,  // 8: the length of what follows up to the next frame
  // protocol 5
  bytearray8 = 0x96,  // 8 and so many bytes
  next_buffer = 0x97,
  readonly_buffer = 0x98,
};

}  // namespace joblib::detail
