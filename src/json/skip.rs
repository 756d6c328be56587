//! Finds where strings and whole values end, many bytes at a time, without looking at what is in them.

use wide::u8x16;

/// Where the string ends that begins at `from`, after its quote, and whether it can be taken as it stands: without
/// escapes, and without what no string may hold. None where it does not end.
pub(super) fn string(bytes: &[u8], from: usize) -> Option<(usize, bool)> {
    let (mut at, mut is_plain) = (from, true);
    loop {
        at = next_special(bytes, at)?;
        match bytes.get(at)? {
            b'"' => return Some((at, is_plain)),
            b'\\' => {
                // Escapes come in crowds.
                while bytes.get(at) == Some(&b'\\') {
                    at += 2;
                }
            }
            _ => at += 1,
        }
        is_plain = false;
    }
}

/// The first byte from `at` on that ends a string, escapes, or has no place in one. None if there is none in the text.
#[inline(always)]
pub(super) fn next_special(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(chunk) = bytes.get(at..)?.first_chunk() {
        let special = special(*chunk);
        if special != 0 {
            return Some(at + special.trailing_zeros() as usize);
        }
        at += 16;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    let found = bytes.get(at..)?.iter().position(is_special)?;
    Some(at + found)
}

/// A bit for each byte that ends a string, escapes, or has no place in one; the first byte's is the lowest.
fn special(chunk: [u8; 16]) -> u32 {
    let chunk = u8x16::new(chunk);
    let last_control = u8x16::splat(0x1f);
    let found = chunk.simd_eq(u8x16::splat(b'"'))
        | chunk.simd_eq(u8x16::splat(b'\\'))
        | chunk.min(last_control).simd_eq(chunk);
    found.to_bitmask()
}

/// The first byte after the value that begins at `from`. None where it does not end. Of what is in objects and arrays
/// only strings and the depth of brackets are looked at.
pub(super) fn value(bytes: &[u8], from: usize) -> Option<usize> {
    match bytes.get(from)? {
        b'"' => Some(string(bytes, from + 1)?.0 + 1),
        b'{' | b'[' => brackets(bytes, from),
        _ => {
            let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | 0..=b' ');
            let length = bytes[from..].iter().position(is_end);
            Some(length.map_or(bytes.len(), |length| from + length))
        }
    }
}

/// Where the bracket is closed within which `from` is, outside of any string.
pub(super) fn rest(bytes: &[u8], from: usize) -> Option<usize> {
    let inside = Inside {
        depth: 1,
        ..Inside::default()
    };
    Some(closing(bytes, from, inside)? - 1)
}

/// Where the bracket at `from` is closed, and one more.
fn brackets(bytes: &[u8], from: usize) -> Option<usize> {
    closing(bytes, from, Inside::default())
}

/// Where the outermost bracket is closed, and one more.
fn closing(bytes: &[u8], from: usize, mut inside: Inside) -> Option<usize> {
    let (blocks, rest) = bytes.get(from..)?.as_chunks::<64>();
    for (index, block) in blocks.iter().enumerate() {
        if let Some(end) = inside.closes(block) {
            return Some(from + index * 64 + end + 1);
        }
    }
    let mut last = [b' '; 64];
    last[..rest.len()].copy_from_slice(rest);
    let end = inside.closes(&last)?;
    Some(from + blocks.len() * 64 + end + 1)
}

/// What is carried from one block to the next.
#[derive(Default)]
struct Inside {
    /// Brackets that are open.
    depth: u32,
    /// All ones within a string.
    string: u64,
    /// Whether the next block's first byte is escaped.
    escaped: bool,
}

impl Inside {
    /// Where the outermost bracket is closed, if it is in this block. Each mask has a bit for each byte, the first byte's
    /// lowest.
    fn closes(&mut self, block: &[u8; 64]) -> Option<usize> {
        let masks = Masks::of(block);
        let quotes = masks.quotes & !self.escapes(masks.backslashes);
        // Ones from each opening quote to before the closing one, which is where a sum without carry has them.
        let strings = prefix_xor(quotes) ^ self.string;
        self.string = if strings >> 63 == 1 { u64::MAX } else { 0 };
        let opens = masks.opens & !strings;
        let mut closes = masks.closes & !strings;
        if closes.count_ones() < self.depth {
            self.depth += opens.count_ones();
            self.depth -= closes.count_ones();
            return None;
        }
        let mut closed = 0;
        while closes != 0 {
            let at = closes.trailing_zeros();
            closed += 1;
            let opened = (opens & ((1 << at) - 1)).count_ones();
            if self.depth + opened <= closed {
                return Some(at as usize);
            }
            closes &= closes - 1;
        }
        self.depth = self.depth + opens.count_ones() - closed;
        None
    }

    /// The bytes that are escaped.
    fn escapes(&mut self, mut backslashes: u64) -> u64 {
        let mut escapes = u64::from(std::mem::take(&mut self.escaped));
        backslashes &= !escapes;
        while backslashes != 0 {
            let at = backslashes.trailing_zeros();
            // What is escaped escapes nothing.
            let escaped = 2_u64 << at;
            self.escaped = at == 63;
            escapes |= escaped;
            backslashes &= !(escaped | 1 << at);
        }
        escapes
    }
}

/// Where the bytes are that matter.
struct Masks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Masks {
    fn of(block: &[u8; 64]) -> Self {
        let mut masks = Self {
            quotes: 0,
            backslashes: 0,
            opens: 0,
            closes: 0,
        };
        for (index, chunk) in block.as_chunks::<16>().0.iter().enumerate() {
            let chunk = u8x16::new(*chunk);
            // Square brackets and braces differ by this bit.
            let folded = chunk | u8x16::splat(0x20);
            let mask = |found: u8x16| u64::from(found.to_bitmask()) << (index * 16);
            masks.quotes |= mask(chunk.simd_eq(u8x16::splat(b'"')));
            masks.backslashes |= mask(chunk.simd_eq(u8x16::splat(b'\\')));
            masks.opens |= mask(folded.simd_eq(u8x16::splat(b'{')));
            masks.closes |= mask(folded.simd_eq(u8x16::splat(b'}')));
        }
        masks
    }
}

/// In each bit whether the number of ones up to it is odd.
fn prefix_xor(mut mask: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        mask ^= mask << shift;
    }
    mask
}
