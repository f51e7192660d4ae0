//! What a file is, from its first bytes. Done before any length in it is trusted: a zip passes for a header of 67 MB.

use crate::error::Foreign;

/// What to try next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Safetensors,
    /// A JSON object: index, configuration or anything else.
    Json,
    /// `torch.save`.
    TorchZip,
    /// `torch.save` of before 1.6.
    TorchLegacy,
    Foreign(Foreign),
}

const TORCH_LEGACY: &[u8] = &[0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// Judges by the first bytes (a few kB are enough).
pub fn sniff(head: &[u8]) -> Kind {
    let text = || head.iter().position(|b| !b.is_ascii_whitespace()).map_or(&head[..0], |i| &head[i..]);
    if head.starts_with(b"GGUF") {
        Kind::Foreign(Foreign::Gguf)
    } else if head.starts_with(b"PK\x03\x04") {
        // torch.save writes its pickle first.
        if contains(head, b"data.pkl") { Kind::TorchZip } else { Kind::Foreign(Foreign::Zip) }
    } else if head.starts_with(TORCH_LEGACY)
        || head.starts_with(&[0x80, 0x02]) && head.get(2..8).is_some_and(|b| b.contains(&b'(') || b.contains(&b'}'))
    {
        Kind::TorchLegacy
    } else if head.starts_with(b"version https://git-lfs") {
        Kind::Foreign(Foreign::LfsPointer)
    } else if head.starts_with(b"\x89HDF") {
        Kind::Foreign(Foreign::Hdf5)
    } else if head.starts_with(b"\x93NUMPY") {
        Kind::Foreign(Foreign::Npy)
    } else if starts_ignoring_case(text(), b"<!doctype") || starts_ignoring_case(text(), b"<html") {
        Kind::Foreign(Foreign::Html)
    } else if text().starts_with(b"{") && !head.iter().take(8).any(|b| *b == 0) {
        // The length field of a safetensors file always has zeros in its upper half; JSON has none.
        Kind::Json
    } else {
        Kind::Safetensors
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|w| w == needle)
}

fn starts_ignoring_case(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|t| t.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_length_that_looks_like_a_brace_is_no_json() {
        // 0x227b = 8827 bytes of header: the file begins with `{"`.
        assert_eq!(sniff(&[0x7b, 0x22, 0, 0, 0, 0, 0, 0, b'{']), Kind::Safetensors);
        assert_eq!(sniff(b" {\"weight_map\": {}}"), Kind::Json);
        assert_eq!(sniff(b"  <!DOCTYPE html>"), Kind::Foreign(Foreign::Html));
    }
}
