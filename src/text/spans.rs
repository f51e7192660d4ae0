//! Which bytes of a text a token stands for, so that a page can shade it: in order, whole characters, none twice.

use std::ops::Range;

/// From the crate's offsets, which give a character to every token that holds a part of it: it stays with the first. `front` and `back`
/// tokens stand before and behind the text.
pub fn tile(text: &str, front: usize, offsets: &[(usize, usize)], back: usize) -> Vec<Range<usize>> {
    let mut end = 0;
    let mut spans = vec![0..0; front];
    for &(from, to) in offsets {
        let from = boundary(text, from).max(end);
        end = boundary(text, to).max(from);
        spans.push(from..end);
    }
    spans.extend(vec![text.len()..text.len(); back]);
    spans
}

fn boundary(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(text.len())
}

/// The same ranges in the 16-bit units in which JavaScript counts a string.
pub fn utf16(text: &str, spans: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut byte = 0;
    let mut unit = 0_usize;
    let mut units = |to: usize| {
        let more = text.get(byte..to).unwrap_or_default();
        unit = unit.saturating_add(more.encode_utf16().count());
        byte = byte.max(to);
        unit
    };
    spans
        .iter()
        .map(|span| {
            let from = units(span.start);
            from..units(span.end)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_of_several_tokens_is_the_first_ones() {
        let text = "a🙂b";
        let offsets = [(0, 1), (1, 5), (1, 5), (1, 5), (5, 6)];
        let spans = tile(text, 1, &offsets, 1);
        assert_eq!(spans, [0..0, 0..1, 1..5, 5..5, 5..5, 5..6, 6..6]);
        assert_eq!(utf16(text, &spans), [0..0, 0..1, 1..3, 3..3, 3..3, 3..4, 4..4]);
    }

    #[test]
    fn offsets_that_lie_are_put_in_order() {
        let spans = tile("añb", 0, &[(2, 3), (0, 1), (9, 4), (0, 99)], 0);
        assert_eq!(spans, [3..3, 3..3, 4..4, 4..4]);
        assert_eq!(utf16("añb", &spans), [2..2, 2..2, 3..3, 3..3]);
    }
}
