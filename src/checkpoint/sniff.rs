//! Magic numbers: the kind of a file, from its first bytes. Known before any length in it is trusted: a zip passes for a header of 67 MB.

use crate::error::Foreign;

/// The kind of a file by its magic number: the reader to try next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Safetensors,
    /// A JSON object or array: index, configuration or anything else.
    Json,
    /// `torch.save`.
    TorchZip,
    /// `torch.save` of before 1.6.
    TorchLegacy,
    Foreign(Foreign),
}

const TORCH_LEGACY: &[u8] = &[
    0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
];

/// UTF-8's byte order mark, which editors on Windows put before a text.
pub const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// Where a tar archive (POSIX.1-1988 and later) says that it is one.
const TAR_MAGIC_AT: usize = 257;

/// Archives by their first bytes.
const ARCHIVES: [(&[u8], Foreign); 4] = [
    (b"\x1f\x8b\x08", Foreign::Packed("gzip")),
    (b"7z\xbc\xaf\x27\x1c", Foreign::Packed("7-Zip")),
    (b"Rar!\x1a\x07", Foreign::Packed("RAR")),
    (b"\x28\xb5\x2f\xfd", Foreign::Packed("Zstandard")),
];

/// Judges by the first bytes (a few kB are enough).
pub fn sniff(head: &[u8]) -> Kind {
    let text = || {
        let own = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head);
        own.trim_ascii_start()
    };
    if head.starts_with(b"GGUF") {
        Kind::Foreign(Foreign::Gguf)
    } else if head.starts_with(b"PK\x03\x04") {
        // torch.save writes its pickle first.
        if contains(head, b"data.pkl") {
            Kind::TorchZip
        } else {
            Kind::Foreign(Foreign::Zip)
        }
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
    } else if let Some((_, what)) = ARCHIVES.iter().find(|(magic, _)| head.starts_with(magic)) {
        Kind::Foreign(*what)
    } else if head.get(TAR_MAGIC_AT..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        Kind::Foreign(Foreign::Tar)
    } else if head.starts_with(&[0xff, 0xfe, b'{', 0]) || head.starts_with(&[0xff, 0xfe, b'[', 0]) {
        Kind::Json
    } else if starts_ignoring_case(text(), b"<!doctype") || starts_ignoring_case(text(), b"<html") {
        Kind::Foreign(Foreign::Html)
    } else if text().starts_with(b"{") | text().starts_with(b"[") && !head.iter().take(8).any(|b| *b == 0) {
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
        assert_eq!(sniff(&[0x5b, 0x22, 0, 0, 0, 0, 0, 0, b'{']), Kind::Safetensors);
        assert_eq!(sniff(b"[\n  {\"idx\": 0}]"), Kind::Json);
        assert_eq!(sniff(b"[]"), Kind::Json);
        assert_eq!(sniff(b"  <!DOCTYPE html>"), Kind::Foreign(Foreign::Html));
        assert_eq!(sniff(b"\xef\xbb\xbf {\"r\": 8}"), Kind::Json);
        assert_eq!(sniff(b"\xff\xfe{\0\"\0"), Kind::Json);
        assert_eq!(
            sniff(&[&[b'.'; 257][..], b"ustar\x0000"].concat()),
            Kind::Foreign(Foreign::Tar)
        );
    }
}
