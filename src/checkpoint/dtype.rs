//! Element types of safetensors, and how the readable ones become f32.

use half::{bf16, f16};

/// The element type of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dtype {
    F64,
    F32,
    F16,
    BF16,
    /// Known to the format, not weights by themselves: integers, packed or scaled types. Name and bits per element.
    Other(&'static str, u64),
    /// A name the format does not know; its size cannot be checked.
    Unknown(String),
}

/// Names and widths in bits, safetensors 0.8.0.
const OTHERS: [(&str, u64); 18] = [
    ("BOOL", 8),
    ("U8", 8),
    ("I8", 8),
    ("I16", 16),
    ("U16", 16),
    ("I32", 32),
    ("U32", 32),
    ("I64", 64),
    ("U64", 64),
    ("C64", 64),
    ("F8_E4M3", 8),
    ("F8_E5M2", 8),
    ("F8_E4M3FNUZ", 8),
    ("F8_E5M2FNUZ", 8),
    ("F8_E8M0", 8),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("F4", 4),
];

impl Dtype {
    pub fn parse(name: &str) -> Dtype {
        match name {
            "F64" => Dtype::F64,
            "F32" => Dtype::F32,
            "F16" => Dtype::F16,
            "BF16" => Dtype::BF16,
            _ => match OTHERS.iter().find(|(n, _)| *n == name) {
                Some((n, bits)) => Dtype::Other(n, *bits),
                None => Dtype::Unknown(name.to_owned()),
            },
        }
    }

    /// Bits per element; none for an unknown type.
    pub fn bits(&self) -> Option<u64> {
        match self {
            Dtype::F64 => Some(64),
            Dtype::F32 => Some(32),
            Dtype::F16 | Dtype::BF16 => Some(16),
            Dtype::Other(_, bits) => Some(*bits),
            Dtype::Unknown(_) => None,
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Dtype::F64 => "F64",
            Dtype::F32 => "F32",
            Dtype::F16 => "F16",
            Dtype::BF16 => "BF16",
            Dtype::Other(n, _) => n,
            Dtype::Unknown(n) => n,
        }
    }

    /// True when the elements are plain floating-point weights.
    pub fn is_readable(&self) -> bool {
        matches!(self, Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16)
    }

    /// True for whole numbers: no weights, but a scalar may be one.
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Dtype::Other("U8" | "I8" | "I16" | "U16" | "I32" | "U32" | "I64" | "U64", _)
        )
    }

    /// A scalar of whole numbers; none of another type or size.
    pub fn integer(&self, bytes: &[u8]) -> Option<f32> {
        Some(match self.name() {
            "U8" => f32::from(u8::from_le_bytes(bytes.try_into().ok()?)),
            "I8" => f32::from(i8::from_le_bytes(bytes.try_into().ok()?)),
            "U16" => f32::from(u16::from_le_bytes(bytes.try_into().ok()?)),
            "I16" => f32::from(i16::from_le_bytes(bytes.try_into().ok()?)),
            "U32" => u32::from_le_bytes(bytes.try_into().ok()?) as f32,
            "I32" => i32::from_le_bytes(bytes.try_into().ok()?) as f32,
            "U64" => u64::from_le_bytes(bytes.try_into().ok()?) as f32,
            "I64" => i64::from_le_bytes(bytes.try_into().ok()?) as f32,
            _ => return None,
        })
    }

    /// Little-endian bytes to f32, element by element: files promise no alignment. None when the type is not readable.
    pub fn decode(&self, bytes: &[u8]) -> Option<Vec<f32>> {
        fn chunks<const N: usize>(bytes: &[u8], f: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            bytes.as_chunks::<N>().0.iter().map(|c| f(*c)).collect()
        }
        Some(match self {
            Dtype::F64 => chunks(bytes, |c| f64::from_le_bytes(c) as f32),
            Dtype::F32 => chunks(bytes, f32::from_le_bytes),
            Dtype::F16 => chunks(bytes, |c| f16::from_le_bytes(c).to_f32()),
            Dtype::BF16 => chunks(bytes, |c| bf16::from_le_bytes(c).to_f32()),
            Dtype::Other(..) | Dtype::Unknown(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_every_readable_type_and_subnormals() {
        assert_eq!(Dtype::F32.decode(&1.5f32.to_le_bytes()).unwrap(), [1.5]);
        assert_eq!(Dtype::F64.decode(&(-2.25f64).to_le_bytes()).unwrap(), [-2.25]);
        assert_eq!(Dtype::BF16.decode(&[0x80, 0x3f, 0xc0, 0xbf]).unwrap(), [1.0, -1.5]);
        // The smallest half subnormal is 2^-24.
        assert_eq!(
            Dtype::F16.decode(&[0x01, 0x00, 0x00, 0x3c]).unwrap(),
            [2f32.powi(-24), 1.0]
        );
        assert!(Dtype::parse("F4").decode(&[0]).is_none());
    }

    #[test]
    fn unknown_names_are_kept_and_have_no_size() {
        assert_eq!(Dtype::parse("f32"), Dtype::Unknown("f32".into()));
        assert_eq!(Dtype::parse("f32").bits(), None);
        assert_eq!(Dtype::parse("F4").bits(), Some(4));
    }
}
